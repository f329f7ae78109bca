import type { TakenRow } from './store.ts';

/**
 * Below which id a queue need not be looked through. Deleted messages stay in the index while any old
 * snapshot can still see them, and stepping over them from the beginning on every take is what makes queues
 * in a database slow. The floor is only a hint of this process: a transaction that commits late, or a batch
 * that another process gave back, lies below it, so the whole is looked through again and again, as often as
 * costs at most a tenth of the time. Not for ordered queues: a message that waits for its key lies below too.
 */
export interface Floors {
  /** Takes with `query`, at most `most` rows, from the floors or from the very beginning. */
  take(most: number, query: Query): Promise<TakenRow[]>;
  now(): readonly bigint[];
  /** A batch was given back: it lies below the floor. */
  forget(): void;
}

type Query = (floors: readonly bigint[]) => Promise<TakenRow[]>;

const WHOLE_LOOK_SHARE = 10;
/** A look this cheap is taken before anyone goes to sleep. */
const CHEAP_MS = 20;

export function createFloors(slots: number): Floors {
  const floors = Array.from({ length: slots }, () => 0n);
  const ground = floors.map(() => 0n);
  let tookMs = 0;
  let nextWholeLookMs = 0;

  async function lookAtAll(most: number, query: Query): Promise<TakenRow[]> {
    const beganMs = performance.now();
    nextWholeLookMs = Number.POSITIVE_INFINITY; // one loop at a time looks at all
    try {
      const rows = await query(ground);
      // There may be as much again right behind it.
      if (rows.length >= most) for (const row of rows) floors[row.slot] = 0n;
      return rows;
    } finally {
      tookMs = performance.now() - beganMs;
      nextWholeLookMs = performance.now() + tookMs * WHOLE_LOOK_SHARE;
    }
  }

  return {
    async take(most, query) {
      let rows: TakenRow[] = [];
      const whole = performance.now() >= nextWholeLookMs;
      if (!whole) rows = await query(floors);
      const idle = rows.length === 0 && nextWholeLookMs < Number.POSITIVE_INFINITY;
      if (whole || (idle && tookMs < CHEAP_MS)) rows = await lookAtAll(most, query);
      for (const row of rows) {
        if (row.id >= (floors[row.slot] ?? 0n)) floors[row.slot] = row.id + 1n;
      }
      return rows;
    },
    now: () => floors,
    forget() {
      floors.fill(0n);
      nextWholeLookMs = 0;
    },
  };
}
