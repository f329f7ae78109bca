import { html, type Page } from '#http';
import { renderFrame, renderNotice } from '#subscriptions/pages';
import { howToCancel, purchaseFacts } from './payment-page.ts';
import type { Purchase } from './purchase.ts';
import { inWords, wordsOf } from './words.ts';

export interface OrderView {
  readonly purchase: Purchase;
  readonly path: string;
  /** What proves which text was before the person. */
  readonly shown: string;
  readonly fault?: 'consent_missing' | 'changed' | undefined;
}

/** What is bought, and the tick that is the consent to it. */
export function renderOrderPage({ fault, path, purchase, shown }: OrderView): Page {
  const words = wordsOf(purchase.locale);
  const isMissing = fault === 'consent_missing';
  return renderFrame({
    ...{ title: words.orderTitle(purchase.title), locale: purchase.locale },
    body: html`<h1>${words.orderTitle(purchase.title)}</h1>
${fault === 'changed' && html`<p class="notice warn" role="alert">${words.changed}</p>`}
<form class="card" method="post" action="${path}">
${purchaseFacts(purchase)}
<p class="dim small">${words.saved(inWords(purchase))}</p>
<input type="hidden" name="shown" value="${shown}">
<label class="tick"><input type="checkbox" name="agree" value="yes" required${isMissing && html` aria-invalid="true" aria-describedby="fault"`}><span>${words.consent(inWords(purchase))}</span></label>
${isMissing && html`<p class="fault" id="fault" role="alert">${words.consentMissing}</p><p></p>`}
<button class="main">${words.agree(inWords(purchase))}</button>
</form>
${purchase.terms && html`<details><summary>${words.termsTitle}</summary><p class="text">${purchase.terms}</p></details>`}
${howToCancel(words)}`,
  });
}

/** An order that can't be made, and why not. */
export function renderRefusedOrder(detail: string, returnUrl: string): Page {
  return renderNotice({
    ...{ tone: 'warn', title: 'This can’t be ordered now', locale: 'en' },
    body: html`<p>${detail}</p><p>Nothing has been ordered, and nothing was taken.</p>
<div class="actions"><a class="button" href="${returnUrl}">Back</a><a class="button" href="/me">Your subscriptions</a></div>`,
  });
}
