import type { TakenRow } from './store.ts';

/**
 * Below which id a queue need not be looked through. Deleted messages stay in the index while any old
 * snapshot can still see them, and stepping over them from the beginning on every take is what makes queues
 * in a database slow. The floor is only a hint of this process: a transaction that commits late, or a batch
 * that another process gave back, lies below it, so the whole is looked through again and again, as often as
 * costs at most a tenth of the time.
 */
export interface Floors {
  take(query: (floors: readonly bigint[]) => Promise<TakenRow[]>): Promise<TakenRow[]>;
  /** A batch was given back: it lies below the floor. */
  forget(): void;
}

const WHOLE_LOOK_INTERVAL_MS = 100;
const WHOLE_LOOK_SHARE = 10;

export function createFloors(slots: number): Floors {
  const floors = Array.from({ length: slots }, () => 0n);
  let nextWholeLookMs = 0;

  async function lookAtAll(query: (floors: readonly bigint[]) => Promise<TakenRow[]>) {
    const beganMs = performance.now();
    nextWholeLookMs = Number.POSITIVE_INFINITY; // one loop at a time looks at all
    try {
      return await query(floors.map(() => 0n));
    } finally {
      const tookMs = performance.now() - beganMs;
      nextWholeLookMs =
        performance.now() + Math.max(WHOLE_LOOK_INTERVAL_MS, tookMs * WHOLE_LOOK_SHARE);
    }
  }

  return {
    async take(query) {
      const whole = performance.now() >= nextWholeLookMs;
      const rows = whole ? await lookAtAll(query) : await query(floors);
      for (const row of rows) {
        if (row.id >= (floors[row.slot] ?? 0n)) floors[row.slot] = row.id + 1n;
      }
      return rows;
    },
    forget() {
      floors.fill(0n);
      nextWholeLookMs = 0;
    },
  };
}
