import { createHash } from 'node:crypto';
import { type Html, html } from '#http';
import { renderFacts } from '#subscriptions/pages';
import type { Speech } from '#subscriptions/speech';

/** What somebody reads before he says yes: all of it is kept with the consent, word for word. */
export interface AgreedText {
  readonly title: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
  /** The sentence that the button agrees to. */
  readonly consent: string;
  readonly button: string;
  /** The price as it is kept with the consent. */
  readonly price: string;
  /** What else the merchant wants to be read. */
  readonly terms: string | undefined;
}

/** The whole text as one, in the order of the page. */
export function shownText({ button, consent, facts, notes, terms, title }: AgreedText): string {
  return [
    title,
    ...facts.map(([name, value]) => `${name}: ${value}`),
    ...[...notes, consent, button],
    ...(terms === undefined ? [] : [terms]),
  ].join('\n');
}

export function fingerprintOf(text: AgreedText): string {
  return createHash('sha256').update(shownText(text)).digest('base64url');
}

/** The same on the page: nothing of it is left out, and nothing stands beside it that is not kept. */
export function renderAgreed(
  { say }: Speech,
  text: AgreedText,
  form: (inside: Html) => Html,
): Html {
  const { button, consent, facts, notes, terms } = text;
  return html`<div class="card">${renderFacts(facts)}${notes.map((note) => html`<p class="dim small">${note}</p>`)}
${form(html`<p>${consent}</p><button class="main">${button}</button>`)}</div>
${terms !== undefined && html`<details><summary>${say('pay.terms')}</summary><p class="text">${terms}</p></details>`}`;
}
