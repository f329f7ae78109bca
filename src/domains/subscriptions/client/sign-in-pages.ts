import { DEFAULT_PIN_POLICY } from '#auth';
import { html, type Page } from '#http';
import { maskMsisdn } from '#phone';
import { renderFrame, renderNotice } from '#subscriptions/pages';

const LOCALE = 'en';

export interface NumberView {
  readonly token: string;
  /** Where the person wanted to go. */
  readonly to: string;
  readonly typed?: string;
  readonly fault?: string;
}

/** Asks whose subscriptions are to be shown. */
export function renderNumberPage({ fault, to, token, typed }: NumberView): Page {
  return renderFrame({
    ...{ title: 'Your subscriptions', locale: LOCALE },
    body: html`<h1>Your subscriptions</h1><p class="lead">See what you have, what it costs and when it is charged; change it, or end it.</p>
<form class="card" method="post" action="/me/in">
<input type="hidden" name="token" value="${token}"><input type="hidden" name="to" value="${to}">
<label for="number">Your mobile number</label>
<input id="number" name="number" type="tel" inputmode="tel" autocomplete="tel" required maxlength="32" value="${typed}" aria-describedby="${fault ? 'fault' : 'hint'}"${fault && html` aria-invalid="true" autofocus`}>
${fault && html`<p class="fault" id="fault" role="alert">${fault}</p>`}
<p class="hint" id="hint">We send you a PIN of ${DEFAULT_PIN_POLICY.digits} digits, free of charge.</p>
<button class="main">Send me a PIN</button></form>`,
  });
}

export interface PinView {
  readonly token: string;
  readonly to: string;
  readonly msisdn: string;
  readonly fault?: string;
}

/** The same whether or not we know the number. */
export function renderPinPage({ fault, msisdn, to, token }: PinView): Page {
  return renderFrame({
    ...{ title: 'Enter your PIN', locale: LOCALE },
    body: html`<h1>Enter your PIN</h1><p class="lead">If ${maskMsisdn(msisdn)} has subscriptions here, a PIN is on its way to it. It is good for ten minutes.</p>
<form class="card" method="post" action="/me/pin">
<input type="hidden" name="token" value="${token}"><input type="hidden" name="to" value="${to}">
<label for="pin">PIN from the SMS</label>
<input class="pin" id="pin" name="pin" inputmode="numeric" pattern="[0-9 ]*" autocomplete="one-time-code" required autofocus maxlength="${DEFAULT_PIN_POLICY.digits + 2}"${fault && html` aria-invalid="true" aria-describedby="fault"`}>
${fault && html`<p class="fault" id="fault" role="alert">${fault}</p>`}<p class="hint"></p>
<button class="main">Sign in</button></form>
<p class="foot">No SMS? Wait a minute, then <a href="/me/in">ask for another PIN</a>.</p>`,
  });
}

/** Opening a link signs nobody in: it is opened by scanners too. */
export function renderLinkPage(view: {
  readonly link: string;
  readonly token: string;
  readonly msisdn: string;
}): Page {
  return renderNotice({
    ...{ tone: 'info', title: 'See your subscriptions', locale: LOCALE },
    body: html`<p>You go on as <strong>${maskMsisdn(view.msisdn)}</strong>. This link works once.</p>
<form method="post" action="/me/link/${view.link}"><input type="hidden" name="token" value="${view.token}"><button class="main">Go on</button></form>`,
  });
}
