/** GSM 03.38, its default alphabet and the characters that take two places in it. */
const plain = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const escaped = new Set('\f^{}\\[~]|€');

const places = { gsm: { alone: 160, together: 153 }, ucs2: { alone: 70, together: 67 } } as const;

/** How many messages a text takes in the air; what does not fit as a whole into one goes to the next. */
export function countParts(text: string): number {
  const isGsm = [...text].every((character) => plain.has(character) || escaped.has(character));
  const { alone, together } = isGsm ? places.gsm : places.ucs2;
  const widths = Array.from(text, (character) =>
    isGsm ? (escaped.has(character) ? 2 : 1) : character.length,
  );
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (total <= alone) return 1;
  let [parts, left] = [1, together as number];
  for (const width of widths) {
    if (width > left) [parts, left] = [parts + 1, together];
    left -= width;
  }
  return parts;
}
