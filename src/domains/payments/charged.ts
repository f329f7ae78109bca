import type { ChargeOrder, ChargeOutcome, Conversation, RefundOrder } from './gateway.ts';
import { offerFromRow } from './offer.ts';
import { paymentId } from './payment.ts';
import type { PaymentRow } from './store.ts';

/** What a conversation about one payment came to. */
export interface Charged {
  readonly row: PaymentRow;
  readonly said: Conversation<ChargeOutcome>;
}

/** A charge's row as a gateway needs it. */
export function toOrder(row: PaymentRow): ChargeOrder {
  return {
    customerId: row.customer_id,
    id: row.id,
    payment: paymentId(row.customer_id, row.id),
    msisdn: row.msisdn,
    amountMinor: row.amount_minor,
    currency: row.currency,
    reference: row.reference,
    attempt: row.attempts,
    createdAt: row.created_at,
    ...(row.card_id === null ? {} : { cardId: row.card_id }),
    ...(row.offer === null ? {} : { offer: offerFromRow(row.offer) }),
  };
}

/** A refund's row as a gateway needs it; undefined where the row is a charge. */
export function toRefundOrder(row: PaymentRow): RefundOrder | undefined {
  if (row.refund_of === null) return undefined;
  return {
    ...toOrder(row),
    refundOf: paymentId(row.customer_id, row.refund_of),
    ...(row.charge_transaction === null ? {} : { refundOfTransaction: row.charge_transaction }),
  };
}
