import { must } from '#errors';
import { CODE_OF_UNIT, ESCAPE, NO_CODE, UNIT_OF_DEFAULT, UNIT_OF_EXTENSION } from './alphabet.ts';

const SPACE = 0x20;

/**
 * The text in the GSM default alphabet, one septet in each octet (as SMPP carries it), letters of the extension
 * table with their escape. All of its letters must be in the alphabet: `measureText` says `gsm7`.
 */
export function encodeGsm(text: string): Buffer {
  const octets = Buffer.allocUnsafe(text.length * 2);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = CODE_OF_UNIT[text.charCodeAt(at)] ?? NO_CODE;
    must(code !== NO_CODE, `the letter at ${at} is in the GSM alphabet`);
    if (code > 0xff) octets[length++] = ESCAPE;
    octets[length++] = code & 0x7f;
  }
  return octets.subarray(0, length);
}

/**
 * The text of septets, one in each octet. What the specification leaves open is read as it advises: an escape
 * before a code that the extension table lacks shows the letter of the default alphabet, an escape before another
 * or at the end shows a space.
 */
export function decodeGsm(octets: Uint8Array): string {
  const units = new Uint16Array(octets.length);
  let length = 0;
  for (let at = 0; at < octets.length; at += 1) {
    const code = (octets[at] ?? 0) & 0x7f;
    if (code !== ESCAPE) {
      units[length++] = UNIT_OF_DEFAULT[code] ?? SPACE;
      continue;
    }
    at += 1;
    const extended = (octets[at] ?? ESCAPE) & 0x7f;
    units[length++] =
      extended === ESCAPE
        ? SPACE
        : UNIT_OF_EXTENSION[extended] || (UNIT_OF_DEFAULT[extended] ?? SPACE);
  }
  return textOf(units.subarray(0, length));
}

/** The text in UCS-2, big-endian: two octets for each UTF-16 unit, a pair of surrogates as its two halves. */
export function encodeUcs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

/** The text of UCS-2 octets, big-endian; an odd octet at the end is none of it. */
export function decodeUcs2(octets: Uint8Array): string {
  const whole = Buffer.from(octets.subarray(0, octets.length & ~1));
  return whole.swap16().toString('utf16le');
}

function textOf(units: Uint16Array): string {
  return Buffer.from(units.buffer, units.byteOffset, units.byteLength).toString('utf16le');
}
