/**
 * The hash by which Kafka's own producers choose a partition (murmur2, made positive): whoever else writes to one of
 * our topics with their default partitioner lays a key where we do.
 */
export function keyHash(key: string): number {
  return murmur2(Buffer.from(key)) & 0x7fffffff;
}

/** Lanes of an ordered queue and of a relay, and partitions of a topic that we create. Never changed. */
export const LANES = 16;

export function laneOf(key: string): number {
  return keyHash(key) % LANES;
}

const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;
const SHIFT = 24;

function murmur2(bytes: Buffer): number {
  const { length } = bytes;
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MIX);
    word ^= word >>> SHIFT;
    hash = Math.imul(hash, MIX) ^ Math.imul(word, MIX);
  }
  const left = length - at;
  if (left >= 3) hash ^= (bytes[at + 2] ?? 0) << 16;
  if (left >= 2) hash ^= (bytes[at + 1] ?? 0) << 8;
  if (left >= 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), MIX);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MIX);
  return hash ^ (hash >>> 15);
}
