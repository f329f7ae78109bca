import { html, type Page } from '#http';
import { renderNotice } from './notice-page.ts';
import { renderFrame } from './page-frame.ts';
import type { Stoppable } from './stop-by-link.ts';
import { wordsOf } from './words.ts';

const LOCALE = 'en';

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
