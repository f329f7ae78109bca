export {
  createPaymentRequests,
  createSaver,
  type PaymentRequests,
  type Saver,
  type SaverOptions,
} from './create-payment-requests.ts';
export { LoggedRequest, paymentsLog, saverGroup } from './log-topic.ts';
export type { Began, Refused, Settled } from './process-store.ts';
export {
  nextProcessingStatus,
  type PaymentStatus,
  type ProcessingStatus,
  parsePaymentRequestId,
  paymentRequestId,
  paymentStatusesOf,
  type RequestStep,
  requestSteps,
} from './request.ts';
export type { RequestRow } from './request-row.ts';
export { readPaymentRequest } from './save-store.ts';
