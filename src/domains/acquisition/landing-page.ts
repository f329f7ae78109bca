import { DEFAULT_PIN_POLICY } from '#auth';
import { type Html, html, type Page, trustedHtml } from '#http';
import type { NumberPlan } from '#phone';
import { renderLanguages } from '#subscriptions/pages';
import { renderFrame } from './page-frame.ts';
import type { Showing } from './showing.ts';

/** What a landing page is made of; it is shown before anything else of its showing exists. */
export type LandingFacts = Pick<
  Showing,
  'campaign' | 'lang' | 'offer' | 'operator' | 'price' | 'speech' | 'texts' | 'wording'
>;

/** What differs from one view of the page to another. */
export interface LandingView {
  readonly token: string;
  /** Masked; given when it is known without asking. */
  readonly number?: string;
  readonly notice?: string;
  /** What was typed, and why it can't be used. */
  readonly fault?: { readonly typed: string; readonly message: string };
  /** Links to the page in other languages, where it can be opened again. */
  readonly languages?: Html;
}

/** What differs from one visitor to the next. */
export interface LandingSlots {
  readonly token: string;
  /** Where the page is, its query included. */
  readonly here: string;
  /** Masked. */
  readonly number?: string;
}

/** The page as ready text around what differs: a hit costs one concatenation. */
export interface LandingTemplates {
  unknownNumber(slots: LandingSlots): Page;
  knownNumber(slots: LandingSlots): Page;
}

/** Stand where a value will go. No text of a campaign holds their first letter: PostgreSQL's json refuses it. */
const SLOTS = { token: '\u0000t', here: '\u0000h', number: '\u0000n' } as const;
/** Of an address, its query included: a longer query is dropped, since pages stay small. */
const HERE_MOST = 500;
const SLOT = /(\0[thn])/;

export function landingTemplates(facts: LandingFacts): LandingTemplates {
  const languages = renderLanguages(
    { speech: facts.speech, here: '' },
    (locale) => `/language/${locale}?to=${SLOTS.here}`,
  );
  const { token, number } = SLOTS;
  const unknown = templateOf(renderLanding(facts, { token, languages }));
  const known = templateOf(renderLanding(facts, { token, number, languages }));
  return { unknownNumber: unknown, knownNumber: known };
}

function templateOf(page: Page): (slots: LandingSlots) => Page {
  const parts = page.html.text.split(SLOT);
  return ({ here, number = '', token }) => {
    const to = encodeURIComponent(here.length <= HERE_MOST ? here : (here.split('?')[0] ?? ''));
    const values: Readonly<Record<string, string>> = {
      ...{ [SLOTS.token]: token, [SLOTS.number]: number, [SLOTS.here]: to },
    };
    let text = '';
    for (const part of parts) text += values[part] ?? part;
    return { ...page, html: trustedHtml(text) };
  };
}

export function renderLanding(facts: LandingFacts, view: LandingView): Page {
  const { offer, operator, speech, texts } = facts;
  const own = langOf(facts);
  return renderFrame({
    ...{ title: texts.headline, locale: speech.locale, languages: view.languages },
    body: html`<p class="eyebrow">${offer.title} · ${operator.title}</p>
<h1${own}>${texts.headline}</h1>
<p class="lead"${own}>${texts.description}</p>
${view.notice && html`<p class="notice" role="alert">${view.notice}</p>`}
${view.number === undefined ? numberForm(facts, view) : knownNumberForm(facts, view)}
<p class="terms"${own}>${texts.terms}</p>`,
  });
}

/** Where the campaign has no texts in the language of the page, they are read out in their own. */
function langOf({ lang, speech }: LandingFacts): Html | false {
  return lang !== speech.locale && html` lang="${lang}"`;
}

function knownNumberForm(facts: LandingFacts, view: LandingView): Html {
  const { campaign, speech, texts } = facts;
  return html`<form class="card" method="post" action="/lp/${campaign.link}/confirm">
<input type="hidden" name="token" value="${view.token}">
<h2>${speech.say('landing.your_number')}</h2><p class="number">${view.number}</p>
${orderButton(facts, { label: texts.button, lang: langOf(facts) })}
</form>`;
}

function numberForm(facts: LandingFacts, view: LandingView): Html {
  const { campaign, texts } = facts;
  return html`<form class="card" method="post" action="/lp/${campaign.link}/number">
<input type="hidden" name="token" value="${view.token}">
${numberField(facts, view.fault)}
${numberHint(facts)}
${orderButton(facts, { label: texts.button, lang: langOf(facts) })}
</form>`;
}

/** What a number is asked for. */
export function numberHint({ speech }: LandingFacts): Html {
  const count = DEFAULT_PIN_POLICY.digits;
  return html`<p class="hint" id="hint">${speech.say('landing.number_hint', { count })}</p>`;
}

/** The field in which a number is typed, with what was typed before and what is wrong with it. */
export function numberField(
  { operator, speech }: LandingFacts,
  fault?: { readonly typed: string; readonly message?: string },
): Html {
  const invalid = fault?.message !== undefined;
  return html`<label for="msisdn">${speech.say('landing.number')}</label>
<input id="msisdn" name="msisdn" type="tel" inputmode="tel" autocomplete="tel" required maxlength="32" placeholder="${exampleOf(operator.plan)}" value="${fault?.typed}" aria-describedby="${invalid ? 'fault hint' : 'hint'}"${invalid && html` aria-invalid="true" autofocus`}>
${invalid && html`<p class="fault" id="fault" role="alert">${fault.message}</p>`}`;
}

/** Price, period and how to stop, beside the button that costs them: never one without the others. */
export function orderButton(
  { offer, operator, price, speech }: LandingFacts,
  { label, lang }: { readonly label: string; readonly lang?: Html | false },
): Html {
  const { say } = speech;
  return html`<p class="price">${price}</p><p class="renews">${say(`landing.renews_${offer.period}`)}</p>
<button${lang}>${label}</button>
<p class="how">${say('landing.how_to_stop', { code: operator.shortCode })}</p>`;
}

const EXAMPLE_GROUP = 4;

/** Such as `0300 1234567`: the operator's first prefix, in the spelling of the country. */
export function exampleOf(plan: NumberPlan): string {
  const whole = `${plan.prefixes[0] ?? plan.countryCode}01234567890123`.slice(0, plan.digits);
  const national = plan.trunkPrefix + whole.slice(plan.countryCode.length);
  return `${national.slice(0, EXAMPLE_GROUP)} ${national.slice(EXAMPLE_GROUP)}`;
}
