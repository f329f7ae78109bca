import { type CardCase, pricedAhead } from '#subscriptions/cards';
import { sayCard, type Tone } from '#subscriptions/pages';
import { quote } from '#subscriptions/pricing';
import type { Speech } from '#subscriptions/speech';
import type { Holding } from './holdings.ts';

/** What a subscription is, in words for its holder. */
export interface Said {
  readonly title: string;
  readonly amount: string;
  /** `a month` */
  readonly interval: string;
  readonly status: readonly [Tone, string];
  /** One sentence: what happens next, and when. */
  readonly next: string;
  readonly access: string;
  readonly card: string | undefined;
}

const TONES: Readonly<Record<string, Tone>> = {
  ...{ registered: 'info', pending: 'info', trial: 'ok', active: 'ok' },
  ...{ grace: 'warn', hold: 'bad' },
};

/** The zone in which operators and gateways are told of moments. */
export const ZONE = 'UTC';

export function sayHolding(speech: Speech, holding: Holding): Said {
  const { view } = holding;
  const facts = {
    title: view.title,
    status: [
      TONES[view.status] ?? 'idle',
      speech.sayWord('status', view.status, 'status.expired'),
    ] as const,
    access: speech.sayWord('access', view.status, 'access.closed'),
  };
  if (holding.by === 'card') {
    const { one } = holding;
    const { price, quantity } = one.priced.selection;
    const isEnding = view.alive && one.priced.endsWithPeriod;
    return {
      ...facts,
      amount: speech.money(price.unitPriceMinor * BigInt(quantity), price.currency),
      interval: speech.interval(price.interval),
      ...(isEnding ? { status: ['warn', speech.say('status.ending')] as const } : {}),
      next: nextOfCard(speech, one),
      card: one.card ? sayCard(one.card) : undefined,
    };
  }
  return {
    ...facts,
    amount: speech.money(view.priceMinor, view.currency),
    interval: speech.interval(view.period),
    ...{ next: nextOfPhone(speech, holding), card: undefined },
  };
}

/** A day in the calendar of the subscription. */
export const dayOf = (speech: Speech, { priced }: Pick<CardCase, 'priced'>, at: Date) =>
  speech.day(at, priced.anchor.timeZone);

/** The next charge, as the same rules will compute it. */
export function nextCharge(
  speech: Speech,
  one: CardCase,
): { readonly at: Date; readonly amount: string } | undefined {
  const request = { kind: 'renewal', subscription: pricedAhead(one) } as const;
  const at = one.priced.period.endsAt;
  const result = quote({ request, at, precision: 'second' });
  if (result.outcome === 'refused') return undefined;
  return { at, amount: speech.money(result.quote.dueMinor, result.quote.currency) };
}

function nextOfCard(speech: Speech, one: CardCase): string {
  const { say } = speech;
  const { bill, priced, status } = one;
  const on = (at: Date) => ({ day: dayOf(speech, one, at) });
  if (one.endedAt) return say('next.ended', on(one.endedAt));
  if (bill?.state === 'open' && bill.isUnderWay && status !== 'pending')
    return say('next.under_way');
  if (status === 'pending') return say('next.first_payment');
  if (status === 'grace' || status === 'hold') {
    const amount = bill ? speech.money(bill.amountMinor, bill.currency) : '';
    return bill?.nextAttemptAt
      ? say('next.owed_again', { amount, ...on(bill.nextAttemptAt) })
      : say('next.owed', { amount });
  }
  if (status === 'paused')
    return one.pausedUntil ? say('next.paused_until', on(one.pausedUntil)) : say('next.paused');
  if (priced.endsWithPeriod) return say('next.ends', on(priced.period.endsAt));
  const next = nextCharge(speech, one);
  if (!next) return '';
  const facts = { amount: next.amount, ...on(next.at) };
  return priced.scheduled ? say('next.charge_new_plan', facts) : say('next.charge', facts);
}

function nextOfPhone(speech: Speech, { view }: Extract<Holding, { by: 'phone' }>): string {
  const on = (at: Date) => ({ day: speech.day(at, ZONE) });
  if (view.endedAt) return speech.say('next.ended', on(view.endedAt));
  return view.dueAt ? speech.say('next.phone_on', on(view.dueAt)) : speech.say('next.phone');
}
