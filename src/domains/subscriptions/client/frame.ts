import { type Html, html, type Page } from '#http';
import { maskMsisdn } from '#phone';
import { type FrameParts, renderFrame } from '#subscriptions/pages';
import type { PlainKey } from '#subscriptions/speech';
import type { Session } from './sessions.ts';

export type Place = 'subscriptions' | 'payments' | 'cards';

export interface RoomParts extends Pick<FrameParts, 'body' | 'reader' | 'refresh' | 'title'> {
  readonly session: Session;
  readonly place: Place;
  /** Of the form that signs out. */
  readonly outToken: string;
}

const PLACES: readonly (readonly [Place, string, PlainKey])[] = [
  ['subscriptions', '/me', 'nav.subscriptions'],
  ['payments', '/me/payments', 'nav.payments'],
  ['cards', '/me/cards', 'nav.cards'],
];

/** A page of somebody who is signed in: whose it is, where else to go, and the way out. */
export function renderRoom({ outToken, place, session, ...parts }: RoomParts): Page {
  const { say } = parts.reader.speech;
  return renderFrame({
    ...parts,
    bar: html`<div class="bar"><div><nav aria-label="${say('nav.account')}">${PLACES.map(
      ([name, href, title]) =>
        html`<a href="${href}"${name === place && html` aria-current="page"`}>${say(title)}</a>`,
    )}</nav><span class="who">${maskMsisdn(session.msisdn)}</span>${renderForm('/me/out', outToken, html`<button>${say('nav.sign_out')}</button>`)}</div></div>`,
  });
}

export function renderForm(action: string, token: string, inside: Html): Html {
  return html`<form method="post" action="${action}"><input type="hidden" name="token" value="${token}">${inside}</form>`;
}

export function renderBack(href: string, title: string): Html {
  return html`<a class="back" href="${href}">← ${title}</a>`;
}
