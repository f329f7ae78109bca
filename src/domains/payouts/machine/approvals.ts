import type { Clock } from '#clock';
import type { Tx } from '#database';
import { payoutId } from '#payouts/payout';
import { fail } from '#payouts/payout-errors';
import { lockPayouts, type PayoutRow } from '#payouts/payout-store';
import type { Stepper } from '#payouts/take-steps';
import { findApprovers, findAsker, insertApproval } from './approval-store.ts';
import { hashOf } from './check-payouts.ts';

/** A person's word about a payout that waits for it. */
export interface ApprovalOrder {
  readonly id: bigint;
  readonly decision: 'approve' | 'refuse';
  /** The principal's id: two of them are two people. */
  readonly approver: string;
  /** Of what the person saw; what has changed since must be looked at again. */
  readonly hash: string;
  readonly comment?: string | undefined;
}

/** Large payouts go out when two people have approved exactly what goes out, neither of whom asked for it. */
export interface Approvals {
  /** Throws `payout_unknown`, `approval_not_awaited`, `approval_outdated`, `approval_given`, `approval_of_own_request`. */
  decide(tx: Tx, order: ApprovalOrder): Promise<void>;
}

export function createApprovals(options: {
  readonly clock: Clock;
  readonly stepper: Stepper;
}): Approvals {
  const { clock, stepper } = options;

  return {
    async decide(tx, order) {
      const { approver, comment, decision, hash, id } = order;
      const [payout] = await lockPayouts(tx, [id]);
      mustWait(payout, order);
      if ((await findAsker(tx, id)) === approver) {
        const text = `Who asked for ${payoutId(id)} can neither approve nor refuse it.`;
        throw fail('approval_of_own_request', text);
      }
      const at = clock.now();
      const added = await insertApproval(tx, {
        ...{ payoutId: id, approver, decision, hash, comment, at },
      });
      if (!added) {
        throw fail('approval_given', `You have decided about ${payoutId(id)} before.`);
      }
      const reason = comment === undefined ? {} : { reason: comment };
      if (decision === 'refuse') {
        await stepper.take(tx, [{ payout, step: 'refuse', actor: approver, ...reason }]);
        return;
      }
      const given = (await findApprovers(tx, [{ id, hash }])).get(id) ?? 0;
      if (given >= payout.approvals_needed) {
        await stepper.take(tx, [{ payout, step: 'approve', actor: approver, ...reason }]);
      }
    },
  };
}

function mustWait(
  payout: PayoutRow | undefined,
  { hash, id }: ApprovalOrder,
): asserts payout is PayoutRow {
  if (!payout) throw fail('payout_unknown', `There is no payout ${payoutId(id)}.`);
  if (payout.state !== 'needs_approval') {
    const text = `${payoutId(id)} does not wait for approvals: it is ${payout.state}.`;
    throw fail('approval_not_awaited', text);
  }
  if (hash !== payout.approved_hash || hash !== hashOf(payout)) {
    const message = 'must be approval_hash of the payout as it stands now: look at it again';
    throw fail('approval_outdated', `hash ${message}.`, { faults: [{ field: 'hash', message }] });
  }
}
