import { type Period, periodBounds } from '#clock';
import type { Plan } from '#subscriptions/cards/plans';
import { billedPeriod, createAnchor, type PricedSubscription } from '#subscriptions/pricing';

// Periods and bills of both ways are numbered on, so that none is ever asked for twice.

const DAYS = { daily: 1, weekly: 7 } as const;
const DAY_MS = 86_400_000;
/** Other days that are tried where a change of the clocks has left the first one without this time of day. */
const TRIES_MOST = 8;

/** How an operator counts from a moment on. */
export interface PhonePeriods {
  /** From where it counts: never later than now, so that every STOP from now on is younger. */
  readonly anchorAt: Date;
  /** Of the period that begins with the moment. */
  readonly number: number;
}

/**
 * Counts an operator's periods so that one of them, of a number that no bill has, begins exactly at `startsAt`. In the hour that
 * a change of the clocks repeats it begins an hour later: what is told by them is the second of the two.
 */
export function phonePeriods(
  startsAt: Date,
  about: {
    readonly now: Date;
    /** The lowest number that is free. */
    readonly first: number;
    readonly period: Period;
    readonly timeZone: string;
  },
): PhonePeriods {
  const { first, now, period, timeZone } = about;
  const aheadMs = Math.max(0, startsAt.getTime() - now.getTime());
  const least = Math.max(first, Math.ceil(aheadMs / (DAYS[period] * DAY_MS)) + 1);
  const countFrom = (number: number) => periodBounds(startsAt, -number, { period, timeZone }).start;
  for (let number = least; number < least + TRIES_MOST; number += 1) {
    const anchorAt = countFrom(number);
    const { start } = periodBounds(anchorAt, number, { period, timeZone });
    if (start.getTime() === startsAt.getTime()) return { anchorAt, number };
  }
  return { anchorAt: countFrom(least), number: least };
}

/** What was paid by phone, to be kept: the next period is the card's, and begins where this one ends. */
export interface KeptPeriod {
  readonly number: number;
  readonly start: Date;
  readonly endsAt: Date;
}

/** The subscription as a card will pay it. `before`: what its card half was when a card paid it last. */
export function pricedFromPhone(
  kept: KeptPeriod,
  about: {
    readonly id: string;
    readonly plan: Plan;
    readonly before: PricedSubscription | undefined;
  },
): PricedSubscription {
  const { before, id, plan } = about;
  const { price, timeZone } = plan;
  const { endsAt, number, start } = kept;
  const anchor = createAnchor({ at: endsAt, interval: price.interval, timeZone });
  const isSameCurrency = before?.selection.price.currency === price.currency;
  return {
    ...{ id, selection: { price, quantity: 1 }, phase: 'paid', endsWithPeriod: false },
    anchor: { ...anchor, number: number + 1 },
    period: { ...billedPeriod({ number, start, end: endsAt }), endsAt },
    coupons: before?.coupons ?? [],
    balanceMinor: isSameCurrency ? before.balanceMinor : 0n,
    payments: [],
  };
}
