import { utcOffsetMinutes } from '#clock';
import { laws } from './fixture.ts';
import type { RuleOf, WindowsByDay } from './rule-set.ts';

/**
 * The same questions asked again for each minute, by other means: labels of local dates instead of boundaries,
 * nothing that jumps ahead. Slow, and simple enough to be believed.
 */
export interface SlowCase {
  readonly windows: readonly RuleOf<'timeWindow'>[];
  readonly caps: readonly RuleOf<'frequencyCap'>[];
  readonly zones: readonly string[];
  readonly countedMs: readonly number[];
}

export const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

/** All hours are open for as long before a closing as they must be, and every limit has room. */
export function mayLeave(given: SlowCase, atMs: number): boolean {
  const safe = Math.max(0, ...given.windows.map((rule) => rule.lastSafeSendMinutes ?? 0));
  for (let minute = 0; minute < Math.max(1, safe); minute += 1)
    if (!allOpen(given, atMs + minute * MINUTE_MS)) return false;
  return given.caps.every((cap) => hasRoom(given, cap, atMs));
}

export function allOpen({ windows, zones }: SlowCase, atMs: number): boolean {
  return windows.every((rule) => zones.every((zone) => isOpen(rule, zone, atMs)));
}

function isOpen(rule: RuleOf<'timeWindow'>, zone: string, atMs: number): boolean {
  if (rule.windows === 'entity') throw new Error('no case has the hours of an entity');
  const local = new Date(localMs(zone, atMs));
  const time = local.toISOString().slice(11, 16);
  const kinds = rule.calendar === undefined ? [weekKind(local)] : dayKinds(local);
  const { windows } = rule;
  return kinds.every((kind) =>
    hoursOf(windows, kind, local).some(([from = '', to = '']) => from <= time && time < to),
  );
}

function hoursOf(windows: WindowsByDay, kind: string, local: Date): readonly (readonly string[])[] {
  const weekday = (['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const)[local.getUTCDay()];
  if (kind === 'holiday' && windows.holiday) return windows.holiday;
  const ofWeekday = weekday && windows.byWeekday?.[weekday];
  if (ofWeekday) return ofWeekday;
  if (kind === 'short') return windows.short ?? windows.work;
  return kind === 'work' ? windows.work : windows.off;
}

function dayKinds(local: Date): readonly string[] {
  const table = laws.calendars.find((year) => year.year === local.getUTCFullYear());
  if (!table) return ['work', 'short', 'off', 'holiday'];
  return [table.days[local.toISOString().slice(5, 10)] ?? weekKind(local)];
}

function weekKind(local: Date): string {
  return [0, 6].includes(local.getUTCDay()) ? 'off' : 'work';
}

function hasRoom(given: SlowCase, cap: RuleOf<'frequencyCap'>, atMs: number): boolean {
  return given.zones.every((zone) => {
    const { calendar, rolling, limit } = cap;
    const inCalendar = given.countedMs.filter(
      (one) =>
        one > atMs ||
        (calendar !== undefined && label(calendar, zone, one) === label(calendar, zone, atMs)),
    );
    const inRolling = given.countedMs.filter((one) => isRecent(rolling ?? 'P1D', zone, one, atMs));
    return (
      (calendar === undefined || inCalendar.length < limit) &&
      (rolling === undefined || inRolling.length < limit)
    );
  });
}

/** The local day, the Monday of its week, or its month. */
function label(period: 'day' | 'week' | 'month', zone: string, atMs: number): string {
  const ms = localMs(zone, atMs);
  const date = (of: number) => new Date(of).toISOString();
  if (period === 'day') return date(ms).slice(0, 10);
  if (period === 'month') return date(ms).slice(0, 7);
  const sinceMonday = (new Date(ms).getUTCDay() + 6) % 7;
  return date(ms - sinceMonday * DAY_MS).slice(0, 10);
}

function isRecent(rolling: string, zone: string, countedMs: number, atMs: number): boolean {
  if (rolling === 'P1M') {
    const counted = new Date(localMs(zone, countedMs));
    return localMs(zone, atMs) < counted.setUTCMonth(counted.getUTCMonth() + 1);
  }
  const [, count, unit] = /^PT?(\d+)([DHM])$/.exec(rolling) ?? [];
  const unitMs = unit === 'D' ? DAY_MS : unit === 'H' ? 60 * MINUTE_MS : MINUTE_MS;
  return countedMs + Number(count) * unitMs > atMs;
}

function localMs(zone: string, atMs: number): number {
  return atMs + utcOffsetMinutes(new Date(atMs), zone) * MINUTE_MS;
}
