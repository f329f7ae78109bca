import { DEFAULT_PIN_POLICY } from '#auth';
import { html, type Page } from '#http';
import { maskMsisdn } from '#phone';
import { type LandingFacts, numberField, orderButton } from './landing-page.ts';
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
  const { campaign, offer, operator, words } = facts;
  const { token, msisdn, notice, fault } = view;
  const digits = DEFAULT_PIN_POLICY.digits;
  return renderFrame({
    title: words.pinTitle,
    locale: campaign.locale,
    body: html`<p class="eyebrow">${offer.title} · ${operator.title}</p>
<h1>${words.pinTitle}</h1>
<p class="lead">${words.pinSentTo(maskMsisdn(msisdn))}</p>
${notice && html`<p class="notice" role="alert">${notice}</p>`}
<form class="card" method="post" action="/lp/${campaign.link}/pin">
<input type="hidden" name="token" value="${token}">
<label for="pin">${words.pinLabel}</label>
<input class="pin" id="pin" name="pin" inputmode="numeric" pattern="[0-9 ]*" autocomplete="one-time-code" required autofocus maxlength="${digits + 2}"${fault && html` aria-invalid="true" aria-describedby="fault"`}>
${fault && html`<p class="fault" id="fault" role="alert">${fault}</p>`}<p class="hint"></p>
${orderButton(facts, words.pinConfirm)}
</form>
<form class="card" method="post" action="/lp/${campaign.link}/pin-again">
<input type="hidden" name="token" value="${token}"><h2>${words.pinAgainTitle}</h2>
${numberField(facts, { typed: msisdn })}
<p class="hint" id="hint">${words.numberHint(digits)}</p>
<button class="plain">${words.pinAgain}</button>
</form>`,
  });
}
