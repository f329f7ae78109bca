import { dateOf, dayOf, instantOf, startOfDay, wallTime, weekdayIndex } from '#rules/local-time';
import type { AppliedRule } from './apply-rules.ts';
import type { Facts, Override } from './facts.ts';
import { type CountingRule, countingRules } from './scopes.ts';
import { bindingSpans, replaceableRules, type Span } from './spans.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A day, week or month of the local calendar; or any stretch as long as this, or as a month of that calendar. */
export type Period =
  | { readonly calendar: 'day' | 'week' | 'month' }
  | { readonly rollingMs: number; readonly text: string }
  | { readonly rollingMonth: true };

/** One limit over one counter: what has been counted must leave room. */
export interface Cap {
  readonly applied: CountingRule;
  readonly scope: string;
  readonly limit: number;
  readonly period: Period;
  /** Zones that the recipient may be in: a period that is full in one of them is full. */
  readonly zones: readonly string[];
  /** Moments that were counted, the last first. */
  readonly countedMs: readonly number[];
  readonly span: Span;
  readonly override: Override | undefined;
}

export function capsOf(rules: readonly AppliedRule[], facts: Facts): readonly Cap[] {
  const replaceable = replaceableRules(rules);
  return countingRules(rules).flatMap((applied) => {
    const { own, agreements } = bindingSpans(applied, { overrides: facts.overrides, replaceable });
    const limits = [
      ...own.map((span) => ({ span, limit: limitOf(applied), override: undefined })),
      ...agreements.map(({ span, override }) => ({
        ...{ span, override },
        limit: override.limit ?? limitOf(applied),
      })),
    ];
    const zones = [...new Set(applied.places.map(({ zone }) => zone))];
    return (applied.counting?.scopes ?? []).flatMap((scope) => {
      const counted = facts.counted.get(scope) ?? [];
      const countedMs = counted.map((at) => at.getTime()).sort((one, other) => other - one);
      return periodsOf(applied).flatMap((period) =>
        limits.map((limit) => ({ applied, scope, period, zones, countedMs, ...limit })),
      );
    });
  });
}

function limitOf({ rule }: CountingRule): number {
  return rule.kind === 'frequencyCap' ? rule.limit : 1;
}

function periodsOf({ rule }: CountingRule): readonly Period[] {
  if (rule.kind === 'minInterval') {
    return [{ rollingMs: rule.minutes * MINUTE_MS, text: `${rule.minutes} min` }];
  }
  const { calendar, rolling } = rule;
  return [
    ...(calendar === undefined ? [] : [{ calendar }]),
    ...(rolling === undefined ? [] : [readRolling(rolling)]),
  ];
}

function readRolling(text: string): Period {
  if (text === 'P1M') return { rollingMonth: true };
  const [, count = '', unit = ''] = /^PT?(\d+)([DHM])$/.exec(text) ?? [];
  const ms = Number(count) * (unit === 'D' ? DAY_MS : unit === 'H' ? HOUR_MS : MINUTE_MS);
  return { rollingMs: ms, text: `${count} ${unit === 'D' ? 'd' : unit === 'H' ? 'h' : 'min'}` };
}

/**
 * The first moment not before `fromMs` at which the counter has room, as it stands now. Moments that are counted and
 * yet to come (a clock that went back) take their place all the same: room is never lost again by waiting.
 */
export function nextFree(cap: Cap, fromMs: number): number {
  const { span, limit } = cap;
  const freeMs = forgottenTimes(cap)[limit - 1];
  if (freeMs === undefined || fromMs < span.fromMs || fromMs >= span.toMs) return fromMs;
  return Math.min(Math.max(fromMs, freeMs), span.toMs);
}

/**
 * When counted messages take no place any more, the last first. A month later is not always in the order of what was
 * counted: the 31st of January is a month old on the 3rd of March, after the 2nd of February.
 */
function forgottenTimes(cap: Cap): readonly number[] {
  const times = cap.countedMs.map((countedMs) => forgottenAt(cap, countedMs));
  return 'rollingMonth' in cap.period ? times.sort((one, other) => other - one) : times;
}

/** How many still take a place at a moment. */
export function countedAt(cap: Cap, atMs: number): number {
  return cap.countedMs.filter((one) => forgottenAt(cap, one) > atMs).length;
}

/** When a counted message takes no place any more, in the zone in which that is last. */
function forgottenAt({ period, zones }: Cap, countedMs: number): number {
  if ('rollingMs' in period) return countedMs + period.rollingMs;
  return Math.max(
    ...zones.map((zone) =>
      'calendar' in period
        ? periodAfter(zone, countedMs, period.calendar)
        : monthAfter(zone, countedMs),
    ),
  );
}

/** Where the period ends in which a moment lies: the first moment of the next one. */
function periodAfter(zone: string, atMs: number, period: 'day' | 'week' | 'month'): number {
  const { day } = wallTime(zone, atMs);
  if (period === 'day') return startOfDay(zone, day + 1);
  if (period === 'week') return startOfDay(zone, day - weekdayIndex(day) + 7);
  const { year, month } = dateOf(day);
  return startOfDay(zone, dayOf({ year, month: month + 1, dayOfMonth: 1 }));
}

/**
 * A month later by the wall clock. Where the next month lacks the day the days go on into the one after it, so that
 * the 31st of January is a month old on the 3rd of March: never early.
 */
function monthAfter(zone: string, atMs: number): number {
  const { day, ofDayMs } = wallTime(zone, atMs);
  const date = dateOf(day);
  return instantOf(zone, { day: dayOf({ ...date, month: date.month + 1 }), ofDayMs });
}
