const SEPTET_BITS = 7;
const OCTET_BITS = 8;

/** Fill bits that bring the septets behind a header of so many octets to a septet boundary (3GPP TS 23.040, 9.2.3.24). */
export function fillBitsBehind(headerOctets: number): number {
  return (SEPTET_BITS - ((headerOctets * OCTET_BITS) % SEPTET_BITS)) % SEPTET_BITS;
}

/** Packs septets (one in each octet, as `encodeGsm` gives them) seven bits each, after `fillBits` zero bits. */
export function packSeptets(septets: Uint8Array, fillBits = 0): Buffer {
  const packed = Buffer.alloc(Math.ceil((septets.length * SEPTET_BITS + fillBits) / OCTET_BITS));
  let bit = fillBits;
  for (const septet of septets) {
    const shifted = (septet & 0x7f) << (bit & 7);
    const at = bit >> 3;
    packed[at] = (packed[at] ?? 0) | (shifted & 0xff);
    if (shifted > 0xff) packed[at + 1] = shifted >> 8;
    bit += SEPTET_BITS;
  }
  return packed;
}

/** `count` septets, one in each octet. The count has to be told: seven spare bits look like an `@`. */
export function unpackSeptets(packed: Uint8Array, count: number, fillBits = 0): Buffer {
  const room = Math.floor((packed.length * OCTET_BITS - fillBits) / SEPTET_BITS);
  const septets = Buffer.allocUnsafe(Math.max(0, Math.min(count, room)));
  let bit = fillBits;
  for (let at = 0; at < septets.length; at += 1) {
    const pair = (packed[bit >> 3] ?? 0) | ((packed[(bit >> 3) + 1] ?? 0) << 8);
    septets[at] = (pair >> (bit & 7)) & 0x7f;
    bit += SEPTET_BITS;
  }
  return septets;
}
