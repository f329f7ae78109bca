import { html, type Page } from '#http';
import { renderAmountOn, renderFacts, renderNotice, sayDay, type Tone } from '#subscriptions/pages';
import type { PaymentStanding } from './look.ts';
import type { Standing } from './vocabulary.ts';
import { inWords, wordsOf } from './words.ts';

export interface ResultView {
  readonly standing: PaymentStanding;
  readonly path: string;
  /** Where the person came from. */
  readonly returnUrl: string;
  /** How often this page has looked already. */
  readonly looks: number;
}

const OVER = new Set(['cancelled', 'expired', 'purged']);

/** What a payment has come to, by what is stored, and by nothing that a browser has said. */
export function standingOf({ isCardPage, state, status }: PaymentStanding): Standing {
  switch (state) {
    case 'presented':
      return 'open';
    case 'accepted':
      if (OVER.has(status)) return 'late';
      return status === 'pending' && !isCardPage ? 'working' : 'paid';
    case 'conflicted':
      return 'differs';
    case 'declined':
    case 'failed':
    case 'withdrawn':
    case 'expired':
    case 'uncollectible':
      return 'closed';
    default:
      return 'working';
  }
}

/** Quick at first, then patient; a page that was forgotten in a tab stops looking. */
const QUICK_LOOKS = 15;
const MOST_LOOKS = 60;

const TONES: Readonly<Record<Standing, Tone>> = {
  ...{ open: 'info', working: 'info', paid: 'ok', late: 'warn', differs: 'warn', closed: 'idle' },
};

/** Tells what came of it; as long as nothing has, it looks again by itself. */
export function renderResultPage({ looks, path, returnUrl, standing }: ResultView): Page {
  const said = standingOf(standing);
  const { isCardPage, purchase } = standing;
  const words = wordsOf(purchase.locale);
  const { text, title } = words.results[said];
  const isWaiting = (said === 'open' || said === 'working') && looks < MOST_LOOKS;
  const isSettled = said !== 'open' && said !== 'working';
  return renderNotice({
    ...{ tone: TONES[said], title: said === 'paid' && isCardPage ? words.cardSaved : title },
    locale: purchase.locale,
    body: html`${said === 'paid' && paidFacts(standing)}<p>${text}</p><div class="actions">${
      said === 'open' && html`<a class="button main" href="${path}">${words.payOrAgain}</a>`
    }${said === 'paid' && html`<a class="button main" href="/me">${words.cabinet}</a>`}${
      isSettled && html`<a class="button" href="${returnUrl}">${words.back}</a>`
    }</div>${isWaiting && html`<p class="dim small" role="status">${words.looksAgain}</p>`}`,
    ...(isWaiting
      ? {
          refresh: {
            seconds: looks < QUICK_LOOKS ? 2 : 10,
            to: `${path}/result?look=${looks + 1}`,
          },
        }
      : {}),
  });
}

function paidFacts({ isCardPage, purchase }: PaymentStanding) {
  const { cardIsTried, locale, timeZone, title, trialUntil } = purchase;
  const words = wordsOf(locale);
  const { amount, next } = inWords(purchase);
  return renderFacts([
    [words.subscription, title],
    [
      cardIsTried ? words.checked : words.paid,
      cardIsTried ? html`${amount}<small>${words.goesBack}</small>` : amount,
    ],
    [words.freeUntil, trialUntil && sayDay(trialUntil, timeZone, locale)],
    [words.nextCharge, isCardPage ? undefined : next && renderAmountOn(next.amount, next.day)],
  ]);
}

/** No gateway can be reached. */
export function renderUnavailable(path: string, locale: string): Page {
  const words = wordsOf(locale);
  return renderNotice({
    ...{ tone: 'warn', title: words.awayTitle, locale },
    body: html`<p>${words.away}</p>
<div class="actions"><a class="button main" href="${path}">${words.again}</a></div>`,
  });
}

/** A link that names no payment, or says something else of it than is true. */
export function renderUnknownPayment(): Page {
  return renderNotice({
    ...{ tone: 'idle', title: 'There is no such payment', locale: 'en' },
    body: html`<p>Nothing can be paid here: the payment is not there any more, or its address says something else of it than is true.</p>
<div class="actions"><a class="button" href="/me">Your subscriptions</a></div>`,
  });
}
