import { DEFAULT_PIN_POLICY } from '#auth';
import { html, type Page } from '#http';
import { maskMsisdn } from '#phone';
import { renderFrame, renderNotice } from '#subscriptions/pages';
import type { PlainKey, Reader } from '#subscriptions/speech';

export interface NumberView {
  readonly token: string;
  /** Where the person wanted to go. */
  readonly to: string;
  readonly typed?: string;
  readonly fault?: string;
}

/** Asks whose subscriptions are to be shown. */
export function renderNumberPage(reader: Reader, view: NumberView): Page {
  const { fault, to, token, typed } = view;
  const { say } = reader.speech;
  const title = say('home.title');
  return renderFrame({
    ...{ reader, title },
    body: html`<h1>${title}</h1><p class="lead">${say('sign_in.lead')}</p>
<form class="card" method="post" action="/me/in">
<input type="hidden" name="token" value="${token}"><input type="hidden" name="to" value="${to}">
<label for="number">${say('sign_in.number')}</label>
<input id="number" name="number" type="tel" inputmode="tel" autocomplete="tel" required maxlength="32" value="${typed}" aria-describedby="${fault ? 'fault' : 'hint'}"${fault && html` aria-invalid="true" autofocus`}>
${fault && html`<p class="fault" id="fault" role="alert">${fault}</p>`}
<p class="hint" id="hint">${say('sign_in.hint', { count: DEFAULT_PIN_POLICY.digits })}</p>
<button class="main">${say('sign_in.send')}</button></form>`,
  });
}

export interface PinView {
  readonly token: string;
  readonly to: string;
  readonly msisdn: string;
  readonly fault?: PlainKey;
}

/** The same whether or not we know the number. */
export function renderPinPage(reader: Reader, { fault, msisdn, to, token }: PinView): Page {
  const { say, sayWith } = reader.speech;
  const title = say('pin.title');
  return renderFrame({
    ...{ reader, title },
    body: html`<h1>${title}</h1><p class="lead">${say('pin.sent', { number: maskMsisdn(msisdn) })}</p>
<form class="card" method="post" action="/me/pin">
<input type="hidden" name="token" value="${token}"><input type="hidden" name="to" value="${to}">
<label for="pin">${say('pin.label')}</label>
<input class="pin" id="pin" name="pin" inputmode="numeric" pattern="[0-9 ]*" autocomplete="one-time-code" required autofocus maxlength="${DEFAULT_PIN_POLICY.digits + 2}"${fault && html` aria-invalid="true" aria-describedby="fault"`}>
${fault && html`<p class="fault" id="fault" role="alert">${say(fault)}</p>`}<p class="hint"></p>
<button class="main">${say('pin.enter')}</button></form>
<p class="foot">${sayWith('pin.none_came', { link: html`<a href="/me/in">${say('pin.ask_again')}</a>` })}</p>`,
  });
}

/** Opening a link signs nobody in: it is opened by scanners too. */
export function renderLinkPage(
  reader: Reader,
  view: { readonly link: string; readonly token: string; readonly msisdn: string },
): Page {
  const { say, sayWith } = reader.speech;
  const number = html`<strong>${maskMsisdn(view.msisdn)}</strong>`;
  return renderNotice({
    ...{ reader, tone: 'info', title: say('link.title') },
    body: html`<p>${sayWith('link.who', { number })}</p>
<form method="post" action="/me/link/${view.link}"><input type="hidden" name="token" value="${view.token}"><button class="main">${say('link.go_on')}</button></form>`,
  });
}
