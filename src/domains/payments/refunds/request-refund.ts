import type { Tx } from '#database';
import { must } from '#errors';
import { fail } from '#payments/errors';
import { parsePaymentId, paymentId, refundReference } from '#payments/payment';
import type { PaymentRow } from '#payments/store';
import type { RefundStarter } from './begin-refunds.ts';
import { isDisputed } from './dispute-store.ts';
import { isRefundOpen, lockPayment, type PaymentDetail } from './refund-store.ts';

export interface RefundRequest {
  /** `pay_…` of the charge. */
  readonly payment: string;
  /** All that is left of it, unless told. */
  readonly amountMinor?: bigint | undefined;
  readonly reason: string;
}

export interface RequestRefundOptions {
  /** Whether a gateway takes money back for us. */
  readonly takesBack: (gateway: string) => boolean;
  readonly starter: RefundStarter;
}

/** Asks for a refund of a charge. Throws what stands against it. */
export async function requestRefund(
  { starter, takesBack }: RequestRefundOptions,
  tx: Tx,
  { amountMinor, payment, reason }: RefundRequest,
): Promise<PaymentRow> {
  const charge = await lockPayment(tx, parsePaymentId(payment));
  if (!charge) throw fail('payment_unknown', `There is no payment ${payment}.`);
  mustBeAccepted(charge, payment);
  const { gateway } = charge;
  if (!takesBack(gateway)) {
    throw fail(
      'refund_not_possible',
      `${gateway} takes no money back for us: ask its people, with the transaction id ${charge.id}.`,
      { details: { gateway } },
    );
  }
  // Looked at after the charge was locked: whoever began another one had to hold it, and has committed.
  const reference = refundReference(paymentId(charge.customer_id, charge.id));
  if (await isRefundOpen(tx, { customerId: charge.customer_id, reference })) {
    throw fail('refund_open', `A refund of ${payment} is under way: ask again when it has ended.`);
  }
  // Its bank takes it back or leaves it: given back by us as well, the payer would have it twice.
  if (await isDisputed(tx, { customerId: charge.customer_id, id: charge.id })) {
    throw fail(
      'payment_disputed',
      `${payment} is disputed: its payer's bank decides. Answer the dispute at ${gateway}, or accept it there.`,
    );
  }
  const left = charge.amount_minor - charge.refunded_minor;
  const wanted = amountMinor ?? left;
  if (wanted <= 0n || wanted > left) throw tooMuch(payment, left);
  const [refund] = await starter.begin(tx, [{ charge, gateway, amountMinor: wanted, reason }]);
  must(refund, 'a refund was written down');
  return refund;
}

function mustBeAccepted({ kind, state }: PaymentDetail, payment: string): void {
  if (kind === 'refund') {
    throw fail('payment_is_refund', `${payment} is a refund: only a charge is given back.`);
  }
  if (state !== 'accepted') {
    throw fail(
      'payment_not_accepted',
      `${payment} is ${state}: only what was accepted is given back.`,
      { details: { state } },
    );
  }
}

function tooMuch(payment: string, left: bigint) {
  const message = left === 0n ? 'nothing is left to give back' : `must be 1 to ${left}`;
  return fail('refund_exceeds_charge', `amount_minor of ${payment}: ${message}.`, {
    faults: [{ field: 'amount_minor', message }],
    details: { left_minor: Number(left) },
  });
}
