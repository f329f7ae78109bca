import { wallTime } from '#rules/local-time';
import { type Anchor, createAnchor, type Period, periodAt, reanchor } from './anchor.ts';
import { fail } from './errors.ts';
import { type Interval, stepFrom } from './interval.ts';
import { NOTHING, type Share } from './share.ts';

/** A period that was, or is to be, paid for. Its length is that of the original bounds, however pauses have moved its end. */
export interface BilledPeriod extends Period {
  /** When it is over: `end`, or later by the time that was paused. */
  readonly endsAt: Date;
}

/** How a part of a period is measured: by seconds, or by calendar days of the subscriber. */
export type Precision = 'second' | 'day';

export function billedPeriod(period: Period): BilledPeriod {
  const { end, number, start } = period;
  return { number, start, end, endsAt: end };
}

const TRIAL_DAYS_MOST = 366;

/** A trial, and the anchor of what is paid for after it: period 0 starts where the trial ends. */
export function startTrial(
  at: Date,
  { days, interval, timeZone }: { days: number; interval: Interval; timeZone: string },
): { readonly trial: BilledPeriod; readonly anchor: Anchor } {
  if (!Number.isInteger(days) || days < 1 || days > TRIAL_DAYS_MOST) {
    const message = `must be 1 to ${TRIAL_DAYS_MOST}`;
    throw fail('anchor_invalid', `A trial can't last ${days} days: trialDays ${message}.`, {
      faults: [{ field: 'trialDays', message }],
    });
  }
  const step = {
    interval: { unit: 'day', count: days },
    timeZone,
    times: 1,
    dayOfMonth: 1,
  } as const;
  const anchor = createAnchor({ at: stepFrom(at, step), interval, timeZone });
  return { trial: billedPeriod({ number: -1, start: at, end: anchor.at }), anchor };
}

const DAY_MS = 86_400_000;

/** When a pause ends by itself. */
export function pauseEndsAt(pausedAt: Date, maxDays: number): Date {
  return new Date(pausedAt.getTime() + maxDays * DAY_MS);
}

/**
 * Ends a pause: the period is over later by exactly the paused time, at most `maxDays`, and the following ones are counted from
 * there. Throws `pause_invalid` when the pause did not begin within the period.
 */
export function resume(
  { anchor, period }: { readonly anchor: Anchor; readonly period: BilledPeriod },
  { maxDays, pausedAt, resumedAt }: { pausedAt: Date; resumedAt: Date; maxDays: number },
): { readonly anchor: Anchor; readonly period: BilledPeriod } {
  if (pausedAt < period.start || pausedAt >= period.endsAt) {
    const message = 'must lie within the period that is paused';
    throw fail('pause_invalid', `The pause can't be ended: pausedAt ${message}.`, {
      faults: [{ field: 'pausedAt', message }],
    });
  }
  const until = Math.min(resumedAt.getTime(), pauseEndsAt(pausedAt, maxDays).getTime());
  const pausedMs = Math.max(0, until - pausedAt.getTime());
  if (pausedMs === 0) return { anchor, period };
  const endsAt = new Date(period.endsAt.getTime() + pausedMs);
  return {
    period: { ...period, endsAt },
    anchor: reanchor(anchor, { at: endsAt, number: period.number + 1 }),
  };
}

/**
 * A bill that is paid out of hold. `keep`: the bounds stay, and the days without access are lost. `restart`: the period that was paid
 * for begins with the payment, and so it does in any case when it would be over already: nobody pays for a time that he was shut
 * out of. Out of grace nothing moves: access was open all the time.
 */
export function recover(
  { anchor, period }: { readonly anchor: Anchor; readonly period: BilledPeriod },
  { how, paidAt }: { readonly paidAt: Date; readonly how: 'keep' | 'restart' },
): { readonly anchor: Anchor; readonly period: BilledPeriod } {
  if (how === 'keep' && paidAt < period.endsAt) return { anchor, period };
  const restarted = reanchor(anchor, { at: paidAt, number: period.number });
  return { anchor: restarted, period: billedPeriod(periodAt(restarted, period.number)) };
}

/**
 * What of a period is left at `at`, as a share of the whole original period, never of a piece of it. By days, the day of `at` itself
 * is left, unless `today` says that it was used.
 */
export function remainingShare(
  period: BilledPeriod,
  at: Date,
  how: { readonly precision: Precision; readonly timeZone: string; readonly today?: 'used' },
): Share {
  const { precision, timeZone, today } = how;
  const mark = (instant: Date) =>
    precision === 'second'
      ? Math.floor(instant.getTime() / 1000)
      : wallTime(timeZone, instant.getTime()).day;
  const whole = mark(period.end) - mark(period.start);
  if (whole <= 0) return NOTHING;
  const used = precision === 'day' && today === 'used' ? 1 : 0;
  const left = mark(period.endsAt) - mark(at) - used;
  const numerator = Math.min(whole, Math.max(0, left));
  return { numerator: BigInt(numerator), denominator: BigInt(whole) };
}
