import { type Html, html, type Page } from '#http';
import type { Content, Opened } from './open-delivery.ts';

/**
 * The look of the pages for people, passed in by who wires: it stands around `body` and draws the classes
 * `eyebrow`, `card`, `mark`, `text`, and `how`.
 */
export type PageFrame = (parts: {
  readonly title: string;
  readonly locale: string;
  readonly body: Html;
}) => Page;

/** The page of each outcome. `token` is the link's, for the button that opens. */
export function renderOpened(frame: PageFrame, opened: Opened, token: string): Page {
  switch (opened.outcome) {
    case 'ready':
      return page(frame, opened.content.title, readyBody(opened.content, token));
    case 'opened':
      return page(frame, opened.content.title, contentBody(opened.content));
    case 'used':
      return refusal(frame, opened.service, {
        title: 'This link was opened before',
        text: 'Each link opens once, for one person. The next one comes by SMS.',
      });
    case 'expired':
      return refusal(frame, opened.service, {
        title: 'This link is too old',
        text: 'It was not opened in time. The next one comes by SMS.',
      });
    case 'no_access':
      return refusal(frame, opened.service, {
        title: 'This subscription is not active',
        text: 'Its content opens only while the subscription is active and paid.',
      });
  }
}

function page(frame: PageFrame, title: string, body: Html): Page {
  return frame({ title, locale: 'en', body });
}

function readyBody({ service, title }: Omit<Content, 'body'>, token: string): Html {
  return html`<p class="eyebrow">${service}</p><h1>${title}</h1>
<form class="card" method="post" action="/c/${token}"><p>It is yours: it has been paid for. This link opens once.</p>
<button>Open</button></form>`;
}

function contentBody({ service, title, body }: Content): Html {
  return html`<p class="eyebrow">${service}</p><h1>${title}</h1>
<section class="card text">${body.split('\n').map((line) => html`${linkOrText(line)}\n`)}</section>
<p class="hint">You can load this page again for 10 minutes, in this browser.</p>`;
}

function linkOrText(line: string): Html {
  return /^https?:\/\/[^\s"<>]+$/.test(line)
    ? html`<a href="${line}" rel="noreferrer">${line}</a>`
    : html`${line}`;
}

function refusal(
  frame: PageFrame,
  service: string,
  said: { readonly title: string; readonly text: string },
): Page {
  return page(
    frame,
    said.title,
    html`<div class="mark idle" aria-hidden="true">!</div><p class="eyebrow">${service}</p>
<h1>${said.title}</h1><section class="card"><p>${said.text}</p></section>`,
  );
}
