export {
  type AccountGateways,
  asCardGateways,
  type CardMethod,
  chooseGateways,
  createGatewayAccounts,
  type GatewayAccount,
  type GatewayAccountState,
  type GatewayAccounts,
  type GatewayAccountsOptions,
  type GatewayConnection,
  type GatewayKind,
  type GatewayMaker,
  type GatewayMakers,
  type GatewayRouting,
  gatewayKinds,
  type NewGatewayAccount,
  type OpenAccount,
  type RoutableAccount,
  type RoutedPayment,
  readGatewayAccount,
  readGatewayAccounts,
} from './accounts/index.ts';
export {
  type AttentionAction,
  type AttentionClosing,
  type AttentionItem,
  type AttentionPage,
  type AttentionSource,
  createPaymentAttention,
} from './attention.ts';
export { createCardCharging } from './card-charging.ts';
export {
  type CardDeclineReason,
  type DeclineClass,
  type ReceiptSettings,
  receiptTaxes,
} from './card-gateway.ts';
export { cardGatewayMakers } from './card-gateway-makers.ts';
export type { CardGateways, CardLine, CardRouting } from './card-gateways.ts';
export { addCardMetrics } from './card-metrics.ts';
export {
  type CardWorker,
  type CardWorkerOptions,
  createCardWorker,
  createNewsContext,
} from './card-worker.ts';
export {
  type ChargeWorker,
  type ChargeWorkerOptions,
  cardChargeGroup,
  chargeGroup,
  createChargeWorker,
} from './charge-worker.ts';
export type { Browser, CardPayments, Led, PresentRequest } from './create-card-payments.ts';
export { createPayments, type Payments, type PaymentsOptions } from './create-payments.ts';
export type { PaymentFacts, PaymentReport } from './describe-payment.ts';
export { type DifferenceRow, listDifferences } from './difference-store.ts';
export type { FiscalView } from './fiscal-store.ts';
export type {
  ChargeOrder,
  ChargeOutcome,
  Conversation,
  Gateway,
  InquiryOutcome,
  RefundOrder,
} from './gateway.ts';
export { createGatewayWorkers, type GatewayWorkers } from './gateway-workers.ts';
export {
  type CardGatewayKind,
  type CardGatewayOptions,
  cardGatewayKinds,
  createCardGateway,
} from './gateways/card-gateway-kinds.ts';
export { createMobilinkGateway, type MobilinkOptions } from './gateways/mobilink/index.ts';
export {
  createResponseHearing,
  type ResponseHearing,
  type ResponseHearingOptions,
  responseGroups,
} from './hear-responses.ts';
export { registerPaymentRoutes } from './http.ts';
export { registerDifferenceRoutes } from './http-differences.ts';
export {
  type GatewayRoutesOptions,
  gatewayToApi,
  registerGatewayRoutes,
} from './http-gateways.ts';
export { registerNotificationRoutes } from './http-notifications.ts';
export { type CardStaffRoutesOptions, registerCardStaffRoutes } from './http-staff.ts';
export { createNightlyReconciliation, type NightlyOptions } from './nightly-reconciliation.ts';
export type { NotificationInbox } from './notification-inbox.ts';
export {
  type ChargeRequest,
  nextPaymentState,
  type Offer,
  type PaymentKind,
  type PaymentState,
  type PaymentStep,
  parsePaymentId,
  paymentId,
  paymentSteps,
} from './payment.ts';
export { type PaymentHistory, readPaymentHistory } from './payment-history.ts';
export { parseGatewayList, readGatewayList } from './read-gateway-list.ts';
export {
  createReconciler,
  type Reconciler,
  type ReconcilerOptions,
  type ReconciliationReport,
  type Reconciling,
} from './reconcile-gateway.ts';
export { type Difference, type DifferenceKind, differenceKinds } from './reconciliation-store.ts';
export type { ConfirmRequest, OperationRequest, Reservations } from './request-operation.ts';
export type { RefundRequest } from './request-refund.ts';
export { cardId, createSavedCards, type SavedCardView } from './saved-cards.ts';
export { createHandSettler, type HandSettler, type HandSettling } from './settle-by-hand.ts';
export type { PaymentView } from './store.ts';
export { createTokenReader, type TokenReader } from './token-reader.ts';
export {
  type DeclineReason,
  PaymentDispute,
  PaymentEvent,
  PaymentRequest,
  PaymentResponse,
  paymentDisputes,
  paymentEvents,
  paymentRequests,
  paymentResponses,
} from './topics.ts';
export { type PostingsVerified, verifyPostings } from './verify-postings.ts';
