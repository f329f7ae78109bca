/** A stretch of time in which the clocks of a zone are not changed. Milliseconds since 1970, half-open. */
export interface OffsetStretch {
  /** How far the wall clock is ahead of UTC. */
  readonly offsetMs: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

const DAY_MS = 86_400_000;
/** Zones have been changed twice within five weeks (Morocco's Ramadan), never twice within one. */
const PROBE_MS = 7 * DAY_MS;
/** Cached by pieces of this length: 26 questions to Intl for each, 16 µs a question. */
const PIECE_MS = 26 * PROBE_MS;
const PIECES_MAX = 5000;

const formats = new Map<string, Intl.DateTimeFormat>();
const pieces = new Map<string, Map<number, readonly OffsetStretch[]>>();
let piecesCount = 0;

/** True when `name` is a zone that this computer knows. */
export function isTimeZone(name: string): boolean {
  if (formats.has(name)) return true;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The stretch with one offset in which `atMs` lies. It may end earlier than the clocks really change (where a piece
 * of the cache ends), never later.
 */
export function offsetStretch(timeZone: string, atMs: number): OffsetStretch {
  const piece = Math.floor(atMs / PIECE_MS);
  let known = pieces.get(timeZone);
  if (!known) {
    known = new Map();
    pieces.set(timeZone, known);
  }
  let stretches = known.get(piece);
  if (!stretches) {
    stretches = readPiece(timeZone, piece);
    remember(known, piece, stretches);
  }
  for (const stretch of stretches) if (atMs < stretch.untilMs) return stretch;
  throw new RangeError(`no offset of ${timeZone} at ${atMs}`);
}

function remember(
  known: Map<number, readonly OffsetStretch[]>,
  piece: number,
  stretches: readonly OffsetStretch[],
): void {
  piecesCount += 1;
  if (piecesCount > PIECES_MAX) {
    for (const one of pieces.values()) one.clear();
    piecesCount = 1;
  }
  known.set(piece, stretches);
}

function readPiece(timeZone: string, piece: number): readonly OffsetStretch[] {
  const [startMs, endMs] = [piece * PIECE_MS, (piece + 1) * PIECE_MS];
  const stretches: OffsetStretch[] = [];
  let fromMs = startMs;
  let offsetMs = askOffsetMs(timeZone, startMs);
  for (let probeMs = startMs + PROBE_MS; probeMs <= endMs; probeMs += PROBE_MS) {
    const next = askOffsetMs(timeZone, probeMs);
    if (next === offsetMs) continue;
    const changeMs = findChange(timeZone, { fromMs: probeMs - PROBE_MS, toMs: probeMs, offsetMs });
    if (changeMs === endMs) continue;
    stretches.push({ offsetMs, fromMs, untilMs: changeMs });
    [fromMs, offsetMs] = [changeMs, next];
  }
  return [...stretches, { offsetMs, fromMs, untilMs: endMs }];
}

/** The first second at which the offset is no longer `offsetMs`. */
function findChange(
  timeZone: string,
  { fromMs, toMs, offsetMs }: { fromMs: number; toMs: number; offsetMs: number },
): number {
  let [before, after] = [fromMs / 1000, toMs / 1000];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (askOffsetMs(timeZone, middle * 1000) === offsetMs) before = middle;
    else after = middle;
  }
  return after * 1000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone, hourCycle: 'h23', era: 'short' },
      ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
    });
    formats.set(timeZone, format);
  }
  return format;
}

function askOffsetMs(timeZone: string, atMs: number): number {
  const found: Record<string, number> = {};
  for (const part of formatOf(timeZone).formatToParts(atMs)) found[part.type] = Number(part.value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = found;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
}
