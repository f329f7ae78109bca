import { type Html, html, type Page, pagePolicy } from '#http';
import { sheet } from './stylesheet.ts';

/** What a script of a payment gateway needs of the page it stands on. */
export interface PageScripts {
  readonly script: readonly string[];
  readonly frame: readonly string[];
  readonly connect?: readonly string[];
}

export interface FrameParts {
  readonly title: string;
  /** BCP 47, such as `en`. */
  readonly locale: string;
  readonly body: Html;
  /** Above the page: who is signed in, and where else to go. */
  readonly bar?: Html | undefined;
  /** As wide as a shelf of plans. */
  readonly wide?: boolean;
  /** The page looks again by itself after so many seconds: something is on its way. */
  readonly refresh?: { readonly seconds: number; readonly to: string } | undefined;
  /** At the end of the body. */
  readonly scripts?: { readonly tags: Html; readonly sources: PageScripts } | undefined;
}

const plainPolicy = pagePolicy({ style: [sheet.cspSource] });

/** The look of every page that a customer sees: nothing from elsewhere but what a gateway's page needs, light and dark. */
export function renderFrame(parts: FrameParts): Page {
  const { bar, body, locale, refresh, scripts, title, wide } = parts;
  return {
    policy: scripts ? pagePolicy({ style: [sheet.cspSource], ...scripts.sources }) : plainPolicy,
    html: html`<!doctype html>
<html lang="${locale}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
${refresh && html`<meta http-equiv="refresh" content="${refresh.seconds};url=${refresh.to}">`}
<title>${title}</title>${sheet.tag}</head>
<body${wide === true && html` class="wide"`}>${bar}<main>${body}</main>${scripts?.tags}</body></html>`,
  };
}

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'idle';

const MARKS: Readonly<Record<Tone, string>> = {
  ok: '✓',
  warn: '!',
  bad: '×',
  info: '…',
  idle: '–',
};

export interface NoticeParts {
  readonly tone: Tone;
  readonly title: string;
  readonly locale: string;
  readonly body: Html;
  readonly bar?: Html | undefined;
  readonly refresh?: { readonly seconds: number; readonly to: string } | undefined;
}

/** One card that says one thing. */
export function renderNotice({ body, tone, title, ...rest }: NoticeParts): Page {
  return renderFrame({
    ...{ ...rest, title },
    body: html`<div class="card"><div class="mark ${tone}" aria-hidden="true">${MARKS[tone]}</div>
<h1>${title}</h1>${body}</div>`,
  });
}

/** Facts under each other: what, and how much or when. */
export function renderFacts(
  facts: readonly (readonly [Html | string, Html | string | undefined])[],
  sum?: readonly [string, string],
): Html {
  const rows = facts.filter(([, value]) => value !== undefined && value !== '');
  return html`<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}${
    sum && html`<div class="sum"><dt>${sum[0]}</dt><dd>${sum[1]}</dd></div>`
  }</dl>`;
}

/** An amount, and under it the day on which it is charged. */
export function renderAmountOn(amount: string, day: string): Html {
  return html`${amount}<small>on ${day}</small>`;
}

export function renderChip(tone: Tone, text: string): Html {
  return html`<span class="chip ${tone}">${text}</span>`;
}
