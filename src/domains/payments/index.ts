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
  type GatewayRoutesOptions,
  type GatewayRouting,
  gatewayKinds,
  gatewayToApi,
  type NewGatewayAccount,
  type OpenAccount,
  type RoutableAccount,
  type RoutedPayment,
  readGatewayAccount,
  readGatewayAccounts,
  registerGatewayRoutes,
} from './accounts/index.ts';
export {
  type CardDeclineReason,
  type DeclineClass,
  type ReceiptSettings,
  receiptTaxes,
} from './card-gateway.ts';
export type { CardGateways, CardLine, CardRouting } from './card-gateways.ts';
export {
  type Browser,
  type CardPayments,
  type ConfirmRequest,
  cardId,
  createSavedCards,
  createTokenReader,
  type Led,
  type OperationRequest,
  type PresentRequest,
  type Reservations,
  type SavedCardView,
  type TokenReader,
} from './cards/index.ts';
export {
  type ChargeWorker,
  type ChargeWorkerOptions,
  cardChargeGroup,
  chargeGroup,
  createCardCharging,
  createChargeWorker,
  createResponseHearing,
  type ResponseHearing,
  type ResponseHearingOptions,
  responseGroups,
} from './charging/index.ts';
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
export {
  type CardGatewayKind,
  type CardGatewayOptions,
  cardGatewayKinds,
  cardGatewayMakers,
  createCardGateway,
  createMobilinkGateway,
  type MobilinkOptions,
} from './gateways/index.ts';
export { registerPaymentRoutes } from './http.ts';
export type { FiscalView } from './news/index.ts';
export { type NotificationInbox, registerNotificationRoutes } from './notifications/index.ts';
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
export { type PostingsVerified, verifyPostings } from './posting/index.ts';
export {
  createNightlyReconciliation,
  createReconciler,
  type Difference,
  type DifferenceKind,
  type DifferenceRow,
  differenceKinds,
  listDifferences,
  type NightlyOptions,
  parseGatewayList,
  type Reconciler,
  type ReconcilerOptions,
  type ReconciliationReport,
  type Reconciling,
  readGatewayList,
  registerDifferenceRoutes,
} from './reconciliation/index.ts';
export type { RefundRequest } from './refunds/index.ts';
export {
  type AttentionAction,
  type AttentionClosing,
  type AttentionItem,
  type AttentionPage,
  type AttentionSource,
  addCardMetrics,
  type CardStaffRoutesOptions,
  createHandSettler,
  createPaymentAttention,
  type HandSettler,
  type HandSettling,
  type PaymentHistory,
  readPaymentHistory,
  registerCardStaffRoutes,
} from './staff/index.ts';
export type { PaymentView } from './store.ts';
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
export {
  type CardWorker,
  type CardWorkerOptions,
  createCardWorker,
  createGatewayWorkers,
  createNewsContext,
  type GatewayWorkers,
} from './workers/index.ts';
