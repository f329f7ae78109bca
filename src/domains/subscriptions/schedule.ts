import { nextInside, nextOutside, periodBounds } from '#clock';
import { nextStatus, type SubscriptionStatus } from './subscription.ts';
import { carrierPeriod, type Terms } from './terms.ts';

/** Pure decisions about when money is asked for. Nothing here reads a clock or a database. */

export interface BillNow {
  readonly period: number;
  readonly attempts: number;
  readonly openedAt: Date;
}

export interface SubscriptionNow {
  readonly status: SubscriptionStatus;
  readonly anchorAt: Date;
  /** The newest period that has a bill; -1 before the first. */
  readonly period: number;
  readonly paidUntil: Date | undefined;
  readonly openBill: BillNow | undefined;
}

export interface Circumstances {
  readonly terms: Terms;
  readonly timeZone: string;
  readonly now: Date;
}

export type DuePlan =
  /** Ask for the money of `period` until `notAfter`; `closes` names the bill whose time is over. */
  | {
      readonly plan: 'charge';
      readonly period: number;
      readonly retry: boolean;
      readonly notAfter: Date;
      readonly status: SubscriptionStatus;
      readonly closes: BillNow | undefined;
      readonly missed: readonly number[];
    }
  | { readonly plan: 'wait'; readonly until: Date }
  | { readonly plan: 'expire'; readonly closes: BillNow | undefined };

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const PERIOD_DAYS = { daily: 1, weekly: 7 } as const;
/** After an outage of years nobody wants a thousand rows of missed days. */
const MISSED_MOST = 60;

/** What is to be done for a subscription whose time has come. */
export function planDue(subscription: SubscriptionNow, about: Circumstances): DuePlan {
  const { now, terms, timeZone } = about;
  const { anchorAt, openBill, status } = subscription;
  if (isOverdue(subscription, about)) return { plan: 'expire', closes: openBill };
  const opens = nextInside(now, terms.chargeWindow, timeZone);
  if (opens.getTime() !== now.getTime()) return { plan: 'wait', until: opens };
  const period = currentPeriod(anchorAt, about);
  if (!openBill && period <= subscription.period) {
    return { plan: 'wait', until: dueAtStartOf(period + 1, anchorAt, about) };
  }
  const retry = openBill?.period === period;
  const last = openBill ? openBill.period : subscription.period;
  return {
    plan: 'charge',
    period,
    retry: retry && (openBill?.attempts ?? 0) > 0,
    notAfter: chargeableUntil(period, anchorAt, about),
    // A period that ended unpaid closes the access until one is paid again.
    status: openBill && !retry ? (nextStatus(status, 'park') ?? status) : status,
    closes: retry ? undefined : openBill,
    missed: between(last, period).slice(-MISSED_MOST),
  };
}

export type AfterAttempt = { readonly dueAt: Date; readonly status: SubscriptionStatus };

/** After a charge that was refused for now: the next step of the ladder, or the next period. */
export function planAfterDecline(
  subscription: SubscriptionNow & { readonly openBill: BillNow },
  about: Circumstances & { readonly again: boolean },
): AfterAttempt {
  const { anchorAt, openBill, status } = subscription;
  const { again, now, terms } = about;
  const nextPeriod = dueAtStartOf(openBill.period + 1, anchorAt, about);
  const minutes = again ? terms.retryAfterMinutes[openBill.attempts] : undefined;
  const after = nextStatus(status, 'miss') ?? status;
  if (minutes === undefined) return { dueAt: nextPeriod, status: after };
  const planned = new Date(openBill.openedAt.getTime() + minutes * MINUTE_MS);
  const dueAt = nextInside(planned > now ? planned : now, terms.chargeWindow, about.timeZone);
  return { dueAt: dueAt < nextPeriod ? dueAt : nextPeriod, status: after };
}

/** When the next period's money is asked for. */
export function dueAtStartOf(period: number, anchorAt: Date, about: Circumstances): Date {
  const { terms, timeZone } = about;
  const { start } = periodBounds(anchorAt, period, { period: carrierPeriod(terms), timeZone });
  return nextInside(start, terms.chargeWindow, timeZone);
}

export function endOfPeriod(period: number, anchorAt: Date, about: Circumstances): Date {
  const { terms, timeZone } = about;
  return periodBounds(anchorAt, period, { period: carrierPeriod(terms), timeZone }).end;
}

/** A charge is dropped at the end of its period, and when the day's window closes. */
export function chargeableUntil(period: number, anchorAt: Date, about: Circumstances): Date {
  const { now, terms, timeZone } = about;
  const end = endOfPeriod(period, anchorAt, about);
  const closes = windowCloses(now, terms, timeZone);
  return closes < end ? closes : end;
}

function windowCloses(now: Date, terms: Terms, timeZone: string): Date {
  const { fromMinute, toMinute } = terms.chargeWindow;
  if (fromMinute === 0 && toMinute === 24 * 60) return new Date(now.getTime() + DAY_MS);
  return nextOutside(now, terms.chargeWindow, timeZone);
}

/** The period that `now` lies in, counted from the anchor. */
export function currentPeriod(anchorAt: Date, about: Circumstances): number {
  const { now, terms, timeZone } = about;
  const lengthMs = PERIOD_DAYS[carrierPeriod(terms)] * DAY_MS;
  const options = { period: carrierPeriod(terms), timeZone };
  let period = Math.max(0, Math.floor((now.getTime() - anchorAt.getTime()) / lengthMs));
  // A change of the clocks moves a bound by an hour, so the guess is off by one at most.
  if (periodBounds(anchorAt, period, options).start > now) period = Math.max(0, period - 1);
  else if (periodBounds(anchorAt, period, options).end <= now) period += 1;
  return period;
}

/** Nothing was paid for so long that it ends by itself. */
function isOverdue(
  { anchorAt, paidUntil }: SubscriptionNow,
  { now, terms }: Circumstances,
): boolean {
  const since = paidUntil ?? anchorAt;
  return now.getTime() - since.getTime() >= terms.keepDays * DAY_MS;
}

function between(last: number, next: number): number[] {
  return Array.from({ length: Math.max(0, next - last - 1) }, (_, index) => last + 1 + index);
}
