import { createHash } from 'node:crypto';
import { dateOf, instantOf, wallTime } from '#rules/local-time';
import type { DunningPolicy } from './policy.ts';

const MINUTE_MS = 60_000;

export function dayAt(instant: Date, timeZone: string): number {
  return wallTime(timeZone, instant.getTime()).day;
}

export function dayOfMonth(day: number): number {
  return dateOf(day).dayOfMonth;
}

export function momentOf(day: number, ofDayMs: number, timeZone: string): Date {
  return new Date(instantOf(timeZone, { day, ofDayMs }));
}

/** Of each day's hours, the moment that is this subscription's own: always the same, and spread over all of them. */
export function ownMoment(
  day: number,
  about: {
    readonly subscription: string;
    readonly hours: DunningPolicy['hours'];
    timeZone: string;
  },
): Date {
  const { hours, subscription, timeZone } = about;
  const lengthMs = (hours.toMinute - hours.fromMinute) * MINUTE_MS;
  const offsetMs = Math.floor((fractionOf(subscription) * lengthMs) / 1000) * 1000;
  return momentOf(day, hours.fromMinute * MINUTE_MS + offsetMs, timeZone);
}

/** From 0 up to, not including, 1, by the text alone. */
function fractionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
