import { type Html, html, type Page } from '#http';
import {
  type PageScripts,
  renderAmountOn,
  renderFacts,
  renderFrame,
  sayDay,
  sayInterval,
  sayMoney,
} from '#subscriptions/pages';
import type { Presentation } from './look.ts';
import type { Purchase } from './purchase.ts';
import { widgetScript } from './widget-script.ts';
import { inWords, type Words, wordsOf } from './words.ts';

export interface PaymentView {
  readonly purchase: Purchase;
  readonly presentation: Presentation;
  /** `/pay/…`, of this page. */
  readonly path: string;
  /** The card is entered for later, and nothing is bought. */
  readonly isCardPage: boolean;
  /** The form opens by itself: its holder has just pressed a button that says so. */
  readonly opensNow: boolean;
}

/** Where the gateway's own form opens. */
export function renderPaymentPage(view: PaymentView): Page {
  const { isCardPage, presentation, purchase } = view;
  const words = wordsOf(purchase.locale);
  const title = isCardPage ? words.cardTitle(purchase.title) : words.payTitle(purchase.title);
  const form =
    presentation.kind === 'widget'
      ? renderWidget(view, presentation, words)
      : html`<a class="button main" rel="noreferrer" href="${presentation.url}">${words.goToPay}</a>`;
  return renderFrame({
    ...{ title, locale: purchase.locale },
    body: html`<h1>${title}</h1><div class="card">${purchaseFacts(purchase)}${form}</div>
<p class="dim small">${words.saved(inWords(purchase))}</p>${howToCancel(words)}`,
    ...(presentation.kind === 'widget'
      ? {
          scripts: {
            tags: html`<script src="${presentation.script}"></script>${widgetScript.tag}`,
            sources: sourcesOf(presentation),
          },
        }
      : {}),
  });
}

function renderWidget(
  { opensNow, path, purchase }: PaymentView,
  { manner, parameters }: Extract<Presentation, { readonly kind: 'widget' }>,
  words: Words,
): Html {
  return html`<div id="pay" data-manner="${manner}" data-parameters="${JSON.stringify(parameters)}" data-result="${path}/result" data-state="${path}/state" data-now="${opensNow ? 'yes' : 'no'}">
<p class="notice" data-says="closed" role="status" hidden>${words.closed}</p>
<p class="notice bad" data-says="declined" role="alert" hidden>${words.declined}</p>
<p class="notice warn" data-says="missing" role="alert" hidden>${words.formMissing}</p>
<noscript><p class="notice warn">${words.needsScript}</p></noscript>
<div id="element"></div>
<div class="actions"><button class="main" type="button" data-open>${words.pay(inWords(purchase))}</button></div></div>
<p class="dim small"><a href="${path}/result">${words.checkAgain}</a></p>`;
}

/** What stands above every button that costs something. */
export function purchaseFacts(purchase: Purchase): Html {
  const words = wordsOf(purchase.locale);
  const { cardIsTried, currency, interval, locale, priceMinor, timeZone, trialUntil } = purchase;
  const { amount, next } = inWords(purchase);
  return html`<p class="price">${sayMoney(priceMinor, currency)} <small>${sayInterval(interval, locale)}</small></p>${renderFacts(
    [
      [words.trial, trialUntil && words.trialUntil(sayDay(trialUntil, timeZone, locale))],
      [words.now, cardIsTried ? html`${amount}<small>${words.givenBack}</small>` : amount],
      [words.nextCharge, next && renderAmountOn(next.amount, next.day)],
    ],
  )}`;
}

export function howToCancel(words: Words): Html {
  return html`<p class="foot">${words.howToCancel} <a href="/me">${words.cancelLink}</a>.</p>`;
}

/** Stripe's script talks to its own servers from the page, and shows the bank in a frame of another host of theirs. */
const STRIPE = {
  frame: ['https://js.stripe.com', 'https://hooks.stripe.com'],
  connect: ["'self'", 'https://api.stripe.com'],
} as const;

/** This script's address and its frames', and nobody else's. */
function sourcesOf({
  manner,
  script,
}: Extract<Presentation, { readonly kind: 'widget' }>): PageScripts {
  const { origin } = new URL(script);
  const own = [widgetScript.cspSource, origin];
  if (manner === 'stripe-elements' && origin === 'https://js.stripe.com')
    return { script: own, ...STRIPE };
  if (manner === 'stripe-elements')
    return { script: own, frame: [origin], connect: ["'self'", origin] };
  return { script: own, frame: [origin], connect: ["'self'"] };
}
