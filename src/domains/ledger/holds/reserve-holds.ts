import type { Clock } from '#clock';
import type { Tx } from '#database';
import { fail } from '#ledger/errors';
import { checkExpiry, checkHold, holdFingerprint, type NewHold } from './hold.ts';
import {
  changeHeld,
  findHolds,
  type HoldRow,
  insertHolds,
  type LockedBalance,
  lockBalances,
} from './hold-store.ts';

/** What became of holds that are set aside whole or not at all. */
export type Reservation =
  | {
      readonly outcome: 'reserved';
      /** Of them, those that had been asked for before, whatever has become of them. */
      readonly repeated: readonly string[];
    }
  | {
      readonly outcome: 'refused';
      /** The first that could not be set aside. */
      readonly hold: string;
      /** `conflict`: its id stands for another hold. */
      readonly reason: 'below_zero' | 'conflict';
      readonly account: bigint | undefined;
    };

const HOLDS_MAX = 500;

/** Sets money aside, in their order: see `Holds.reserve`. */
export async function reserveHolds(
  tx: Tx,
  holds: readonly NewHold[],
  clock: Clock,
): Promise<Reservation> {
  checkAll(holds);
  const ids = holds.map(({ id }) => id);
  const accounts = holds.flatMap(({ parts }) => parts.map(({ account }) => account.id));
  const balances = await lockBalances(tx, accounts);
  // With the locks in hand: who asked for the same before has committed, and is seen.
  const known = new Map((await findHolds(tx, ids)).map((row) => [row.id, row]));
  const judged = judge(holds, known, balances);
  if (judged.outcome === 'refused') return judged;
  const fresh = holds.filter(({ id }) => !known.has(id));
  const now = clock.now();
  for (const hold of fresh) checkExpiry(hold, pathOf(holds, hold), now);
  if (fresh.length === 0) return judged;
  const written = await insertHolds(tx, fresh.map(toRow), now);
  if (written < fresh.length) {
    // Tried again by whoever began the transaction: then the other is seen, and is a conflict.
    throw Object.assign(new Error('the same id was set aside at the same time'), { code: '40001' });
  }
  await changeHeld(tx, sumParts(fresh));
  return judged;
}

function checkAll(holds: readonly NewHold[]): void {
  const refuse = (field: string, message: string) =>
    fail('hold_malformed', `${field} ${message}.`, { faults: [{ field, message }] });
  if (holds.length > HOLDS_MAX) throw refuse('holds', `must be at most ${HOLDS_MAX}`);
  const ids = new Set<string>();
  for (const hold of holds) {
    const path = pathOf(holds, hold);
    checkHold(hold, path);
    if (ids.has(hold.id)) throw refuse(`${path}id`, 'stands for another of them already');
    ids.add(hold.id);
  }
}

/** Where a fault of it is: one alone is all that its caller speaks of. */
function pathOf(holds: readonly NewHold[], hold: NewHold): string {
  return holds.length === 1 ? '' : `holds.${holds.indexOf(hold)}.`;
}

function judge(
  holds: readonly NewHold[],
  known: ReadonlyMap<string, HoldRow>,
  balances: ReadonlyMap<bigint, LockedBalance>,
): Reservation {
  const left = new Map<bigint, bigint>();
  for (const [id, { held, posted, side }] of balances) left.set(id, BigInt(side) * posted - held);
  for (const hold of holds) {
    const before = known.get(hold.id);
    if (before) {
      if (before.fingerprint === holdFingerprint(hold)) continue;
      return { outcome: 'refused', hold: hold.id, reason: 'conflict', account: undefined };
    }
    for (const { account, amountMinor } of hold.parts) {
      const rest = (left.get(account.id) ?? 0n) - amountMinor;
      left.set(account.id, rest);
      if (rest < 0n && balances.get(account.id)?.guarded !== false)
        return { outcome: 'refused', hold: hold.id, reason: 'below_zero', account: account.id };
    }
  }
  return { outcome: 'reserved', repeated: holds.flatMap(({ id }) => (known.has(id) ? [id] : [])) };
}

function toRow(hold: NewHold) {
  return {
    ...{ id: hold.id, kind: hold.kind, reference: hold.reference, expires_at: hold.expiresAt },
    accounts: hold.parts.map(({ account }) => account.id),
    amounts: hold.parts.map(({ amountMinor }) => amountMinor),
    fingerprint: holdFingerprint(hold),
  };
}

function sumParts(holds: readonly NewHold[]): ReadonlyMap<bigint, bigint> {
  const sums = new Map<bigint, bigint>();
  for (const { account, amountMinor } of holds.flatMap(({ parts }) => parts))
    sums.set(account.id, (sums.get(account.id) ?? 0n) + amountMinor);
  return sums;
}
