import { DEFAULT_PIN_POLICY } from '#auth';
import { type Html, html, type Page, trustedHtml } from '#http';
import type { NumberPlan } from '#phone';
import { renderFrame } from './page-frame.ts';
import type { Showing } from './showing.ts';

/** What a landing page is made of; it is shown before anything else of its showing exists. */
export type LandingFacts = Pick<
  Showing,
  'campaign' | 'offer' | 'operator' | 'words' | 'price' | 'wording'
>;

/** What differs from one view of the page to another. */
export interface LandingView {
  readonly token: string;
  /** Masked; given when it is known without asking. */
  readonly number?: string;
  readonly notice?: string;
  /** What was typed, and why it can't be used. */
  readonly fault?: { readonly typed: string; readonly message: string };
}

/** The page as ready text around what differs: a hit costs one concatenation. */
export interface LandingTemplates {
  unknownNumber(token: string): Page;
  knownNumber(token: string, number: string): Page;
}

/** Stands where a value will go. No text of a campaign holds it: PostgreSQL's json refuses it. */
const SLOT = '\u0000';

export function landingTemplates(facts: LandingFacts): LandingTemplates {
  const unknown = renderLanding(facts, { token: SLOT });
  const known = renderLanding(facts, { token: SLOT, number: SLOT });
  const around = unknown.html.text.split(SLOT);
  const aroundKnown = known.html.text.split(SLOT);
  return {
    unknownNumber: (token) => withText(unknown, around[0] + token + around[1]),
    knownNumber: (token, number) =>
      withText(known, aroundKnown[0] + token + aroundKnown[1] + number + aroundKnown[2]),
  };
}

function withText(page: Page, text: string): Page {
  return { ...page, html: trustedHtml(text) };
}

export function renderLanding(facts: LandingFacts, view: LandingView): Page {
  const { campaign, offer, operator } = facts;
  return renderFrame({
    title: campaign.texts.headline,
    locale: campaign.locale,
    body: html`<p class="eyebrow">${offer.title} · ${operator.title}</p>
<h1>${campaign.texts.headline}</h1>
<p class="lead">${campaign.texts.description}</p>
${view.notice && html`<p class="notice" role="alert">${view.notice}</p>`}
${view.number === undefined ? numberForm(facts, view) : knownNumberForm(facts, view)}
<p class="terms">${campaign.texts.terms}</p>`,
  });
}

function knownNumberForm(facts: LandingFacts, view: LandingView): Html {
  const { campaign, words } = facts;
  return html`<form class="card" method="post" action="/lp/${campaign.link}/confirm">
<input type="hidden" name="token" value="${view.token}">
<h2>${words.yourNumber}</h2><p class="number">${view.number}</p>
${orderButton(facts, campaign.texts.button)}
</form>`;
}

function numberForm(facts: LandingFacts, view: LandingView): Html {
  const { campaign, words } = facts;
  return html`<form class="card" method="post" action="/lp/${campaign.link}/number">
<input type="hidden" name="token" value="${view.token}">
${numberField(facts, view.fault)}
<p class="hint" id="hint">${words.numberHint(DEFAULT_PIN_POLICY.digits)}</p>
${orderButton(facts, campaign.texts.button)}
</form>`;
}

/** The field in which a number is typed, with what was typed before and what is wrong with it. */
export function numberField(
  { operator, words }: LandingFacts,
  fault?: { readonly typed: string; readonly message?: string },
): Html {
  const invalid = fault?.message !== undefined;
  return html`<label for="msisdn">${words.numberLabel}</label>
<input id="msisdn" name="msisdn" type="tel" inputmode="tel" autocomplete="tel" required maxlength="32" placeholder="${exampleOf(operator.plan)}" value="${fault?.typed}" aria-describedby="${invalid ? 'fault hint' : 'hint'}"${invalid && html` aria-invalid="true" autofocus`}>
${invalid && html`<p class="fault" id="fault" role="alert">${fault.message}</p>`}`;
}

/** Price, period and how to stop, beside the button that costs them: never one without the others. */
export function orderButton({ offer, operator, words, price }: LandingFacts, label: string): Html {
  return html`<p class="price">${price}</p><p class="renews">${words.renews[offer.period]}</p>
<button>${label}</button>
<p class="how">${words.howToStop(operator.shortCode)}</p>`;
}

const EXAMPLE_GROUP = 4;

/** Such as `0300 1234567`: the operator's first prefix, in the spelling of the country. */
function exampleOf(plan: NumberPlan): string {
  const whole = `${plan.prefixes[0] ?? plan.countryCode}01234567890123`.slice(0, plan.digits);
  const national = plan.trunkPrefix + whole.slice(plan.countryCode.length);
  return `${national.slice(0, EXAMPLE_GROUP)} ${national.slice(EXAMPLE_GROUP)}`;
}
