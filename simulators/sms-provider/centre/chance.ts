/**
 * A number in [0, 1) that depends on nothing but the seed and the words. Two runs draw alike for the nth message to a
 * number, however the messages to different numbers interleave.
 */
export function chance(seed: number, ...words: readonly (string | number)[]): number {
  let hash = (seed ^ 0x5bd1e995) >>> 0;
  for (const character of words.join('\u0001')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  // Neighbouring numbers differ in one digit: these rounds spread what FNV leaves close together.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** One of the names, by its weight; undefined when all weights are 0. */
export function pick<Name extends string>(
  weights: Readonly<Partial<Record<Name, number>>>,
  draw: number,
): Name | undefined {
  const entries = Object.entries(weights) as [Name, number][];
  let rest = draw * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    if (rest < weight) return name;
    rest -= weight;
  }
  return undefined;
}
