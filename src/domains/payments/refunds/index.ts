/** What is given back of a charge: asked for, by itself after a STOP, or taken by its payer's bank. */

export { createRefundStarter } from './begin-refunds.ts';
export { disputesOf, insertDispute } from './dispute-store.ts';
export { giveBackAgain, refundStopped } from './refund-stopped.ts';
export {
  findPayment,
  findPaymentsOfCustomer,
  findRefundBases,
  findRefunds,
  isRefundOpen,
  type PaymentDetail,
  type PaymentKey,
  type RefundBasis,
  releaseRefunds,
} from './refund-store.ts';
export { type RefundRequest, requestRefund } from './request-refund.ts';
