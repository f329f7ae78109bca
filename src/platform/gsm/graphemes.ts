import { KIND, kindAt, unitsAt } from './letter-kinds.ts';

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Where each grapheme of the text ends, in UTF-16 units: what a reader takes for one letter, as Unicode Standard
 * Annex 29 has it, but for a line end of CR and LF, which counts as two as everyone who bills it counts. The segmenter of
 * the runtime, whose every answer is an object, is asked only where letters hang together that the table does not know.
 */
export function graphemeEnds(text: string): readonly number[] {
  const ends: number[] = [];
  let at = 0;
  while (at < text.length) {
    const end = endOfKnown(text, at);
    if (end > 0) {
      ends.push(end);
      at = end;
      continue;
    }
    const tangleEnd = endOfTangle(text, at);
    for (const { index, segment } of segmenter.segment(text.slice(at, tangleEnd))) {
      ends.push(at + index + segment.length);
    }
    at = tangleEnd;
  }
  return ends;
}

/** The end of the grapheme that begins at `start`; 0 where an unknown letter has a say in it. */
function endOfKnown(text: string, start: number): number {
  let kind = kindAt(text, start);
  if (kind === KIND.unknown) return 0;
  let at = start + unitsAt(text, start);
  if (kind === KIND.control) return at;
  if (kind === KIND.flag && kindAt(text, at) === KIND.flag) at += unitsAt(text, at);
  let isPicture = kind === KIND.picture;
  while (at < text.length) {
    kind = kindAt(text, at);
    if (kind === KIND.unknown) return 0;
    if (kind !== KIND.extender && kind !== KIND.joiner) return at;
    at += unitsAt(text, at);
    if (kind === KIND.joiner) {
      isPicture &&= kindAt(text, at) === KIND.picture;
      if (isPicture) at += unitsAt(text, at);
    }
  }
  return at;
}

/** Up to the first two known neighbours that never hang together, whatever was before them. */
function endOfTangle(text: string, from: number): number {
  let at = from;
  let isLoose = false;
  while (at < text.length) {
    const kind = kindAt(text, at);
    const beginsOne = kind !== KIND.unknown && kind !== KIND.extender && kind !== KIND.joiner;
    if (beginsOne && isLoose) return at;
    isLoose = beginsOne && kind !== KIND.flag;
    at += kind === KIND.unknown ? 1 : unitsAt(text, at);
  }
  return at;
}
