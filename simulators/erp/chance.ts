/** A number in [0, 1) that depends on the seed and the words alone: every run draws the same for the same things. */
export function chance(seed: number, ...words: readonly (string | number)[]): number {
  let hash = (seed ^ 0x9e3779b9) >>> 0;
  for (const character of words.join('\u0001')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x85ebca6b) >>> 0;
    hash = (hash ^ (hash >>> 13)) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** The same things in an order of chance. */
export function shuffled<Item>(items: readonly Item[], draw: (n: number) => number): Item[] {
  const keyed = items.map((item, n) => [draw(n), item] as const);
  return keyed.toSorted(([left], [right]) => left - right).map(([, item]) => item);
}
