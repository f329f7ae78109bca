import { type Html, html, type Page, type Problem } from '#http';
import { maskMsisdn } from '#phone';
import { renderLanguages } from '#subscriptions/pages';
import type { PlainKey, Reader } from '#subscriptions/speech';
import type { LandingFacts } from './landing-page.ts';
import { renderFrame } from './page-frame.ts';
import { priceOf } from './price.ts';
import type { Stoppable } from './stop-by-link.ts';

/** The end of a visit: what was ordered, what happens next, and how to stop. */
export function renderDonePage(facts: LandingFacts, msisdn: string): Page {
  const { offer, operator, price, speech } = facts;
  const { say } = speech;
  const what = say('landing.done', { title: offer.title, price, number: maskMsisdn(msisdn) });
  return renderNotice({
    mark: 'ok',
    title: say('landing.done_title'),
    locale: speech.locale,
    body: html`<p><strong>${what}</strong></p><p>${say(`landing.renews_${offer.period}`)}</p>
<p>${say('landing.done_next')}</p><p class="how">${say('landing.how_to_stop', { code: operator.shortCode })}</p>`,
  });
}

/** A campaign that takes no new orders. */
export function renderClosedPage(reader: Reader): Page {
  const { say } = reader.speech;
  return renderNotice({
    ...ofReader(reader),
    ...{ mark: 'idle', title: say('landing.closed_title') },
    body: html`<p>${say('landing.closed')}</p>`,
  });
}

/** A form that can't go on; `href` is where the visit can begin anew. */
export function renderOldFormPage({ speech }: Reader, href: string): Page {
  const { locale, say } = speech;
  return renderNotice({
    ...{ mark: 'idle', title: say('landing.open_again'), locale },
    body: html`<p>${say('landing.old_form')}</p><p><a href="${href}">${say('landing.open_again')}</a></p>`,
  });
}

const TITLES: Readonly<Record<number, string>> = {
  404: 'There is nothing here',
  429: 'Please wait a moment',
  500: 'Something went wrong',
  503: 'Please try again in a moment',
};

/** Any error where people look who are of no language: for the server's `renderErrorPage`. */
export function renderProblemPage(problem: Problem): Page {
  return renderNotice({
    mark: 'idle',
    title: TITLES[problem.status] ?? 'This did not work',
    locale: 'en',
    body: html`<p>${problem.detail}</p>
<p class="terms">${problem.status} · ${problem.instance}</p>`,
  });
}

const LANDINGS = /^\/(lp|stop)(\/|$)/;

/** Whether an address is a landing page's, or a stop link. */
export function isLandingPage(url: string): boolean {
  return LANDINGS.test(url.split('?')[0] ?? '');
}

/** Any error of these pages, in the words of whoever reads it. What is said within is for programs and the log. */
export function renderLandingProblem({ code, instance, status }: Problem, reader: Reader): Page {
  const { say } = reader.speech;
  const [title, text] = saidOf({ code, status, isStop: reader.here.startsWith('/stop') });
  return renderNotice({
    ...ofReader(reader),
    ...{ mark: 'idle', title: say(title) },
    body: html`<p>${say(text)}</p>
<p class="terms">${say('error.number', { number: `${status} · ${instance}` })}</p>`,
  });
}

type Said = readonly [title: PlainKey, text: PlainKey];

function saidOf({
  code,
  isStop,
  status,
}: Pick<Problem, 'code' | 'status'> & { readonly isStop: boolean }): Said {
  if (status === 429) return ['error.too_fast', 'error.too_fast_text'];
  if (status === 503) return ['error.away', 'error.away_text'];
  if (status >= 500) return ['error.broken', 'error.broken_text'];
  // Whoever wants to stop is told how, whatever is wrong with his link.
  if (isStop) return ['error.link_bad', 'stop_link.bad_text'];
  const isNowhere = code === 'campaign_unknown' || status === 404 || status === 405;
  return isNowhere
    ? ['error.not_found', 'landing.unknown_text']
    : ['error.form', 'error.form_text'];
}

/** A page that can be opened again where it is, in any language. */
function ofReader(reader: Reader) {
  return { locale: reader.speech.locale, languages: renderLanguages(reader) };
}

export interface Notice {
  readonly mark: 'ok' | 'idle';
  readonly title: string;
  readonly locale: string;
  readonly body: Html;
  readonly languages?: Html;
}

const MARKS = { ok: '✓', idle: '!' } as const;

/** One card that says one thing. */
export function renderNotice({ body, mark, ...parts }: Notice): Page {
  return renderFrame({
    ...parts,
    body: html`<div class="mark ${mark}" aria-hidden="true">${MARKS[mark]}</div>
<h1>${parts.title}</h1><section class="card">${body}</section>`,
  });
}

/** What would end, and the button that ends it. */
export function renderStopPage(reader: Reader, stoppable: Stoppable, token: string): Page {
  const { say } = reader.speech;
  const title = say('stop_link.title', { title: stoppable.title });
  const price = priceOf(stoppable, reader.speech);
  return renderFrame({
    ...{ ...ofReader(reader), title },
    body: html`<h1>${title}</h1>
<form class="card" method="post" action="/stop/${token}">
<p>${stoppable.ended ? say('stop_link.ended') : say('stop_link.what', { title: stoppable.title, price })}</p>
<button class="stop">${say('stop_link.button')}</button>
</form>`,
  });
}

export function renderStoppedPage(
  reader: Reader,
  { outcome, title }: { readonly outcome: 'stopped' | 'already_ended'; readonly title: string },
): Page {
  const { say } = reader.speech;
  const ended = outcome === 'stopped';
  return renderNotice({
    ...ofReader(reader),
    ...{ mark: 'ok', title: say(ended ? 'stop_link.stopped_title' : 'stop_link.already_title') },
    body: html`<p>${say(ended ? 'stop_link.stopped' : 'stop_link.already', { title })}</p>`,
  });
}
