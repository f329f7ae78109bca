export {
  type ChargeWorker,
  type ChargeWorkerOptions,
  chargeGroup,
  createChargeWorker,
} from './charge-worker.ts';
export { createPayments, type Payments, type PaymentsOptions } from './create-payments.ts';
export type {
  ChargeOrder,
  ChargeOutcome,
  Conversation,
  Gateway,
  InquiryOutcome,
} from './gateway.ts';
export { createMobilinkGateway, type MobilinkOptions } from './gateways/mobilink/index.ts';
export {
  type ChargeRequest,
  nextPaymentState,
  type PaymentState,
  type PaymentStep,
  parsePaymentId,
  paymentId,
  paymentSteps,
} from './payment.ts';
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
