/** The basic letters of GSM 03.38 (3GPP TS 23.038, 6.2.1): seven bits each. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** Its extension (6.2.1.1): an escape and seven bits. */
const EXTENDED = '\f^{}\\[~]|€';

const septets = new Map<string, number>([
  ...[...BASIC].map((letter) => [letter, 1] as const),
  ...[...EXTENDED].map((letter) => [letter, 2] as const),
]);

/** What one message holds, and each part of several, which also carries a header of six octets. */
const GSM7 = { whole: 160, part: 153 };
const UCS2 = { whole: 70, part: 67 };

/** Into how many parts a text is cut on its way; a letter is never cut. */
export function countSegments(text: string): number {
  const letters = [...text];
  const isGsm = letters.every((letter) => septets.has(letter));
  const { part, whole } = isGsm ? GSM7 : UCS2;
  const units = letters.map((letter) => (isGsm ? (septets.get(letter) ?? 0) : letter.length));
  if (units.reduce((sum, one) => sum + one, 0) <= whole) return 1;
  let parts = 1;
  let room = part;
  for (const one of units) {
    if (one > room) {
      parts += 1;
      room = part;
    }
    room -= one;
  }
  return parts;
}
