/** Pure arithmetic of local time. `timeZone` is an IANA name; instants are Dates. */

/** Minutes from local midnight: open from `fromMinute` up to, not including, `toMinute`. */
export interface DailyWindow {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** A subscription's period: `daily` lasts a local day, `weekly` seven of them. */
export type Period = 'daily' | 'weekly';

export interface ZonedParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const DAYS: Readonly<Record<Period, number>> = { daily: 1, weekly: 7 };

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, format);
  }
  return format;
}

/** What a wall clock in `timeZone` shows at `instant`. */
export function zonedParts(instant: Date, timeZone: string): ZonedParts {
  const found: Record<string, number> = {};
  for (const part of formatOf(timeZone).formatToParts(instant))
    found[part.type] = Number(part.value);
  return {
    year: found.year ?? 0,
    month: found.month ?? 0,
    day: found.day ?? 0,
    hour: found.hour ?? 0,
    minute: found.minute ?? 0,
    second: found.second ?? 0,
  };
}

// Offsets change only on the quarter of an hour, and asking Intl costs microseconds on a hot path.
const OFFSET_BUCKET_MS = 15 * MINUTE_MS;
const OFFSETS_MAX = 10_000;
const offsets = new Map<string, number>();

/** The offset of `timeZone` at `instant`, in milliseconds east of UTC. */
function offsetMs(instant: Date, timeZone: string): number {
  const key = `${timeZone}${Math.floor(instant.getTime() / OFFSET_BUCKET_MS)}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size >= OFFSETS_MAX) offsets.clear();
    offset = askOffsetMs(instant, timeZone);
    offsets.set(key, offset);
  }
  return offset;
}

function askOffsetMs(instant: Date, timeZone: string): number {
  const part = zonedParts(instant, timeZone);
  const asUtc = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
  return asUtc - Math.floor(instant.getTime() / 1000) * 1000;
}

/** The instant at which the wall clock of `timeZone` shows `localMs` (a wall time written as if it were UTC). */
function fromLocal(localMs: number, timeZone: string): Date {
  const first = localMs - offsetMs(new Date(localMs), timeZone);
  const second = localMs - offsetMs(new Date(first), timeZone);
  const third = localMs - offsetMs(new Date(second), timeZone);
  // In the gap of a spring change the wall time does not exist: the later instant is taken.
  return new Date(second === third ? second : Math.max(first, second));
}

/** Milliseconds since midnight, as the wall clock shows them. */
function wallMs(instant: Date, timeZone: string): number {
  const localMs = instant.getTime() + offsetMs(instant, timeZone);
  return ((localMs % DAY_MS) + DAY_MS) % DAY_MS;
}

/** When the clocks were first changed after `from`, up to and including `to`; undefined when they were not. */
function firstChange(from: Date, to: Date, timeZone: string): Date | undefined {
  const before = offsetMs(from, timeZone);
  if (offsetMs(to, timeZone) === before) return undefined;
  const begin = Math.floor(from.getTime() / OFFSET_BUCKET_MS) + 1;
  for (let bucket = begin; ; bucket += 1) {
    const instant = new Date(bucket * OFFSET_BUCKET_MS);
    if (offsetMs(instant, timeZone) !== before) return instant;
  }
}

/** How far a wall clock in `timeZone` is ahead of UTC at `instant`, in whole minutes; negative west of it. */
export function utcOffsetMinutes(instant: Date, timeZone: string): number {
  return Math.round(offsetMs(instant, timeZone) / MINUTE_MS);
}

export function insideWindow(instant: Date, window: DailyWindow, timeZone: string): boolean {
  const at = wallMs(instant, timeZone);
  return at >= window.fromMinute * MINUTE_MS && at < window.toMinute * MINUTE_MS;
}

/** `instant` itself when the window is open then, else the first moment after it at which it is. */
export function nextInside(instant: Date, window: DailyWindow, timeZone: string): Date {
  if (insideWindow(instant, window, timeZone)) return instant;
  const reached = untilWall(instant, window.fromMinute, timeZone);
  return reached.arrived ? reached.at : nextInside(reached.at, window, timeZone);
}

/** The first moment from `instant` on at which the window is closed. It must not be open all day. */
export function nextOutside(instant: Date, window: DailyWindow, timeZone: string): Date {
  if (!insideWindow(instant, window, timeZone)) return instant;
  const reached = untilWall(instant, window.toMinute, timeZone);
  return reached.arrived ? reached.at : nextOutside(reached.at, window, timeZone);
}

/** Goes on to the moment at which the wall clock shows `minute`, or to a change of the clocks that comes before. */
function untilWall(instant: Date, minute: number, timeZone: string) {
  const aheadMs = (minute * MINUTE_MS - wallMs(instant, timeZone) + DAY_MS) % DAY_MS;
  const at = new Date(instant.getTime() + (aheadMs || DAY_MS));
  const change = firstChange(instant, at, timeZone);
  return change ? { arrived: false, at: change } : { arrived: true, at };
}

/**
 * The bounds of period `index` (0 is the first), always counted from the original anchor and never from the
 * period before, so that nothing drifts over a change of the clocks.
 */
export function periodBounds(
  anchor: Date,
  index: number,
  options: { readonly period: Period; readonly timeZone: string },
): { readonly start: Date; readonly end: Date } {
  const { period, timeZone } = options;
  const localMs = anchor.getTime() + offsetMs(anchor, timeZone);
  const at = (count: number) =>
    count === 0 ? anchor : fromLocal(localMs + count * DAYS[period] * DAY_MS, timeZone);
  return { start: at(index), end: at(index + 1) };
}
