import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { fail } from '#ledger/errors';
import type { HoldView, NewHold } from './hold.ts';
import { findHolds, type HoldRow } from './hold-store.ts';
import { expireHolds, type Release, releaseHolds } from './release-holds.ts';
import { type Reservation, reserveHolds } from './reserve-holds.ts';
import { type HoldSettled, type HoldSettling, settleHold } from './settle-hold.ts';

/**
 * Money moved in two stages: set aside, then posted or given back. A hold ends once. In the caller's transaction, as the
 * last that it locks; what is refused or ended is answered, and then nothing was written.
 */
export interface Holds {
  /** Whole or not at all, each once, however often it is asked for. Throws what is malformed. */
  reserve(tx: Tx, holds: readonly NewHold[]): Promise<Reservation>;
  /** Posts a transfer that takes at most what was set aside, and gives back the rest. Throws `hold_unknown`, `hold_exceeded`. */
  settle(tx: Tx, settling: HoldSettling): Promise<HoldSettled>;
  /** Gives all of it back, whole or not at all. Throws `hold_unknown`. */
  release(tx: Tx, ids: readonly string[]): Promise<Release>;
  /** Throws `hold_unknown`. */
  hold(id: string): Promise<HoldView>;
  /** Gives back what nobody has ended in time, in a transaction of its own, and answers how many: less than the limit, and no more are left. */
  expire(limit?: number): Promise<number>;
}

/** Accounts of so many are locked for a few milliseconds at most. */
export const EXPIRED_AT_ONCE = 500;

export function createHolds(options: {
  readonly database: Database;
  readonly clock: Clock;
}): Holds {
  const { clock, database } = options;
  return {
    reserve: (tx, holds) => reserveHolds(tx, holds, clock),
    settle: (tx, settling) => settleHold(tx, settling, clock.now()),
    release: (tx, ids) => releaseHolds(tx, ids, clock.now()),
    async hold(id) {
      const [row] = await findHolds(database.pool, [id]);
      if (!row) throw fail('hold_unknown', `There is no hold ${id}.`);
      return fromRow(row);
    },
    expire: (limit = EXPIRED_AT_ONCE) =>
      database.transaction((tx) => expireHolds(tx, { limit, now: clock.now() })),
  };
}

function fromRow(row: HoldRow): HoldView {
  return {
    ...{ id: row.id, kind: row.kind, reference: row.reference, state: row.state },
    parts: row.accounts.map((account, at) => ({ account, amountMinor: row.amounts[at] ?? 0n })),
    ...{ createdAt: row.created_at, expiresAt: row.expires_at },
    ...{ endedAt: row.ended_at ?? undefined, transfer: row.transfer_id ?? undefined },
  };
}
