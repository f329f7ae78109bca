import fc from 'fast-check';

// Texts as people send them, and as nobody would: what the tests and the benchmark of this room count.

const GSM_LETTERS = 'ABCxyz 0123@£$¥èéùìòÇØøÅåΔΦΓÆæßÉ!"#¤%&()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà\n\r';
const EXTENDED = '^{}\\[~]|€\f';
const CYRILLIC = 'АБВабвгдежзийклмнопрстуфхцчшщъыьэюяЁё№«»—…';
const OTHER_PLAIN = 'êëïçœŁžąğşİıאבג中文字かなカナ한국어ΑΒΩαβγ‘’“”•™→';
const PICTURES = ['😀', '🎉', '🚀', '🏀', '𠀀', '☎', '❤'];
/** With modifiers, joiners and flags: several code points that a reader takes for one. */
const JOINED = [
  ...['👍🏽', '👩‍💻', '👨‍👩‍👧‍👦', '🏳️‍🌈', '🇷🇺', '🇵🇰', '☎️', '❤️', '1️⃣'],
  ...['e\u0301', 'и\u0306', 'a\u0308\u0323', 'ก็', 'สำ', '\u1100\u1161\u11a8', 'தி', 'नि'],
];
/** One letter since Unicode 11 to 15.1, which the calculator's tables of Unicode 10 don't know. */
export const NEWER_JOINED = ['🧑🏿‍🤝‍🧑🏻', '🏴‍☠️', '🐻‍❄️', 'क्षि'];
const LOOSE = ['\u0301', '\u200d', '\ufe0f', '🏽', '🇷', '\u0600', '\u200b', '\u00ad'];
const HALVES = ['\ud83d', '\ude00', '\udbff', '\udc00'];

const letterOf = (letters: string) => fc.constantFrom(...Array.from(letters));

/** Letters of the GSM alphabet only, one in ten of the extension table. */
export const gsmText = textOf(
  fc.oneof({ weight: 9, arbitrary: letterOf(GSM_LETTERS) }, letterOf(EXTENDED)),
);

/** What people write: plain letters of many scripts, and pictures. */
export const ordinaryText = textOf(
  fc.oneof(
    { weight: 6, arbitrary: letterOf(GSM_LETTERS) },
    { weight: 6, arbitrary: letterOf(CYRILLIC) },
    letterOf(EXTENDED),
    letterOf(OTHER_PLAIN),
    fc.constantFrom(...PICTURES),
    fc.constantFrom(...JOINED),
  ),
);

/** What nobody writes: marks without letters, half pairs, any unit at all. */
export const strangeText = textOf(
  fc.oneof(
    { weight: 3, arbitrary: letterOf(CYRILLIC) },
    { weight: 2, arbitrary: fc.constantFrom(...JOINED) },
    { weight: 2, arbitrary: fc.constantFrom(...LOOSE, ...NEWER_JOINED) },
    fc.constantFrom(...HALVES),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
  ),
);

export const anyText = fc.oneof(gsmText, ordinaryText, strangeText);

/** Of every length up to five parts, with many around the ends of parts, where mistakes live. */
function textOf(letter: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const length = fc.oneof(
    fc.integer({ min: 0, max: 60 }),
    fc.integer({ min: 62, max: 74 }),
    fc.integer({ min: 128, max: 168 }),
    fc.integer({ min: 195, max: 320 }),
  );
  return length.chain((count) =>
    fc
      .array(letter, { minLength: count, maxLength: count, size: 'max' })
      .map((letters) => letters.join('')),
  );
}
