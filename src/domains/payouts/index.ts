export type {
  AccountSystem,
  CashFact,
  Moved,
  Movement,
  MoveOrder,
  PayoutAccount,
} from './account-system.ts';
export { createAccountsInProcess } from './accounts-in-process.ts';
export {
  type BankStatus,
  checkRequisites,
  createBankGate,
  createExporter,
  type Debtor,
  type Exported,
  importStatuses,
  type LeftOut,
  registerRequisitesRoutes,
} from './bank/index.ts';
export { registerPayoutClientRoutes } from './client-http.ts';
export {
  createPayoutMachine,
  type PayoutMachine,
  type PayoutMachineOptions,
} from './create-payout-machine.ts';
export { createPayouts, type Payouts, type PayoutsOptions } from './create-payouts.ts';
export {
  createRequests,
  type RequestInput,
  type Requests,
  type RequestsOptions,
} from './create-requests.ts';
export type { ErpGate, ErpOrder } from './erp-gate.ts';
export { createBusGate } from './erp-gate-bus.ts';
export {
  nextPayoutState,
  type PayoutState,
  type PayoutStep,
  parsePayoutId,
  payoutId,
  payoutSteps,
} from './payout.ts';
export { registerPayoutRoutes } from './payout-http.ts';
export {
  applyLost,
  type Difference,
  fetchList,
  type LedgerBooks,
  type LostStatus,
  readListFile,
  runReconciliation,
  theirPayouts,
} from './reconciliation/index.ts';
export type { ReqGate } from './req-gate.ts';
export { registerRequestRoutes } from './request-http.ts';
export { createStatusInbox, type StatusInbox } from './status-inbox.ts';
export type { NewStatus } from './status-store.ts';
export type { StatusSource } from './status-words.ts';
export type { Earlier, RequestTaker } from './take-requests.ts';
export {
  type NewPayout,
  newPayoutGroup,
  type PayoutEvent,
  type PayoutStatus,
  type PayoutTopics,
  payoutEvents,
  payoutTopics,
} from './topics.ts';
