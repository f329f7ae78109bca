import { graphemeEnds } from './graphemes.ts';
import { cutOversized, measureText, septetsAt, type TextEncodingName } from './measure-text.ts';
import { encodeGsm, encodeUcs2 } from './octets.ts';
import { fillParts, type PartRooms, ROOMS } from './part-room.ts';

/** One message on the air. All parts of a text have its encoding, whatever letters fell to them. */
export interface TextPart {
  readonly encoding: TextEncodingName;
  readonly text: string;
}

/**
 * Cuts a text into the parts that `measureText` counts; joined they are the text. An escape and its letter, a
 * surrogate pair and a grapheme stay in one part; only a grapheme that no part could hold is cut, between its code points.
 * With `LONG_HEADER_ROOMS` the parts are as short as a header with a reference of 16 bits wants them.
 */
export function splitText(text: string, rooms: PartRooms = ROOMS): readonly TextPart[] {
  const { encoding, segments } = measureText(text);
  if (segments === 1) return [{ encoding, text }];
  const starts = encoding === 'gsm7' ? startsOfGsm7(text, rooms) : startsOfUcs2(text, rooms);
  return starts.map((start, at) => ({ encoding, text: text.slice(start, starts[at + 1]) }));
}

/** The octets of a part: one septet in each for `gsm7` (`packSeptets` packs them), two for each unit of `ucs2`. */
export function encodePart(part: TextPart): Buffer {
  return part.encoding === 'gsm7' ? encodeGsm(part.text) : encodeUcs2(part.text);
}

function startsOfGsm7(text: string, rooms: PartRooms): readonly number[] {
  const starts = [0];
  fillParts(
    rooms.gsm7,
    text.length,
    (at) => septetsAt(text, at),
    (at) => void starts.push(at),
  );
  return starts;
}

function startsOfUcs2(text: string, rooms: PartRooms): readonly number[] {
  const pieces = cutOversized(text, graphemeEnds(text), rooms.ucs2);
  const starts = [0];
  fillParts(
    rooms.ucs2,
    pieces.length,
    (at) => (pieces[at] ?? 0) - (pieces[at - 1] ?? 0),
    (at) => void starts.push(pieces[at - 1] ?? 0),
  );
  return starts;
}
