import { type CalendarDate, dateOf, dayOf, instantOf, wallTime } from '#rules/local-time';
import { fail } from './errors.ts';

/** How long a paid period is, by the calendar: 1 to 366 days, or 1 to 12 months. */
export interface Interval {
  readonly unit: 'day' | 'month';
  readonly count: number;
}

/** The intervals that have a name. Any other is told in days: `30_days`. */
export const namedIntervals = {
  week: { unit: 'day', count: 7 },
  month: { unit: 'month', count: 1 },
  three_months: { unit: 'month', count: 3 },
  year: { unit: 'month', count: 12 },
} as const satisfies Readonly<Record<string, Interval>>;

const MOST = { day: 366, month: 12 } as const;
const DAYS_TEXT = /^([1-9][0-9]{0,2})_days$/;

/** Reads `week`, `month`, `three_months`, `year` or `<n>_days`. Throws `interval_invalid`. */
export function parseInterval(text: string): Interval {
  const named = Object.entries(namedIntervals).find(([name]) => name === text)?.[1];
  if (named) return named;
  const count = Number(DAYS_TEXT.exec(text)?.[1]);
  if (count >= 1 && count <= MOST.day) return { unit: 'day', count };
  const message = `must be week, month, three_months, year, or 1_days to ${MOST.day}_days`;
  throw fail('interval_invalid', `The interval ${text} is not known: it ${message}.`, {
    faults: [{ field: 'interval', message }],
  });
}

/** The text that `parseInterval` reads back. */
export function formatInterval(interval: Interval): string {
  const name = Object.entries(namedIntervals).find(([, one]) => sameInterval(one, interval))?.[0];
  return name ?? `${interval.count}_${interval.unit}s`;
}

export function sameInterval(one: Interval, other: Interval): boolean {
  return one.unit === other.unit && one.count === other.count;
}

export function isInterval({ count, unit }: Interval): boolean {
  return Number.isInteger(count) && count >= 1 && count <= (MOST[unit] ?? 0);
}

export function lastDayOfMonth({ month, year }: Omit<CalendarDate, 'dayOfMonth'>): number {
  return dateOf(dayOf({ year, month: month + 1, dayOfMonth: 0 })).dayOfMonth;
}

export interface Step {
  readonly interval: Interval;
  readonly timeZone: string;
  /** How many intervals on. */
  readonly times: number;
  /** The day of the month that is meant; a shorter month ends earlier. */
  readonly dayOfMonth: number;
}

/**
 * The moment that lies `times` intervals after `from` on the wall clock. A wall time that a change of the clocks leaves out is the
 * first moment after the gap; of one that comes twice it is the first.
 */
export function stepFrom(from: Date, { dayOfMonth, interval, timeZone, times }: Step): Date {
  if (times === 0) return from;
  const wall = wallTime(timeZone, from.getTime());
  const steps = times * interval.count;
  const day = interval.unit === 'day' ? wall.day + steps : monthsOn(wall.day, steps, dayOfMonth);
  return new Date(instantOf(timeZone, { day, ofDayMs: wall.ofDayMs }));
}

function monthsOn(day: number, months: number, dayOfMonth: number): number {
  const { month, year } = dateOf(day);
  const target = dateOf(dayOf({ year, month: month + months, dayOfMonth: 1 }));
  return dayOf({ ...target, dayOfMonth: Math.min(dayOfMonth, lastDayOfMonth(target)) });
}
