export type { CardDeclineReason, DeclineClass } from './card-gateway.ts';
export {
  type ChargeWorker,
  type ChargeWorkerOptions,
  chargeGroup,
  createChargeWorker,
} from './charge-worker.ts';
export { createPayments, type Payments, type PaymentsOptions } from './create-payments.ts';
export type { PaymentFacts, PaymentReport } from './describe-payment.ts';
export type {
  ChargeOrder,
  ChargeOutcome,
  Conversation,
  Gateway,
  InquiryOutcome,
  RefundOrder,
} from './gateway.ts';
export { createMobilinkGateway, type MobilinkOptions } from './gateways/mobilink/index.ts';
export { registerPaymentRoutes } from './http.ts';
export {
  type ChargeRequest,
  nextPaymentState,
  type PaymentKind,
  type PaymentState,
  type PaymentStep,
  parsePaymentId,
  paymentId,
  paymentSteps,
} from './payment.ts';
export type { RefundRequest } from './request-refund.ts';
export type { PaymentView } from './store.ts';
export {
  type DeclineReason,
  PaymentEvent,
  PaymentRequest,
  PaymentResponse,
  paymentEvents,
  paymentRequests,
  paymentResponses,
} from './topics.ts';
export { type PostingsVerified, verifyPostings } from './verify-postings.ts';
