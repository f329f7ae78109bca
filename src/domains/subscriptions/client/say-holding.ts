import { type Html, html } from '#http';
import { type CardCase, pricedAhead } from '#subscriptions/cards';
import { sayCard, sayDay, sayInterval, sayMoney, type Tone } from '#subscriptions/pages';
import { quote } from '#subscriptions/pricing';
import type { Holding } from './holdings.ts';

/** What a subscription is, in words for its holder. */
export interface Said {
  readonly title: string;
  readonly price: string;
  readonly status: readonly [Tone, string];
  /** One sentence: what happens next, and when. */
  readonly next: string;
  readonly access: string;
  readonly card: string | undefined;
}

const LOCALE = 'en';

const STATUS: Readonly<Record<string, readonly [Tone, string]>> = {
  registered: ['info', 'Starting'],
  pending: ['info', 'Waiting for payment'],
  trial: ['ok', 'Free trial'],
  active: ['ok', 'Active'],
  grace: ['warn', 'Payment failed'],
  hold: ['bad', 'On hold'],
  paused: ['idle', 'Paused'],
  expired: ['idle', 'Ended'],
  cancelled: ['idle', 'Cancelled'],
};

const ACCESS: Readonly<Record<string, string>> = {
  trial: 'Open',
  active: 'Open',
  grace: 'Open, for a few days more',
  hold: 'Closed until it is paid',
  paused: 'Closed while it is paused',
  pending: 'Opens with the first payment',
};

export function sayHolding(holding: Holding): Said {
  const { view } = holding;
  const status = STATUS[view.status] ?? (['idle', 'Ended'] as const);
  const access = ACCESS[view.status] ?? 'Closed';
  if (holding.by === 'card') {
    const { one } = holding;
    const { price, quantity } = one.priced.selection;
    const amount = sayMoney(price.unitPriceMinor * BigInt(quantity), price.currency);
    const isEnding = view.alive && one.priced.endsWithPeriod;
    return {
      ...{ title: view.title, access, price: `${amount} ${sayInterval(price.interval)}` },
      status: isEnding ? ['warn', 'Ends soon'] : status,
      next: nextOfCard(one),
      card: one.card ? sayCard(one.card) : undefined,
    };
  }
  const amount = sayMoney(view.priceMinor, view.currency);
  return {
    ...{ title: view.title, access, status, price: `${amount} ${sayInterval(view.period)}` },
    ...{ next: nextOfPhone(holding), card: undefined },
  };
}

export const dayOf = ({ priced }: Pick<CardCase, 'priced'>, at: Date) =>
  sayDay(at, priced.anchor.timeZone, LOCALE);

/** The next charge, as the same rules will compute it. */
export function nextCharge(
  one: CardCase,
): { readonly at: Date; readonly amount: string } | undefined {
  const request = { kind: 'renewal', subscription: pricedAhead(one) } as const;
  const at = one.priced.period.endsAt;
  const result = quote({ request, at, precision: 'second' });
  if (result.outcome === 'refused') return undefined;
  return { at, amount: sayMoney(result.quote.dueMinor, result.quote.currency) };
}

function nextOfCard(one: CardCase): string {
  const { bill, priced, status } = one;
  const until = dayOf(one, priced.period.endsAt);
  if (one.endedAt) return `Ended on ${dayOf(one, one.endedAt)}.`;
  if (bill?.state === 'open' && bill.isUnderWay && status !== 'pending')
    return 'A payment is under way.';
  if (status === 'pending') return 'The first payment has not been made yet.';
  if (status === 'grace' || status === 'hold') {
    const owed = bill ? sayMoney(bill.amountMinor, bill.currency) : '';
    const again = bill?.nextAttemptAt ? ` We try again on ${dayOf(one, bill.nextAttemptAt)}.` : '';
    return `${owed} could not be charged.${again}`;
  }
  if (status === 'paused')
    return one.pausedUntil ? `Goes on by itself on ${dayOf(one, one.pausedUntil)}.` : 'Paused.';
  if (priced.endsWithPeriod) return `Ends on ${until}. Nothing more is charged.`;
  const next = nextCharge(one);
  const change = priced.scheduled ? ' Your new plan begins then.' : '';
  return next ? `Next charge: ${next.amount} on ${dayOf(one, next.at)}.${change}` : '';
}

function nextOfPhone({ view }: Extract<Holding, { by: 'phone' }>): string {
  if (view.endedAt) return `Ended on ${sayDay(view.endedAt, 'UTC', LOCALE)}.`;
  const next = view.dueAt ? ` Next charge: ${sayDay(view.dueAt, 'UTC', LOCALE)}.` : '';
  return `Charged to your phone balance.${next}`;
}

export function renderPrice(price: string): Html {
  const [amount = '', ...words] = price.split(' ');
  return html`<p class="price">${amount} <small>${words.join(' ')}</small></p>`;
}
