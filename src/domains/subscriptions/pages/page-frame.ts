import { type Html, html, type Page, pagePolicy } from '#http';
import {
  type Locale,
  languageHref,
  localeNames,
  locales,
  type Reader,
  type Speech,
} from '#subscriptions/speech';
import { sheet } from './stylesheet.ts';

/** What a script of a payment gateway needs of the page it stands on. */
export interface PageScripts {
  readonly script: readonly string[];
  readonly frame: readonly string[];
  readonly connect?: readonly string[];
}

export interface FrameParts {
  readonly reader: Reader;
  readonly title: string;
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
  const { bar, body, reader, refresh, scripts, title, wide } = parts;
  return {
    policy: scripts ? pagePolicy({ style: [sheet.cspSource], ...scripts.sources }) : plainPolicy,
    html: html`<!doctype html>
<html lang="${reader.speech.locale}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
${refresh && html`<meta http-equiv="refresh" content="${refresh.seconds};url=${refresh.to}">`}
<title>${title}</title>${sheet.tag}</head>
<body${wide === true && html` class="wide"`}>${bar}<main>${body}</main>${renderLanguages(reader)}${scripts?.tags}</body></html>`,
  };
}

/** The same page in each language, told in that language. */
export function renderLanguages(
  { here, speech }: Reader,
  hrefOf: (locale: Locale) => string = (locale) => languageHref(locale, here),
): Html {
  return html`<footer><nav aria-label="${speech.say('nav.language')}">${locales.map((locale) =>
    locale === speech.locale
      ? html`<span aria-current="true">${localeNames[locale]}</span>`
      : html`<a href="${hrefOf(locale)}" lang="${locale}" hreflang="${locale}">${localeNames[locale]}</a>`,
  )}</nav></footer>`;
}

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'idle';

const MARKS: Readonly<Record<Tone, string>> = {
  ok: '✓',
  warn: '!',
  bad: '×',
  info: '…',
  idle: '–',
};

export interface NoticeParts extends Pick<FrameParts, 'body' | 'reader' | 'refresh' | 'title'> {
  readonly tone: Tone;
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
export function renderAmountOn({ say }: Speech, amount: string, day: string): Html {
  return html`${amount}<small>${say('amount.on', { day })}</small>`;
}

/** How much, and for how long it is. */
export function renderPrice(amount: string, interval: string): Html {
  return html`<p class="price">${amount} <small>${interval}</small></p>`;
}

export function renderChip(tone: Tone, text: string): Html {
  return html`<span class="chip ${tone}">${text}</span>`;
}
