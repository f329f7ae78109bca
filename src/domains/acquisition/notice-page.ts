import { type Html, html, type Page, type Problem } from '#http';
import { maskMsisdn } from '#phone';
import type { Campaign } from './campaign.ts';
import type { LandingFacts } from './landing-page.ts';
import { renderFrame } from './page-frame.ts';
import type { Stoppable } from './stop-by-link.ts';
import { wordsOf } from './words.ts';

/** Of pages that belong to no campaign. */
const LOCALE = 'en';

/** The end of a visit: what was ordered, what happens next, and how to stop. */
export function renderDonePage(facts: LandingFacts, msisdn: string): Page {
  const { campaign, offer, operator, words, price } = facts;
  const what = words.done({ title: offer.title, price, msisdn: maskMsisdn(msisdn) });
  return renderNotice({
    mark: 'ok',
    title: words.doneTitle,
    locale: campaign.locale,
    body: html`<p><strong>${what}</strong></p><p>${words.renews[offer.period]}</p>
<p>${words.doneNext}</p><p class="how">${words.howToStop(operator.shortCode)}</p>`,
  });
}

/** A campaign that takes no new orders. */
export function renderClosedPage(campaign: Campaign): Page {
  const words = wordsOf(campaign.locale);
  return renderNotice({
    mark: 'idle',
    title: words.closedTitle,
    locale: campaign.locale,
    body: html`<p>${words.closed}</p>`,
  });
}

/** A form that can't go on; `href` is where the visit can begin anew. */
export function renderOldFormPage(href: string): Page {
  const words = wordsOf(LOCALE);
  return renderNotice({
    mark: 'idle',
    title: words.openAgain,
    locale: LOCALE,
    body: html`<p>${words.oldForm}</p><p><a href="${href}">${words.openAgain}</a></p>`,
  });
}

const TITLES: Readonly<Record<number, string>> = {
  404: 'There is nothing here',
  429: 'Please wait a moment',
  500: 'Something went wrong',
  503: 'Please try again in a moment',
};

/** Any error where people look: for the server's `renderErrorPage`. */
export function renderProblemPage(problem: Problem): Page {
  return renderNotice({
    mark: 'idle',
    title: TITLES[problem.status] ?? 'This did not work',
    locale: LOCALE,
    body: html`<p>${problem.detail}</p>
<p class="terms">${problem.status} · ${problem.instance}</p>`,
  });
}

export interface Notice {
  readonly mark: 'ok' | 'idle';
  readonly title: string;
  readonly locale: string;
  readonly body: Html;
}

const MARKS = { ok: '✓', idle: '!' } as const;

/** One card that says one thing. */
export function renderNotice({ mark, title, locale, body }: Notice): Page {
  return renderFrame({
    title,
    locale,
    body: html`<div class="mark ${mark}" aria-hidden="true">${MARKS[mark]}</div>
<h1>${title}</h1><section class="card">${body}</section>`,
  });
}

/** What would end, and the button that ends it. */
export function renderStopPage(stoppable: Stoppable, token: string): Page {
  const words = wordsOf(LOCALE);
  const title = words.stopTitle(stoppable.title);
  return renderFrame({
    title,
    locale: LOCALE,
    body: html`<h1>${title}</h1>
<form class="card" method="post" action="/stop/${token}">
<p>${stoppable.ended ? words.stopEnded : words.stopWhat(stoppable)}</p>
<button class="stop">${words.stopButton}</button>
</form>`,
  });
}

export function renderStoppedPage(stopped: {
  readonly outcome: 'stopped' | 'already_ended';
  readonly title: string;
}): Page {
  const words = wordsOf(LOCALE);
  const ended = stopped.outcome === 'stopped';
  return renderNotice({
    mark: 'ok',
    title: ended ? words.stoppedTitle : words.alreadyEndedTitle,
    locale: LOCALE,
    body: html`<p>${ended ? words.stopped(stopped.title) : words.alreadyEnded(stopped.title)}</p>`,
  });
}
