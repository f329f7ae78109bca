import { type Html, html, type Page } from '#http';
import {
  type PageScripts,
  renderAmountOn,
  renderFacts,
  renderFrame,
  renderPrice,
} from '#subscriptions/pages';
import type { Reader, Speech } from '#subscriptions/speech';
import type { Presentation } from './look.ts';
import type { Purchase } from './purchase.ts';
import { widgetScript } from './widget-script.ts';
import { inWords, saySaved } from './words.ts';

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
export function renderPaymentPage(reader: Reader, view: PaymentView): Page {
  const { speech } = reader;
  const { say } = speech;
  const { isCardPage, presentation, purchase } = view;
  const title = say(isCardPage ? 'pay.card_title' : 'pay.title', { title: purchase.title });
  const form =
    presentation.kind === 'widget'
      ? renderWidget(speech, view, presentation)
      : html`<a class="button main" rel="noreferrer" href="${presentation.url}">${say('pay.go')}</a>`;
  return renderFrame({
    ...{ reader, title },
    body: html`<h1>${title}</h1><div class="card">${purchaseFacts(speech, purchase)}${form}</div>
<p class="dim small">${saySaved(speech, inWords(speech, purchase))}</p>${howToCancel(speech)}`,
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
  speech: Speech,
  { opensNow, path, purchase }: PaymentView,
  { manner, parameters }: Extract<Presentation, { readonly kind: 'widget' }>,
): Html {
  const { say } = speech;
  const { amount, cardIsTried } = inWords(speech, purchase);
  const pay = cardIsTried ? say('pay.card_button') : say('pay.button', { amount });
  return html`<div id="pay" data-manner="${manner}" data-parameters="${JSON.stringify(parameters)}" data-result="${path}/result" data-state="${path}/state" data-now="${opensNow ? 'yes' : 'no'}">
<p class="notice" data-says="closed" role="status" hidden>${say('pay.closed')}</p>
<p class="notice bad" data-says="declined" role="alert" hidden>${say('pay.declined')}</p>
<p class="notice warn" data-says="missing" role="alert" hidden>${say('pay.form_missing')}</p>
<noscript><p class="notice warn">${say('pay.needs_script')}</p></noscript>
<div id="element"></div>
<div class="actions"><button class="main" type="button" data-open>${pay}</button></div></div>
<p class="dim small"><a href="${path}/result">${say('pay.check_again')}</a></p>`;
}

/** What stands above every button that costs something. */
export function purchaseFacts(speech: Speech, purchase: Purchase): Html {
  const { say } = speech;
  const { cardIsTried, currency, interval, priceMinor, timeZone, trialUntil } = purchase;
  const { amount, next } = inWords(speech, purchase);
  const trial = trialUntil && say('pay.trial_until', { day: speech.day(trialUntil, timeZone) });
  return html`${renderPrice(speech.money(priceMinor, currency), speech.interval(interval))}${renderFacts(
    [
      [say('pay.trial'), trial],
      [
        say('pay.now'),
        cardIsTried ? html`${amount}<small>${say('pay.given_back')}</small>` : amount,
      ],
      [say('pay.next_charge'), next && renderAmountOn(speech, next.amount, next.day)],
    ],
  )}`;
}

export function howToCancel({ say }: Speech): Html {
  return html`<p class="foot">${say('pay.how_to_cancel')} <a href="/me">${say('pay.cancel_link')}</a>.</p>`;
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
