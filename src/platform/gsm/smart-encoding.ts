/** Each letter of the GSM alphabet with the ones that typography and office programs put in its place. */
const LOOKALIKES: readonly (readonly [plain: string, typographic: string])[] = [
  ['"', '«»“”„‟″〝〞＂'],
  ["'", '‘’‚‛′`´ʹʻʼʽˈˊˋ＇'],
  ['<', '‹'],
  ['>', '›'],
  ['-', '‐‑‒–—―−⁃﹣－•'],
  ['...', '…'],
  ['!!', '‼'],
  [
    ' ',
    '\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t',
  ],
  ['\n', '\u2028\u2029\u0085'],
  ['', '\u00ad\u200b\u2060\ufeff'],
  ['/', '⁄∕÷'],
  ['*', '∗⁎×'],
  ['1/4', '¼'],
  ['1/2', '½'],
  ['3/4', '¾'],
  ['(c)', '©'],
  ['(r)', '®'],
  ['(tm)', '™'],
  ['No', '№'],
];

const PLAIN_OF: ReadonlyMap<string, string> = new Map(
  LOOKALIKES.flatMap(([plain, typographic]) =>
    Array.from(typographic, (letter) => [letter, plain] as const),
  ),
);

/**
 * The text with typography in plain letters: “quotes” to "quotes", dashes, dots, odd spaces, invisible letters, and
 * an accent that stands by itself drawn into its letter. It changes what the reader sees, so nobody calls it unasked.
 */
export function smartEncode(text: string): string {
  let plain = '';
  for (const letter of text.normalize('NFC')) plain += PLAIN_OF.get(letter) ?? letter;
  return plain;
}
