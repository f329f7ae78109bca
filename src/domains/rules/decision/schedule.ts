import { type Cap, nextFree } from './caps.ts';
import { fractionOf } from './digest.ts';
import type { Windows } from './windows.ts';

const MINUTE_MS = 60_000;

/** When a message may leave, and up to when it is worth anything. */
export interface Slot {
  readonly atMs: number;
  readonly validUntilMs: number;
  /** By how much it was moved away from the opening of a window. */
  readonly spreadMs: number;
}

export interface Timing {
  readonly windows: Windows;
  readonly caps: readonly Cap[];
  /** Not before this. */
  readonly startMs: number;
  readonly expiresMs: number;
  /** Further than this nobody looks. */
  readonly horizonMs: number;
}

/**
 * The earliest moment at which all windows are open and all counters have room. Each rule names the first moment not
 * before a given one that it allows; they are asked in turn until all name the same. Undefined: there is none in time.
 */
export function findSlot(spreadBy: string, timing: Timing): Slot | undefined {
  const { windows, startMs, expiresMs } = timing;
  const found = earliest(timing, startMs);
  if (!found) return undefined;
  const { atMs, closesMs } = found;
  const spreadMs = atMs > startMs ? spreadOf(spreadBy, { ...timing, atMs, closesMs }) : 0;
  const untilMs = (closing: number) => Math.min(expiresMs, closing, timing.horizonMs);
  const validUntilMs = untilMs(closesMs);
  if (spreadMs === 0 || !opensAt(windows, atMs)) return { atMs, validUntilMs, spreadMs: 0 };
  // A set that comes into force within the spread may close what the opening had open.
  const moved = earliest(timing, atMs + spreadMs);
  if (moved?.atMs !== atMs + spreadMs) return { atMs, validUntilMs, spreadMs: 0 };
  return { atMs: moved.atMs, validUntilMs: untilMs(moved.closesMs), spreadMs };
}

function earliest(
  { windows, caps, expiresMs, horizonMs }: Timing,
  startMs: number,
): { readonly atMs: number; readonly closesMs: number } | undefined {
  const limitMs = Math.min(horizonMs, expiresMs - 1);
  let atMs = startMs;
  while (atMs <= limitMs) {
    const run = windows.nextRun(atMs, limitMs);
    if (!run) return undefined;
    atMs = caps.reduce((free, cap) => Math.max(free, nextFree(cap, run.fromMs)), run.fromMs);
    if (atMs === run.fromMs) return { atMs, closesMs: run.toMs };
  }
  return undefined;
}

/** True when the windows were not open for sending right before. */
function opensAt(windows: Windows, atMs: number): boolean {
  return windows.nextRun(atMs - 1, atMs)?.fromMs !== atMs - 1;
}

/**
 * A share of the window that follows from the message's id, or from whom it is for: what waited all night does not leave in one second. It
 * stays within the time of safe sending, and within half of what the message has left to live.
 */
function spreadOf(
  spreadBy: string,
  {
    windows,
    atMs,
    closesMs,
    expiresMs,
    horizonMs,
  }: Timing & { readonly atMs: number; readonly closesMs: number },
): number {
  const minutes = windows.sources.map(({ applied }) => applied.rule.spreadMinutes ?? 0);
  const widthMs = Math.min(
    Math.max(0, ...minutes) * MINUTE_MS,
    closesMs - windows.lastSafeMs(atMs) - atMs,
    (expiresMs - atMs) / 2,
    horizonMs - atMs,
  );
  return Math.max(0, Math.floor(fractionOf(spreadBy) * widthMs));
}
