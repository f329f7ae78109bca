/** Chance from a seed: the same seed makes the same choices on every machine. What processes do meanwhile differs. */
export interface Chance {
  /** 0 to just below 1. */
  next(): number;
  /** True this often. */
  is(probability: number): boolean;
  /** A whole number of milliseconds, or of anything. */
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** Small, and good enough to choose misfortunes by (mulberry32). */
export function createChance(seed: number): Chance {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    is: (probability) => next() < probability,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick: (items) => items[Math.floor(next() * items.length)] as never,
  };
}
