/** Leads to the extension table: the letter after it is one of `EXTENSION`. */
export const ESCAPE = 0x1b;

/** 3GPP TS 23.038, 6.2.1: the default alphabet; a letter's place is its code. At 0x1b stands the escape. */
const DEFAULT_LETTERS =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ' +
  ' !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmnopqrstuvwxyzäöñüà';

/** 3GPP TS 23.038, 6.2.1.1: what stands behind an escape. The form feed is the specification's page break. */
const EXTENSION: readonly (readonly [code: number, letter: string])[] = [
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
];

const UNIT_COUNT = 0x1_0000;
export const NO_CODE = 0xffff;

/** By UTF-16 unit: the septet of a letter, with the escape in the upper octet where it needs one, or `NO_CODE`. */
export const CODE_OF_UNIT: Uint16Array = makeCodes();

/** By septet: the UTF-16 unit that it stands for in the default alphabet. */
export const UNIT_OF_DEFAULT: Uint16Array = Uint16Array.from(DEFAULT_LETTERS, (letter) =>
  letter.charCodeAt(0),
);

/** By septet after an escape; 0 where the extension table has nothing. */
export const UNIT_OF_EXTENSION: Uint16Array = makeExtensionUnits();

function makeCodes(): Uint16Array {
  const codes = new Uint16Array(UNIT_COUNT).fill(NO_CODE);
  for (const [code, letter] of [...DEFAULT_LETTERS].entries()) {
    if (code !== ESCAPE) codes[letter.charCodeAt(0)] = code;
  }
  for (const [code, letter] of EXTENSION) codes[letter.charCodeAt(0)] = (ESCAPE << 8) | code;
  return codes;
}

function makeExtensionUnits(): Uint16Array {
  const units = new Uint16Array(DEFAULT_LETTERS.length);
  for (const [code, letter] of EXTENSION) units[code] = letter.charCodeAt(0);
  return units;
}
