import { CODE_OF_UNIT, NO_CODE } from './alphabet.ts';

/** How a letter hangs together with its neighbours (Unicode Standard Annex 29), as far as it is told here. */
export const KIND = {
  /** Not told: the segmenter of the runtime knows. */
  unknown: 0,
  /** Only what extends it hangs together with it. */
  plain: 1,
  /** The same, but for another picture behind a joiner. */
  picture: 2,
  /** Nothing hangs together with it. */
  control: 3,
  /** Belongs to what is before it: accents, variation selectors, skin tones, tags of flags. */
  extender: 4,
  joiner: 5,
  /** Half of a country's flag. */
  flag: 6,
} as const;
export type LetterKind = (typeof KIND)[keyof typeof KIND];

/** What stands in no line is unknown, which costs time and nothing else. */
const KINDS: readonly (readonly [kind: LetterKind, from: number, to: number])[] = [
  [KIND.control, 0x0000, 0x001f],
  [KIND.plain, 0x0020, 0x007e], // Latin
  [KIND.control, 0x007f, 0x009f],
  [KIND.plain, 0x00a0, 0x00ac],
  [KIND.plain, 0x00ae, 0x02ff],
  [KIND.extender, 0x0300, 0x036f], // accents
  [KIND.plain, 0x0370, 0x0482], // Greek, Cyrillic
  [KIND.extender, 0x0483, 0x0489],
  [KIND.plain, 0x048a, 0x058f], // Cyrillic, Armenian
  [KIND.plain, 0x05d0, 0x05ea], // Hebrew letters
  [KIND.plain, 0x0620, 0x064a], // Arabic letters
  [KIND.plain, 0x0660, 0x066f],
  [KIND.plain, 0x0671, 0x06d5],
  [KIND.plain, 0x0e01, 0x0e30], // Thai consonants
  [KIND.plain, 0x10a0, 0x10ff], // Georgian
  [KIND.plain, 0x1e00, 0x200a], // Latin and Greek with accents, spaces
  [KIND.joiner, 0x200d, 0x200d],
  [KIND.plain, 0x2010, 0x2027], // dashes, quotation marks
  [KIND.plain, 0x202f, 0x205f],
  [KIND.plain, 0x2070, 0x20cf], // superscripts, currencies
  [KIND.extender, 0x20d0, 0x20f0],
  [KIND.plain, 0x2100, 0x2bff], // letterlike, arrows, mathematics, symbols
  [KIND.plain, 0x3000, 0x3029], // CJK punctuation
  [KIND.plain, 0x3030, 0x3098], // Hiragana
  [KIND.plain, 0x309b, 0xa48f], // Katakana, CJK ideographs, Yi
  [KIND.plain, 0xac00, 0xd7a3], // Hangul syllables: jamo join them, and those are unknown
  [KIND.plain, 0xf900, 0xfaff],
  [KIND.extender, 0xfe00, 0xfe0f], // variation selectors
  [KIND.plain, 0xff01, 0xff9d],
  [KIND.plain, 0x1f000, 0x1f1e5],
  [KIND.flag, 0x1f1e6, 0x1f1ff],
  [KIND.plain, 0x1f200, 0x1f3fa],
  [KIND.extender, 0x1f3fb, 0x1f3ff], // skin tones
  [KIND.plain, 0x1f400, 0x1faff],
  [KIND.plain, 0x20000, 0x2fa1f], // CJK ideographs
  [KIND.extender, 0xe0020, 0xe007f], // tags of flags
];

/** All pictures stand between these: the signs below 0x10000, and the rest. */
const PICTURE_RANGES = [
  [0xa9, 0x3299],
  [0x1f000, 0x1faff],
] as const;
const PICTURE = /\p{Extended_Pictographic}/u;

const UNIT_COUNT = 0x1_0000;
/** Planes 1, 2 and 14 are told above; what is higher is private. */
const POINT_COUNT = 0xf_0000;
const KIND_SHIFT = 2;
export const SEPTETS_MASK = 0b11;

const POINT_KINDS: Uint8Array = makeKinds();
/** By UTF-16 unit: its septets in the lower two bits (0: not in the GSM alphabet), its kind above them. */
export const LETTERS: Uint8Array = makeLetters();

/** The kind of the letter that begins at `at`; `unknown` behind the end. */
export function kindAt(text: string, at: number): LetterKind {
  const unit = text.charCodeAt(at);
  if (isUpperHalf(unit))
    return (POINT_KINDS[text.codePointAt(at) ?? 0] ?? KIND.unknown) as LetterKind;
  return ((LETTERS[unit] ?? 0) >> KIND_SHIFT) as LetterKind;
}

/** UTF-16 units of the letter that begins at `at`, whose kind is known. */
export function unitsAt(text: string, at: number): 1 | 2 {
  return isUpperHalf(text.charCodeAt(at)) ? 2 : 1;
}

/** True where each unit is a letter by itself. */
export function isSimple(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const kind = (LETTERS[text.charCodeAt(at)] ?? 0) >> KIND_SHIFT;
    if (kind === KIND.unknown || kind > KIND.control) return false;
  }
  return true;
}

function isUpperHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function makeKinds(): Uint8Array {
  const kinds = new Uint8Array(POINT_COUNT);
  for (const [kind, from, to] of KINDS) kinds.fill(kind, from, to + 1);
  for (const [from, to] of PICTURE_RANGES) {
    for (let point = from; point <= to; point += 1) {
      if (kinds[point] === KIND.plain && PICTURE.test(String.fromCodePoint(point))) {
        kinds[point] = KIND.picture;
      }
    }
  }
  return kinds;
}

function makeLetters(): Uint8Array {
  const letters = POINT_KINDS.slice(0, UNIT_COUNT);
  for (const [unit, code] of CODE_OF_UNIT.entries()) {
    const septets = code === NO_CODE ? 0 : code > 0xff ? 2 : 1;
    letters[unit] = ((letters[unit] ?? 0) << KIND_SHIFT) | septets;
  }
  return letters;
}
