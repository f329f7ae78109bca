import {
  type Calendars,
  type CalendarYear,
  createCalendars,
  createNumbers,
  type Numbers,
  type NumberTable,
  WEEKDAYS,
} from '#rules/local-time';
import { type Predicate, switchesIn } from './predicate.ts';
import type { LocalTime, Rule, RuleSet, Switch, WindowsByDay } from './rule-set.ts';

/** Rule sets, calendars and numbers, made ready for evaluation. Made once per change, never per message. */
export interface Rulebook {
  readonly sets: readonly ReadySet[];
  readonly calendars: Calendars;
  readonly numbers: Numbers;
}

/** @internal */
export interface ReadySet {
  readonly id: string;
  /** `ru-230fz@3`. */
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly appliesWhen: Predicate;
  /** Whether the set applies may depend on a switch. */
  readonly asksSwitch: boolean;
  readonly localTime: LocalTime;
  /** One for all sets that ask the same sources of local time in the same way. */
  readonly localTimeKey: string;
  readonly switches: ReadonlyMap<string, Switch>;
  readonly rules: readonly ReadyRule[];
}

/** @internal */
export interface ReadyRule {
  readonly set: ReadySet;
  readonly rule: Rule;
  /** `ru-230fz@3/window`. */
  readonly name: string;
  /** Switches that decide whether it applies. */
  readonly switches: readonly string[];
  readonly windows?: ReadyWindows;
}

/** Intervals in milliseconds since local midnight. */
export type Intervals = readonly (readonly [fromMs: number, toMs: number])[];

/** @internal */
export interface ReadyWindows {
  readonly work: Intervals;
  readonly off: Intervals;
  readonly short: Intervals;
  readonly holiday: Intervals | undefined;
  /** From Monday. */
  readonly byWeekday: readonly (Intervals | undefined)[];
  readonly byDate: ReadonlyMap<string, Intervals>;
}

/** The order in which the sources of local time are asked where a set states no other. */
export const STANDARD_LOCAL_TIME: LocalTime = {
  sources: (['explicit', 'region', 'number', 'country', 'entity'] as const).map((from) => ({
    from,
  })),
  ambiguous: 'intersection',
};

/** Takes sets as `parseRuleSet` gives them; those that are not active are left out. */
export function createRulebook(parts: {
  readonly sets: readonly RuleSet[];
  readonly calendars: readonly CalendarYear[];
  /** Later tables go before earlier ones. */
  readonly numbers: readonly NumberTable[];
}): Rulebook {
  return {
    sets: parts.sets.filter(({ status }) => status === 'active').map(readySet),
    calendars: createCalendars(parts.calendars),
    numbers: createNumbers(parts.numbers),
  };
}

function readySet(set: RuleSet): ReadySet {
  const localTime = set.localTime ?? STANDARD_LOCAL_TIME;
  const asksSwitch = localTime.sources.some(({ when }) => switchesIn(when).length > 0);
  const rules: ReadyRule[] = [];
  const ready: ReadySet = {
    id: set.id,
    name: `${set.id}@${set.version}`,
    fromMs: Date.parse(set.effective.from),
    toMs: set.effective.to === undefined ? Number.POSITIVE_INFINITY : Date.parse(set.effective.to),
    appliesWhen: set.appliesWhen,
    asksSwitch: switchesIn(set.appliesWhen).length > 0,
    localTime,
    localTimeKey: asksSwitch ? `${set.id}@${set.version}` : JSON.stringify(localTime),
    switches: new Map(set.switches.map((one) => [one.name, one])),
    rules,
  };
  for (const rule of set.rules) {
    rules.push({
      ...{ set: ready, rule, name: `${ready.name}/${rule.id}` },
      switches: [...new Set([...switchesIn(set.appliesWhen), ...switchesIn(rule.when)])],
      ...(rule.kind === 'timeWindow' && rule.windows !== 'entity'
        ? { windows: readyWindows(rule.windows) }
        : {}),
    });
  }
  return ready;
}

const windowsReady = new WeakMap<WindowsByDay, ReadyWindows>();

/** Of hours as data; kept with them, since an entity's are the same object for many messages. */
export function readyWindows(windows: WindowsByDay): ReadyWindows {
  let ready = windowsReady.get(windows);
  if (!ready) {
    ready = {
      work: readIntervals(windows.work),
      off: readIntervals(windows.off),
      short: readIntervals(windows.short ?? windows.work),
      holiday: windows.holiday && readIntervals(windows.holiday),
      byWeekday: WEEKDAYS.map((day) => {
        const list = windows.byWeekday?.[day];
        return list && readIntervals(list);
      }),
      byDate: new Map(
        Object.entries(windows.byDate ?? {}).map(([date, list]) => [date, readIntervals(list)]),
      ),
    };
    windowsReady.set(windows, ready);
  }
  return ready;
}

function readIntervals(list: readonly (readonly string[])[]): Intervals {
  return list.map(([from = '00:00', to = '24:00']) => [wallMs(from), wallMs(to)]);
}

function wallMs(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}
