import { must } from '#errors';
import { dateOf, isTimeZone, wallTime } from '#rules/local-time';
import { fail } from './errors.ts';
import { type Interval, isInterval, lastDayOfMonth, stepFrom } from './interval.ts';

/** From where periods are counted: all bounds come from it, none from the bound before. */
export interface Anchor {
  readonly at: Date;
  /** The number of the period that starts at `at`: 0, or more after a re-anchoring. */
  readonly number: number;
  readonly interval: Interval;
  /** IANA, such as `Europe/Moscow`. */
  readonly timeZone: string;
  /** The day of the month to which bounds come back after shorter months. */
  readonly dayOfMonth: number;
}

/** Half-open: from `start` up to, not including, `end`. */
export interface Period {
  readonly number: number;
  readonly start: Date;
  readonly end: Date;
}

const NUMBER_MOST = 100_000;
const DAY_MS = 86_400_000;
/** No month is longer; a change of the clocks makes one period early or late at most. */
const LONGEST_MS = { day: DAY_MS, month: 31 * DAY_MS } as const;

/** Throws `anchor_invalid`, naming each field. */
export function createAnchor(input: {
  readonly at: Date;
  readonly interval: Interval;
  readonly timeZone: string;
}): Anchor {
  const { at, interval, timeZone } = input;
  const wrong = [
    ...(Number.isFinite(at.getTime()) ? [] : [{ field: 'at', message: 'must be a moment' }]),
    ...(isInterval(interval)
      ? []
      : [{ field: 'interval', message: 'must be 1 to 366 days or 1 to 12 months' }]),
    ...(isTimeZone(timeZone)
      ? []
      : [{ field: 'timeZone', message: 'must be an IANA name such as Europe/Moscow' }]),
  ];
  const [first] = wrong;
  if (first) {
    const text = `Periods can't be counted: ${first.field} ${first.message}.`;
    throw fail('anchor_invalid', text, { faults: wrong });
  }
  return { at, interval, timeZone, number: 0, dayOfMonth: dayOfMonthAt(at, timeZone) };
}

/** Period `number` of an anchor. Asking for one before the anchor's first is a bug. */
export function periodAt(anchor: Anchor, number: number): Period {
  const times = number - anchor.number;
  must(Number.isInteger(times) && times >= 0, 'a period comes after its anchor');
  must(number <= NUMBER_MOST, 'a subscription has no more periods than this');
  return { number, start: boundAt(anchor, times), end: boundAt(anchor, times + 1) };
}

/** The period that `instant` lies in; before the anchor (a clock that lags) it is the first. */
export function periodOf(anchor: Anchor, instant: Date): Period {
  const { at, interval, number } = anchor;
  const passedMs = instant.getTime() - at.getTime();
  // Never too late a guess; shorter months make it early, by one in thirty.
  const guess = Math.floor(passedMs / (LONGEST_MS[interval.unit] * interval.count)) - 1;
  let times = Math.max(0, guess);
  while (boundAt(anchor, times + 1) <= instant) times += 1;
  return periodAt(anchor, number + times);
}

function boundAt(anchor: Anchor, times: number): Date {
  return stepFrom(anchor.at, { ...anchor, times });
}

export interface Restart {
  readonly at: Date;
  /** Of the first period that is counted from here. */
  readonly number: number;
  readonly interval?: Interval;
  readonly timeZone?: string;
}

/**
 * Counts on from another moment. The day of the month that was meant is kept as long as the date is the one at which the old anchor
 * would have ended a period, so that the 31st survives a change of zone in April; else the new date is meant.
 */
export function reanchor(anchor: Anchor, { at, number, ...changes }: Restart): Anchor {
  const { interval = anchor.interval, timeZone = anchor.timeZone } = changes;
  const fresh = createAnchor({ at, interval, timeZone });
  const isBound =
    anchor.interval.unit === 'month' && periodOf(anchor, at).start.getTime() === at.getTime();
  // In a zone that has another date already the day is not the one that was meant.
  const date = dateOf(wallTime(timeZone, at.getTime()).day);
  const keeps = isBound && Math.min(anchor.dayOfMonth, lastDayOfMonth(date)) === date.dayOfMonth;
  return { ...fresh, number, dayOfMonth: keeps ? anchor.dayOfMonth : fresh.dayOfMonth };
}

/**
 * The subscriber's clock is another from the end of the period that `now` lies in: this one keeps the bounds that its bill has, the
 * next starts at the same instant and ends by the new clock.
 */
export function changeZone(anchor: Anchor, timeZone: string, now: Date): Anchor {
  const { end, number } = periodOf(anchor, now);
  return reanchor(anchor, { at: end, number: number + 1, timeZone });
}

function dayOfMonthAt(at: Date, timeZone: string): number {
  return dateOf(wallTime(timeZone, at.getTime()).day).dayOfMonth;
}
