import type { ChargeOrder, ChargeOutcome, Conversation } from './gateway.ts';
import { paymentId } from './payment.ts';
import type { PaymentRow } from './store.ts';

/** What a conversation about one payment came to. */
export interface Charged {
  readonly row: PaymentRow;
  readonly said: Conversation<ChargeOutcome>;
}

/** A payment's row as a gateway needs it. */
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
  };
}
