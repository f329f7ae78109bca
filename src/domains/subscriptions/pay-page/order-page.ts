import { html, type Page } from '#http';
import { renderFrame, renderNotice } from '#subscriptions/pages';
import type { Reader, Speech } from '#subscriptions/speech';
import type { OrderPage } from './look.ts';
import { howToCancel, purchaseFacts } from './payment-page.ts';
import type { Purchase } from './purchase.ts';
import { inWords, sayAgree, sayConsent, saySaved } from './words.ts';

export interface OrderView {
  readonly reader: Reader;
  readonly purchase: Purchase;
  readonly path: string;
  /** What proves which text was before the person. */
  readonly shown: string;
  readonly fault?: 'consent_missing' | 'changed' | undefined;
}

/** What is bought, and the tick that is the consent to it. */
export function renderOrderPage({ fault, path, purchase, reader, shown }: OrderView): Page {
  const { speech } = reader;
  const { say } = speech;
  const words = inWords(speech, purchase);
  const title = say('pay.order_title', { title: purchase.title });
  const isMissing = fault === 'consent_missing';
  return renderFrame({
    ...{ reader, title },
    body: html`<h1>${title}</h1>
${fault === 'changed' && html`<p class="notice warn" role="alert">${say('pay.changed')}</p>`}
<form class="card" method="post" action="${path}">
${purchaseFacts(speech, purchase)}
<p class="dim small">${saySaved(speech, words)}</p>
<input type="hidden" name="shown" value="${shown}">
<label class="tick"><input type="checkbox" name="agree" value="yes" required${isMissing && html` aria-invalid="true" aria-describedby="fault"`}><span>${sayConsent(speech, words)}</span></label>
${isMissing && html`<p class="fault" id="fault" role="alert">${say('pay.consent_missing')}</p><p></p>`}
<button class="main">${sayAgree(speech, words)}</button>
</form>
${purchase.terms && html`<details><summary>${say('pay.terms')}</summary><p class="text">${purchase.terms}</p></details>`}
${howToCancel(speech)}`,
  });
}

/** An order that can't be made, and why not. */
export function renderRefusedOrder(reader: Reader, page: OrderPage, why: string): Page {
  const { speech } = reader;
  const { say } = speech;
  return renderNotice({
    ...{ reader, tone: 'warn', title: say('order.refused') },
    body: html`<p>${sayRefusal(speech, page, why)}</p><p>${say('order.nothing')}</p>
<div class="actions"><a class="button" href="${page.returnUrl}">${say('result.back')}</a><a class="button" href="/me">${say('nav.yours')}</a></div>`,
  });
}

function sayRefusal(speech: Speech, { order }: OrderPage, why: string): string {
  return why === 'coupon_refused'
    ? speech.say('refused.coupon_refused', { coupon: order.coupon ?? '' })
    : speech.sayWord('refused', why, 'refused.else');
}
