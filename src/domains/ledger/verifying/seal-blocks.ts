import type { Clock } from '#clock';
import type { Database } from '#database';
import { findHead, insertBlock, lockChain, takeUnsealed } from './block-store.ts';

/** What can be read and hashed in a few milliseconds. */
export const BLOCK_TRANSFERS_MAX = 1000;
/** Of one transaction: ten blocks, unless a single set is larger. */
export const SEALED_AT_ONCE = 10_000;
const SETS_AT_ONCE = 2000;

/** Adds what was posted to the sealed chain. */
export interface Sealer {
  /**
   * Seals what stands in no block, at most about `SEALED_AT_ONCE` transfers, and answers how many. One copy at a time:
   * another's turn answers 0.
   */
  seal(): Promise<number>;
}

export function createSealer(options: {
  readonly database: Database;
  readonly clock: Clock;
}): Sealer {
  const { clock, database } = options;
  return {
    seal: () =>
      database.transaction(async (tx) => {
        if (!(await lockChain(tx))) return 0;
        const transfers = await takeUnsealed(tx, {
          ...{ most: SEALED_AT_ONCE, setsMax: SETS_AT_ONCE },
        });
        let head = await findHead(tx);
        for (let from = 0; from < transfers.length; from += BLOCK_TRANSFERS_MAX) {
          const block = transfers.slice(from, from + BLOCK_TRANSFERS_MAX);
          head = await insertBlock(tx, { head, transfers: block, now: clock.now() });
        }
        return transfers.length;
      }),
  };
}
