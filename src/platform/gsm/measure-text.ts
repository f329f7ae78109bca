import { graphemeEnds } from './graphemes.ts';
import { isSimple, LETTERS, SEPTETS_MASK } from './letter-kinds.ts';
import { fillParts, GSM7_ROOM, type PartRoom, UCS2_ROOM } from './part-room.ts';

export type TextEncodingName = 'gsm7' | 'ucs2';

export interface TextMeasure {
  readonly encoding: TextEncodingName;
  /** Messages on the air that it takes, and what is paid for. 1 for an empty text. */
  readonly segments: number;
  /** Septets of GSM 03.38 (a letter of the extension table takes two), or UTF-16 units. */
  readonly units: number;
  /** How many more fit the last segment. */
  readonly unitsLeft: number;
  /** What a reader would count as letters. */
  readonly graphemes: number;
}

/** Counts what a text takes on the air, exactly as `splitText` would cut it. */
export function measureText(text: string): TextMeasure {
  let septets = 0;
  for (let at = 0; at < text.length; at += 1) {
    const own = septetsAt(text, at);
    if (own === 0) return measureUcs2(text);
    septets += own;
  }
  const counted = { encoding: 'gsm7', units: septets, graphemes: text.length } as const;
  // Where each letter takes one septet no letter can stand across two parts.
  if (septets === text.length) return { ...counted, ...evenly(septets, GSM7_ROOM) };
  if (septets <= GSM7_ROOM.single) return { ...counted, ...evenly(septets, GSM7_ROOM) };
  return { ...counted, ...fillParts(GSM7_ROOM, text.length, (at) => septetsAt(text, at)) };
}

/** False for a text with half a surrogate pair in it: no handset would show what was meant. It is never repaired here. */
export function isSendable(text: string): boolean {
  return text.isWellFormed();
}

/** Septets of the letter at `at`; 0 where it is not in the GSM alphabet. */
export function septetsAt(text: string, at: number): number {
  return (LETTERS[text.charCodeAt(at)] ?? 0) & SEPTETS_MASK;
}

function measureUcs2(text: string): TextMeasure {
  const units = text.length;
  if (isSimple(text)) {
    return { encoding: 'ucs2', units, graphemes: units, ...evenly(units, UCS2_ROOM) };
  }
  const ends = graphemeEnds(text);
  const counted = { encoding: 'ucs2', units, graphemes: ends.length } as const;
  if (units <= UCS2_ROOM.single) return { ...counted, ...evenly(units, UCS2_ROOM) };
  const pieces = cutOversized(text, ends);
  return {
    ...counted,
    ...fillParts(UCS2_ROOM, pieces.length, (at) => (pieces[at] ?? 0) - (pieces[at - 1] ?? 0)),
  };
}

/**
 * Ends of the pieces that stay whole: graphemes, and of one that no part could hold its code points. (A letter with
 * seventy accents is a joke, but not one that may fail.)
 */
export function cutOversized(
  text: string,
  ends: readonly number[],
  room: PartRoom = UCS2_ROOM,
): readonly number[] {
  const pieces: number[] = [];
  let start = 0;
  for (const end of ends) {
    if (end - start > room.concatenated) pieces.push(...codePointEnds(text, start, end));
    else pieces.push(end);
    start = end;
  }
  return pieces;
}

function codePointEnds(text: string, start: number, end: number): readonly number[] {
  const ends: number[] = [];
  for (let at = start; at < end; ) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    ends.push(at);
  }
  return ends;
}

function evenly(units: number, room: PartRoom): Pick<TextMeasure, 'segments' | 'unitsLeft'> {
  if (units <= room.single) return { segments: 1, unitsLeft: room.single - units };
  const segments = Math.ceil(units / room.concatenated);
  return { segments, unitsLeft: segments * room.concatenated - units };
}
