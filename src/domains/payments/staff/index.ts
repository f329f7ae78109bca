/**
 * What people see of payments, and what they decide: what waits for them, the whole history of one, settling
 * by hand.
 */

export {
  type AttentionAction,
  type AttentionClosing,
  type AttentionItem,
  type AttentionPage,
  type AttentionSource,
  createPaymentAttention,
} from './attention.ts';
export { addCardMetrics } from './card-metrics.ts';
export { countConflicted } from './hand-store.ts';
export { type CardStaffRoutesOptions, registerCardStaffRoutes } from './http-staff.ts';
export { type PaymentHistory, readPaymentHistory } from './payment-history.ts';
export { createHandSettler, type HandSettler, type HandSettling } from './settle-by-hand.ts';
