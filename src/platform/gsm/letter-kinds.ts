import { CODE_OF_UNIT, NO_CODE } from './alphabet.ts';

export const SEPTETS_MASK = 0b011;

/**
 * Two neighbours that are both plain always have a grapheme boundary between them: neither extends, joins, is
 * joined or is half of anything (Unicode Standard Annex 29, table 2: Other, or a Hangul syllable). What is not listed
 * here may be plain too; it only costs time.
 */
export const PLAIN = 0b100;

const PLAIN_UNITS: readonly (readonly [from: number, to: number])[] = [
  [0x0000, 0x00ac], // Latin; U+00AD is a control
  [0x00ae, 0x02ff],
  [0x0370, 0x0482], // Greek, Cyrillic
  [0x048a, 0x058f], // Cyrillic, Armenian
  [0x05d0, 0x05ea], // Hebrew letters
  [0x0620, 0x064a], // Arabic letters
  [0x0660, 0x066f],
  [0x0671, 0x06d5],
  [0x0e01, 0x0e30], // Thai consonants
  [0x10a0, 0x10ff], // Georgian
  [0x1e00, 0x200a], // Latin and Greek with accents, spaces
  [0x2010, 0x2027], // dashes, quotation marks
  [0x202f, 0x205f],
  [0x2070, 0x20cf], // superscripts, currencies
  [0x2100, 0x2bff], // letterlike, arrows, mathematics, symbols
  [0x3000, 0x3029], // CJK punctuation
  [0x3030, 0x3098], // Hiragana
  [0x309b, 0xa48f], // Katakana, CJK ideographs, Yi
  [0xac00, 0xd7a3], // Hangul syllables: joined by jamo only, and those are not plain
  [0xf900, 0xfaff],
  [0xff01, 0xff9d],
];

/** The same of code points beyond 0xffff, which take two units: pictures without modifiers and flags, ideographs. */
const PLAIN_PAIRS: readonly (readonly [from: number, to: number])[] = [
  [0x1f000, 0x1f1e5],
  [0x1f200, 0x1f3fa],
  [0x1f400, 0x1faff],
  [0x20000, 0x2fa1f],
];

/** By UTF-16 unit: how many septets it takes (0: it is not in the GSM alphabet), and whether it is `PLAIN`. */
export const LETTER_KINDS: Uint8Array = makeKinds();

/** Units of the plain letter that begins at `at`: 1 or 2; 0 where none begins. */
export function plainUnitsAt(text: string, at: number): 0 | 1 | 2 {
  const unit = text.charCodeAt(at);
  if (((LETTER_KINDS[unit] ?? 0) & PLAIN) !== 0) return 1;
  if (unit < 0xd800 || unit > 0xdbff) return 0;
  const point = text.codePointAt(at) ?? 0;
  return PLAIN_PAIRS.some(([from, to]) => point >= from && point <= to) ? 2 : 0;
}

function makeKinds(): Uint8Array {
  const kinds = new Uint8Array(CODE_OF_UNIT.length);
  for (const [from, to] of PLAIN_UNITS) kinds.fill(PLAIN, from, to + 1);
  for (const [unit, code] of CODE_OF_UNIT.entries()) {
    if (code !== NO_CODE) kinds[unit] = (kinds[unit] ?? 0) | (code > 0xff ? 2 : 1);
  }
  return kinds;
}
