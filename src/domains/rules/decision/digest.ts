/**
 * 64 bits of a text as 16 hexadecimal digits: the same everywhere, and different for texts that differ unless somebody
 * works at it. For telling texts apart and for spreading, never for security.
 */
export function digest(text: string): string {
  return hex(hash(text, 0x811c9dc5)) + hex(hash(text, 0x9747b28c));
}

/** A number from 0 up to, not including, 1 that follows from the text alone. */
export function fractionOf(text: string): number {
  return hash(text, 0x811c9dc5) / 0x1_0000_0000;
}

/** FNV-1a over UTF-16 units, then the finishing steps of MurmurHash3, so that neighbours end far apart. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
