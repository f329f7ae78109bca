import { DEFAULT_PIN_POLICY } from '#auth';
import { html, type Page } from '#http';
import { maskMsisdn } from '#phone';
import { type LandingFacts, numberField, numberHint, orderButton } from './landing-page.ts';
import { renderFrame } from './page-frame.ts';

export interface PinView {
  readonly token: string;
  readonly msisdn: string;
  /** What the person should know before typing. */
  readonly notice?: string;
  /** What was wrong with the PIN that was typed. */
  readonly fault?: string;
}

/** Asks for the PIN. Its button is the consent, so the price stands beside it once more. */
export function renderPinPage(facts: LandingFacts, view: PinView): Page {
  const { campaign, offer, operator, speech } = facts;
  const { say } = speech;
  const { token, msisdn, notice, fault } = view;
  const digits = DEFAULT_PIN_POLICY.digits;
  return renderFrame({
    title: say('landing.pin_title'),
    locale: speech.locale,
    body: html`<p class="eyebrow">${offer.title} · ${operator.title}</p>
<h1>${say('landing.pin_title')}</h1>
<p class="lead">${say('landing.pin_sent', { number: maskMsisdn(msisdn) })}</p>
${notice && html`<p class="notice" role="alert">${notice}</p>`}
<form class="card" method="post" action="/lp/${campaign.link}/pin">
<input type="hidden" name="token" value="${token}">
<label for="pin">${say('pin.label')}</label>
<input class="pin" id="pin" name="pin" inputmode="numeric" pattern="[0-9 ]*" autocomplete="one-time-code" required autofocus maxlength="${digits + 2}"${fault && html` aria-invalid="true" aria-describedby="fault"`}>
${fault && html`<p class="fault" id="fault" role="alert">${fault}</p>`}<p class="hint"></p>
${orderButton(facts, { label: say('landing.pin_confirm') })}
</form>
<form class="card" method="post" action="/lp/${campaign.link}/pin-again">
<input type="hidden" name="token" value="${token}"><h2>${say('landing.pin_again_title')}</h2>
${numberField(facts, { typed: msisdn })}
${numberHint(facts)}
<button class="plain">${say('landing.pin_again')}</button>
</form>`,
  });
}
