import { plainUnitsAt } from './letter-kinds.ts';

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Where each grapheme of the text ends, in UTF-16 units: what a reader takes for one letter, as Unicode Standard
 * Annex 29 has it, but for a line end of CR and LF, which counts as two as everyone who bills it counts. The segmenter is
 * asked only about stretches where letters may hang together; between two plain ones it has nothing to decide.
 */
export function graphemeEnds(text: string): readonly number[] {
  const ends: number[] = [];
  let at = 0;
  while (at < text.length) {
    const own = plainUnitsAt(text, at);
    const next = at + own;
    if (own > 0 && (next === text.length || plainUnitsAt(text, next) > 0)) {
      ends.push(next);
      at = next;
      continue;
    }
    const end = endOfTangle(text, next);
    for (const { index, segment } of segmenter.segment(text.slice(at, end))) {
      ends.push(at + index + segment.length);
    }
    at = end;
  }
  return ends;
}

/** From a letter that is not plain on: up to the first boundary between two plain ones. */
function endOfTangle(text: string, from: number): number {
  let at = from;
  let previousIsPlain = false;
  while (at < text.length) {
    const plain = plainUnitsAt(text, at);
    if (plain > 0 && previousIsPlain) return at;
    previousIsPlain = plain > 0;
    at += plain || 1;
  }
  return at;
}
