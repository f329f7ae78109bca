import { offsetStretch } from './zone-offsets.ts';

const DAY_MS = 86_400_000;
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** What the wall clock of a zone shows: the day since 1970-01-01 and the milliseconds since its midnight. */
export interface WallTime {
  readonly day: number;
  readonly ofDayMs: number;
}

export function wallTime(timeZone: string, atMs: number): WallTime {
  const localMs = atMs + offsetStretch(timeZone, atMs).offsetMs;
  const day = Math.floor(localMs / DAY_MS);
  return { day, ofDayMs: localMs - day * DAY_MS };
}

/**
 * The first moment at which the calendar of the zone shows `day` or later. Where midnight is left out by a change of
 * the clocks it is the moment of the change; where it comes twice, the first.
 */
export function startOfDay(timeZone: string, day: number): number {
  const localMs = day * DAY_MS;
  // Offsets are within ±15 h: the walk over stretches begins before the day and meets its first moment.
  let atMs = localMs - 15 * 3_600_000;
  for (;;) {
    const { offsetMs, untilMs } = offsetStretch(timeZone, atMs);
    if (atMs + offsetMs >= localMs) return atMs;
    const reachedMs = localMs - offsetMs;
    if (reachedMs < untilMs) return reachedMs;
    atMs = untilMs;
  }
}

/** The first moment at which the wall clock shows `ofDayMs` of `day` or later on that day or after. */
export function instantOf(timeZone: string, wall: WallTime): number {
  const localMs = wall.day * DAY_MS + wall.ofDayMs;
  let atMs = startOfDay(timeZone, wall.day);
  for (;;) {
    const { offsetMs, untilMs } = offsetStretch(timeZone, atMs);
    if (atMs + offsetMs >= localMs) return atMs;
    const reachedMs = localMs - offsetMs;
    if (reachedMs < untilMs) return reachedMs;
    atMs = untilMs;
  }
}

/** Monday is 0. */
export function weekdayIndex(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

export function weekdayOf(day: number): Weekday {
  return WEEKDAYS[weekdayIndex(day)] ?? 'mon';
}

export interface CalendarDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly dayOfMonth: number;
}

export function dateOf(day: number): CalendarDate {
  const date = new Date(day * DAY_MS);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    dayOfMonth: date.getUTCDate(),
  };
}

/** Days since 1970-01-01. Where the month is shorter the count goes on into the next. */
export function dayOf({ year, month, dayOfMonth }: CalendarDate): number {
  return Date.UTC(year, month - 1, dayOfMonth) / DAY_MS;
}

/** `07-14`: how tables of days name a date. */
export function monthDay({ month, dayOfMonth }: CalendarDate): string {
  return `${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
}
