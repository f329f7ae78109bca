import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { Movement } from '#payouts/accounts';
import { nextPayoutState, payoutId, wasSent } from '#payouts/payout';
import { fail } from '#payouts/payout-errors';
import { clearConflict, lockPayouts, type PayoutRow, wishCancelled } from '#payouts/payout-store';
import { settleContradictions } from '#payouts/statuses';
import type { Stepper } from '#payouts/take-steps';

/** What people decide about a payout. */
export interface PayoutEnds {
  /**
   * Ends what was not sent yet. Where its money is reserved, or being reserved, that is given back first: the payout is
   * cancelled soon. Throws `payout_unknown`, `payout_sent`, `payout_ended`.
   */
  cancel(tx: Tx, order: Order): Promise<void>;
  /**
   * Ends a conflict, or a silence, by what people have found out: that it was paid, or that it was not. Its money follows.
   * Throws `payout_unknown`, `payout_busy`, `conflict_absent`, `resolution_impossible`.
   */
  resolve(tx: Tx, order: Order & { readonly as: 'paid' | 'rejected' }): Promise<void>;
}

interface Order {
  readonly id: bigint;
  readonly by: string;
  readonly reason: string;
}

export interface PayoutEndsOptions {
  readonly clock: Clock;
  readonly stepper: Stepper;
  readonly silenceMs: number;
}

export function createPayoutEnds(options: PayoutEndsOptions): PayoutEnds {
  const { clock, silenceMs, stepper } = options;

  function isSilent({ heard_at: heard, sent_at: sent, state }: PayoutRow): boolean {
    const last = heard ?? sent;
    const withErp = state === 'in_flight' || state === 'acknowledged';
    return withErp && last !== null && last.getTime() <= clock.nowMs() - silenceMs;
  }

  return {
    async cancel(tx, { by, id, reason }) {
      const payout = await mustLock(tx, id);
      const cause = { actor: by, reason };
      if (payout.state === 'cancelled' || payout.moving === 'cancel') {
        throw fail('payout_ended', `${payoutId(id)} was cancelled before.`);
      }
      if (wasSent(payout.state) || payout.moving === 'send') {
        throw fail('payout_sent', `${payoutId(id)} was sent: only the ERP can stop it now.`);
      }
      if (payout.moving !== null) return wishCancelled(tx, { id, cause });
      if (payout.state === 'reserved') {
        return stepper.begin(tx, [{ id, movement: 'cancel', cause }]);
      }
      await stepper.take(tx, [{ payout, step: 'cancel', ...cause }]);
    },

    async resolve(tx, { as, by, id, reason }) {
      const payout = await mustLock(tx, id);
      if (payout.conflict === null && !isSilent(payout)) {
        throw fail('conflict_absent', `${payoutId(id)} has no conflict that could be resolved.`);
      }
      if (payout.moving !== null) {
        throw fail('payout_busy', `The money of ${payoutId(id)} is being moved: try again soon.`);
      }
      const movement = movementFor(payout, as);
      const detail = { as, conflict: payout.conflict };
      await stepper.take(tx, [{ payout, step: 'resolve', actor: by, reason, detail }]);
      await clearConflict(tx, id);
      await settleContradictions(tx, { payoutId: id, note: `resolved as ${as} by ${by}` });
      if (movement) await stepper.begin(tx, [{ id, movement, cause: { actor: by, reason } }]);
    },
  };
}

async function mustLock(tx: Tx, id: bigint): Promise<PayoutRow> {
  const [payout] = await lockPayouts(tx, [id]);
  if (!payout) throw fail('payout_unknown', `There is no payout ${payoutId(id)}.`);
  return payout;
}

/** How the money gets to where people say that it is; undefined where it is there already. */
function movementFor({ id, state }: PayoutRow, as: 'paid' | 'rejected'): Movement | undefined {
  const isThere =
    as === 'paid' ? state === 'paid' : ['rejected', 'returned', 'cancelled'].includes(state);
  if (isThere) return undefined;
  const ways = as === 'paid' ? (['pay', 'settle'] as const) : (['reject', 'return'] as const);
  const way = ways.find((step) => nextPayoutState(state, step));
  if (way) return way;
  const text = `${payoutId(id)} is ${state} and can not become ${as}.`;
  throw fail('resolution_impossible', text, {
    faults: [{ field: 'as', message: `a payout that is ${state} can not become ${as}` }],
  });
}
