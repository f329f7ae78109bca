import { html, type Page } from '#http';
import {
  renderAmountOn,
  renderFacts,
  renderNotice,
  sayDay,
  sayMoney,
  type Tone,
} from '#subscriptions/pages';
import type { PaymentStanding } from './look.ts';

export interface ResultView {
  readonly standing: PaymentStanding;
  readonly path: string;
  /** Where the person came from. */
  readonly returnUrl: string;
  /** How often this page has looked already. */
  readonly looks: number;
}

export type Standing = 'open' | 'working' | 'paid' | 'late' | 'differs' | 'closed';

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

/** Tells what came of it; as long as nothing has, it looks again by itself. */
export function renderResultPage(view: ResultView): Page {
  const { looks, path, standing } = view;
  const said = standingOf(standing);
  const isWaiting = (said === 'open' || said === 'working') && looks < MOST_LOOKS;
  const { body, title, tone } = SAID[said](view);
  return renderNotice({
    ...{ tone, title, locale: standing.purchase.locale },
    body: html`${body}${isWaiting && html`<p class="dim small" role="status">This page looks again by itself.</p>`}`,
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

interface Said {
  readonly tone: Tone;
  readonly title: string;
  readonly body: ReturnType<typeof html>;
}

const back = ({ returnUrl }: ResultView) => html`<a class="button" href="${returnUrl}">Back</a>`;
const cabinet = html`<a class="button main" href="/me">Your subscriptions</a>`;

const SAID: Readonly<Record<Standing, (view: ResultView) => Said>> = {
  open: ({ path }) => ({
    ...{ tone: 'info', title: 'We have not heard of your payment yet' },
    body: html`<p>If you have just paid, it takes a moment. If the form was closed or your card was declined, nothing has been taken.</p>
<div class="actions"><a class="button main" href="${path}">Pay, or try another card</a></div>`,
  }),
  working: () => ({
    ...{ tone: 'info', title: 'Paid. One moment more' },
    body: html`<p>The bank has said yes, and your subscription is being opened.</p>`,
  }),
  paid: (view) => ({
    tone: 'ok',
    title: view.standing.isCardPage ? 'Your card is saved' : 'Thank you, you are subscribed',
    body: html`${paidFacts(view)}<p class="dim small">A message with the details is on its way to your phone.</p>
<div class="actions">${cabinet}${back(view)}</div>`,
  }),
  late: (view) => ({
    ...{ tone: 'warn', title: 'This came too late' },
    body: html`<p>The subscription had ended before your payment arrived. The money goes back to your card by itself, in full.</p>
<div class="actions">${back(view)}</div>`,
  }),
  differs: (view) => ({
    ...{ tone: 'warn', title: 'We are looking at your payment' },
    body: html`<p>What arrived is not what was asked for. Nothing more is charged; a person looks at it, and your money is not lost.</p>
<div class="actions">${back(view)}</div>`,
  }),
  closed: (view) => ({
    ...{ tone: 'idle', title: 'This page is closed' },
    body: html`<p>Its time is over, or it was replaced by a newer one. Nothing can be paid here, and nothing was taken by it.</p>
<div class="actions">${back(view)}</div>`,
  }),
};

function paidFacts({ standing: { isCardPage, purchase } }: ResultView) {
  const { amountMinor, cardIsTried, currency, locale, next, timeZone, title, trialUntil } =
    purchase;
  const amount = sayMoney(amountMinor, currency);
  return renderFacts([
    ['Subscription', title],
    [cardIsTried ? 'Card checked' : 'Paid', cardIsTried ? `${amount}, on its way back` : amount],
    ['Free until', trialUntil && sayDay(trialUntil, timeZone, locale)],
    [
      'Next charge',
      isCardPage
        ? undefined
        : next &&
          renderAmountOn(sayMoney(next.amountMinor, currency), sayDay(next.at, timeZone, locale)),
    ],
  ]);
}

/** No gateway can be reached. */
export function renderUnavailable(path: string, locale: string): Page {
  return renderNotice({
    ...{ tone: 'warn', title: 'The payment page can’t be reached now', locale },
    body: html`<p>Nothing has been taken. Please try again in a minute: this page stays yours.</p>
<div class="actions"><a class="button main" href="${path}">Try again</a></div>`,
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
