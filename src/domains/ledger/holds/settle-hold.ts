import type { Tx } from '#database';
import { must } from '#errors';
import { fail } from '#ledger/errors';
import { checkTransfer, type Posting, postAll, type Transfer } from '#ledger/transfers';
import type { HoldState } from './hold.ts';
import {
  changeHeld,
  endHolds,
  findHolds,
  type HoldRow,
  type LockedBalance,
  lockBalances,
  lockHolds,
} from './hold-store.ts';

export interface HoldSettling {
  readonly hold: string;
  /** Takes at most what was set aside; the rest is given back. Neither a fact nor up to an amount. */
  readonly transfer: Transfer;
}

/** What became of it. `ended`: the hold is over otherwise, or by another transfer. */
export type HoldSettled = Posting | { readonly outcome: 'ended'; readonly state: HoldState };

/** Posts the transfer that a hold was for: see `Holds.settle`. */
export async function settleHold(
  tx: Tx,
  { hold: id, transfer }: HoldSettling,
  now: Date,
): Promise<HoldSettled> {
  checkTransfer(transfer, '');
  if (transfer.fact || transfer.upTo) {
    const field = transfer.fact ? 'fact' : 'up_to';
    const message = 'is not for a transfer that a hold was made for';
    throw fail('transfer_malformed', `${field} ${message}.`, { faults: [{ field, message }] });
  }
  const [found] = await findHolds(tx, [id]);
  if (!found) throw fail('hold_unknown', `There is no hold ${id}.`);
  const balances = await lockBalances(tx, touched(found, transfer));
  const [hold] = await lockHolds(tx, [id]);
  must(hold, 'a hold is never deleted');
  if (hold.state === 'posted' && hold.transfer_id === transfer.id) return post(tx, transfer, now);
  if (hold.state !== 'open') return { outcome: 'ended', state: hold.state };
  // Nobody has looked yet; were it settled, it would matter how often somebody looks.
  if (hold.expires_at <= now) return { outcome: 'ended', state: 'expired' };
  checkTaking(hold, transfer, balances);
  await changeHeld(tx, partsOf(hold, -1n));
  const posting = await post(tx, transfer, now);
  if (posting.outcome === 'posted' && posting.repeated.length === 0) {
    await endHolds(tx, { ids: [id], state: 'posted', transfer: transfer.id, now });
    return posting;
  }
  await changeHeld(tx, partsOf(hold, 1n));
  // It was posted before without this hold, whose money it did not take.
  return posting.outcome === 'posted'
    ? { outcome: 'refused', transfer: transfer.id, reason: 'conflict', account: undefined }
    : posting;
}

/** What its parts come to by account, to be added to `held`. */
export function partsOf(
  { accounts, amounts }: Pick<HoldRow, 'accounts' | 'amounts'>,
  sign: 1n | -1n,
): ReadonlyMap<bigint, bigint> {
  return new Map(accounts.map((account, at) => [account, sign * (amounts[at] ?? 0n)]));
}

async function post(tx: Tx, transfer: Transfer, now: Date): Promise<Posting> {
  const [posting] = await postAll(tx, [[transfer]], now);
  must(posting, 'a set that was posted has an answer');
  return posting;
}

/** Everything that will be locked, so that it is locked at once and in order. */
function touched({ accounts }: HoldRow, { lines }: Transfer): readonly bigint[] {
  const ofLines = lines.flatMap(({ account: { debtId, id } }) =>
    debtId === undefined ? [id] : [id, debtId],
  );
  return [...new Set([...accounts, ...ofLines])];
}

/** Of each account that the hold names, and of each that may not go below zero, at most what was set aside there. */
function checkTaking(
  hold: HoldRow,
  { lines }: Transfer,
  balances: ReadonlyMap<bigint, LockedBalance>,
): void {
  const aside = partsOf(hold, 1n);
  const sums = new Map<bigint, bigint>();
  for (const { account, amountMinor } of lines)
    sums.set(account.id, (sums.get(account.id) ?? 0n) + amountMinor);
  for (const [at, { account }] of lines.entries()) {
    const taken = -BigInt(account.side) * (sums.get(account.id) ?? 0n);
    const most = aside.get(account.id) ?? (balances.get(account.id)?.guarded ? 0n : taken);
    if (taken > most) {
      const message = `takes ${taken}, and ${most} was set aside there`;
      throw fail('hold_exceeded', `lines.${at} ${message}.`, {
        faults: [{ field: `lines.${at}`, message }],
      });
    }
  }
}
