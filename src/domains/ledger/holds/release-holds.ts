import type { Tx } from '#database';
import { fail } from '#ledger/errors';
import type { HoldState } from './hold.ts';
import {
  changeHeld,
  endHolds,
  findExpired,
  findHolds,
  type HoldRow,
  lockBalances,
  lockExpiry,
  lockHolds,
} from './hold-store.ts';

/** What became of holds that are given back whole or not at all. */
export type Release =
  | {
      readonly outcome: 'released';
      /** Of them, those that had been given back before. */
      readonly repeated: readonly string[];
    }
  /** One of them is over otherwise. */
  | { readonly outcome: 'ended'; readonly hold: string; readonly state: HoldState };

/** Gives back what was set aside: see `Holds.release`. */
export async function releaseHolds(tx: Tx, ids: readonly string[], now: Date): Promise<Release> {
  const found = await findHolds(tx, ids);
  const known = new Set(found.map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) throw fail('hold_unknown', `There is no hold ${unknown}.`);
  const holds = await lockWithBalances(tx, found);
  const over = holds.find(({ state }) => state === 'posted' || state === 'expired');
  if (over) return { outcome: 'ended', hold: over.id, state: over.state };
  await giveBack(tx, holds, { state: 'voided', now });
  return {
    outcome: 'released',
    repeated: holds.filter(({ state }) => state === 'voided').map(({ id }) => id),
  };
}

/** Gives back what nobody has ended in time, at most `limit` of them; answers how many. Another copy's turn answers 0. */
export async function expireHolds(
  tx: Tx,
  { limit, now }: { readonly limit: number; readonly now: Date },
): Promise<number> {
  if (!(await lockExpiry(tx))) return 0;
  const holds = await lockWithBalances(tx, await findExpired(tx, { now, limit }));
  return giveBack(tx, holds, { state: 'expired', now });
}

async function lockWithBalances(tx: Tx, found: readonly HoldRow[]): Promise<readonly HoldRow[]> {
  if (found.length === 0) return [];
  await lockBalances(tx, [...new Set(found.flatMap(({ accounts }) => accounts))]);
  return lockHolds(
    tx,
    found.map(({ id }) => id),
  );
}

/** Of those that are open; the others have been ended meanwhile. */
async function giveBack(
  tx: Tx,
  holds: readonly HoldRow[],
  end: { readonly state: 'voided' | 'expired'; readonly now: Date },
): Promise<number> {
  const open = holds.filter(({ state }) => state === 'open');
  if (open.length === 0) return 0;
  const sums = new Map<bigint, bigint>();
  for (const { accounts, amounts } of open) {
    for (const [at, account] of accounts.entries())
      sums.set(account, (sums.get(account) ?? 0n) - (amounts[at] ?? 0n));
  }
  await changeHeld(tx, sums);
  await endHolds(tx, { ids: open.map(({ id }) => id), ...end });
  return open.length;
}
