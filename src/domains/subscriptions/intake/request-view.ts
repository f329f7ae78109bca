import { paymentId } from '#payments';
import { paymentRequestId, type RequestRow } from '#payments/intake';

/** A request as the outside sees it: in an answer, in a webhook, in a terminal. */
export function viewOf(row: RequestRow) {
  const payment = paymentOf(row);
  return {
    ...{ request: paymentRequestId(row.id), user: row.user_key, msisdn: row.msisdn },
    ...{ plan: row.service, kind: row.kind },
    ...(row.refund_of !== '' && { refund_of: row.refund_of }),
    ...(row.amount_minor !== null && { amount_minor: Number(row.amount_minor) }),
    ...(row.currency !== null && { currency: row.currency }),
    ...(row.gateway !== null && { gateway: row.gateway }),
    ...{ processing_status: row.processing_status, payment_status: row.payment_status },
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.duplicate_of !== null && { duplicate_of: paymentRequestId(row.duplicate_of) }),
    ...(payment !== undefined && { payment }),
    ...(row.outcome !== null && { subscription: row.outcome }),
    asked_at: row.asked_at.toISOString(),
    ...(row.processed_at && { processed_at: row.processed_at.toISOString() }),
    ...(row.completed_at && { completed_at: row.completed_at.toISOString() }),
  };
}

/** `pay_…` that a request led to. */
export function paymentOf({ customer_id: customerId, payment_id: id }: RequestRow) {
  return customerId === null || id === null ? undefined : paymentId(customerId, id);
}
