import {
  type Calendars,
  type DayFacts,
  type DayKind,
  dateOf,
  monthDay,
  offsetStretch,
  type Place,
  weekdayFacts,
  weekdayIndex,
} from '#rules/local-time';
import { type AppliedRule, rulesOf } from './apply-rules.ts';
import type { KnownFacts, Override } from './facts.ts';
import type { RuleOf } from './rule-set.ts';
import { type Intervals, type ReadyWindows, readyWindows } from './rulebook.ts';
import { bindingSpans, replaceableRules, type Span } from './spans.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The hours of one rule at one place. */
export interface WindowSource {
  readonly applied: AppliedRule<RuleOf<'timeWindow'>>;
  readonly place: Place;
  readonly windows: ReadyWindows;
  readonly span: Span;
  /** The agreement whose hours these are. */
  readonly override: Override | undefined;
}

/** Whether it is open, and up to when the answer surely stays the same. */
export interface WindowState {
  readonly open: boolean;
  readonly untilMs: number;
}

export interface Run {
  readonly fromMs: number;
  /** Where a window that bounds validity closes first. */
  readonly toMs: number;
}

export function windowSources(
  rules: readonly AppliedRule[],
  facts: KnownFacts,
): readonly WindowSource[] {
  const replaceable = replaceableRules(rules);
  return rulesOf(rules, 'timeWindow').flatMap((applied) => {
    const windows =
      applied.rule.windows === 'entity'
        ? facts.entity?.standardTime && readyWindows(facts.entity.standardTime)
        : applied.ready.windows;
    if (!windows) return [];
    const { own, agreements } = bindingSpans(applied, { overrides: facts.overrides, replaceable });
    return applied.places.flatMap((place): WindowSource[] => [
      ...own.map((span) => ({ applied, place, windows, span, override: undefined })),
      ...agreements.flatMap(({ override, span }) =>
        override.windows
          ? [{ applied, place, windows: readyWindows(override.windows), span, override }]
          : [],
      ),
    ]);
  });
}

/** The hours of all rules at all candidate places at once: open is only what each of them has open. */
export class Windows {
  readonly sources: readonly WindowSource[];
  readonly #calendars: Calendars;

  constructor(sources: readonly WindowSource[], calendars: Calendars) {
    this.sources = sources;
    this.#calendars = calendars;
  }

  /** The same for some of the sources. */
  only(sources: readonly WindowSource[]): Windows {
    return new Windows(sources, this.#calendars);
  }

  /** From the first moment not before `fromMs` at which sending is allowed; undefined when that is past `limitMs`. */
  nextRun(fromMs: number, limitMs: number): Run | undefined {
    let atMs = fromMs;
    while (atMs <= limitMs) {
      const openMs = this.#nextOpen(atMs, limitMs);
      if (openMs === undefined) return undefined;
      const lastMs = this.lastSafeMs(openMs);
      const closesMs = this.#closes(openMs, Math.max(limitMs, openMs + lastMs));
      if (openMs + lastMs <= closesMs) return { fromMs: openMs, toMs: closesMs };
      atMs = closesMs;
    }
    return undefined;
  }

  /** How long before a closing nothing is sent any more, by the rules in force at a moment. */
  lastSafeMs(atMs: number): number {
    let longest = 0;
    for (const { applied, span } of this.sources) {
      if (atMs < span.fromMs || atMs >= span.toMs) continue;
      const { lastSafeSendMinutes = 0, capValidityToWindow } = applied.rule;
      if (capValidityToWindow) longest = Math.max(longest, lastSafeSendMinutes * MINUTE_MS);
    }
    return longest;
  }

  #nextOpen(fromMs: number, limitMs: number): number | undefined {
    let atMs = fromMs;
    for (let agreed = 0, index = 0; agreed < this.sources.length; ) {
      const source = this.sources[index];
      if (!source) return atMs;
      const { open, untilMs } = this.stateOf(source, atMs);
      if (open) agreed += 1;
      else {
        agreed = 0;
        atMs = untilMs;
        if (atMs > limitMs) return undefined;
      }
      if (open) index = (index + 1) % this.sources.length;
    }
    return atMs;
  }

  /** The first moment after `fromMs`, at which all are open, at which one that bounds validity is closed. */
  #closes(fromMs: number, limitMs: number): number {
    let closesMs = Number.POSITIVE_INFINITY;
    for (const source of this.sources) {
      if (!source.applied.rule.capValidityToWindow) continue;
      let atMs = fromMs;
      while (atMs < closesMs) {
        const { open, untilMs } = this.stateOf(source, atMs);
        if (!open) {
          closesMs = atMs;
          break;
        }
        atMs = untilMs;
        // What is open beyond the limit does not matter any more: say so by a moment past it.
        if (atMs > limitMs) break;
      }
    }
    return closesMs;
  }

  stateOf(source: WindowSource, atMs: number): WindowState {
    const { span } = source;
    if (atMs < span.fromMs) return { open: true, untilMs: span.fromMs };
    if (atMs >= span.toMs) return { open: true, untilMs: Number.POSITIVE_INFINITY };
    const stretch = offsetStretch(source.place.zone, atMs);
    const localMs = atMs + stretch.offsetMs;
    const day = Math.floor(localMs / DAY_MS);
    const midnightMs = day * DAY_MS - stretch.offsetMs;
    const bounded = (ofDayMs: number) => Math.min(midnightMs + ofDayMs, stretch.untilMs, span.toMs);
    for (const [fromMs, toMs] of this.intervalsOf(source, day)) {
      if (localMs - day * DAY_MS < fromMs) return { open: false, untilMs: bounded(fromMs) };
      if (localMs - day * DAY_MS < toMs) return { open: true, untilMs: bounded(toMs) };
    }
    return { open: false, untilMs: bounded(DAY_MS) };
  }

  intervalsOf(source: WindowSource, day: number): Intervals {
    const { windows } = source;
    if (windows.byDate.size > 0) {
      const date = dateOf(day);
      const name = monthDay(date);
      const dated = windows.byDate.get(`${date.year}-${name}`) ?? windows.byDate.get(name);
      if (dated) return dated;
    }
    const { kinds } = this.dayFactsOf(source, day);
    const weekday = weekdayIndex(day);
    const [first, ...others] = kinds;
    return others.reduce<Intervals>(
      (open, kind) => intersect(open, ofKind(windows, kind, weekday)),
      ofKind(windows, first ?? 'off', weekday),
    );
  }

  dayFactsOf({ applied, place }: WindowSource, day: number): DayFacts {
    const { calendar, regionalDays = true } = applied.rule;
    if (calendar === undefined) return weekdayFacts(day);
    const own = place.country === calendar || place.region === undefined;
    // A name that no region has leaves the days of the country alone.
    const region = own && regionalDays ? place.region : calendar;
    return this.#calendars.dayFacts(calendar, region, day);
  }
}

function ofKind(windows: ReadyWindows, kind: DayKind, weekday: number): Intervals {
  if (kind === 'holiday' && windows.holiday) return windows.holiday;
  const ofWeekday = windows.byWeekday[weekday];
  if (ofWeekday) return ofWeekday;
  if (kind === 'short') return windows.short;
  return kind === 'work' ? windows.work : windows.off;
}

function intersect(one: Intervals, other: Intervals): Intervals {
  if (one === other) return one;
  return one.flatMap(([fromMs, toMs]) =>
    other
      .map(([from, to]) => [Math.max(from, fromMs), Math.min(to, toMs)] as const)
      .filter(([from, to]) => from < to),
  );
}
