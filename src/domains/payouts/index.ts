export {
  type AccountSystem,
  type CashFact,
  createAccountsInProcess,
  type Moved,
  type Movement,
  type MoveOrder,
  type PayoutAccount,
} from './accounts/index.ts';
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
export {
  createPayoutMachine,
  type PayoutMachine,
  type PayoutMachineOptions,
} from './create-payout-machine.ts';
export { createPayouts, type Payouts, type PayoutsOptions } from './create-payouts.ts';
export { registerPayoutClientRoutes, registerPayoutRoutes } from './machine/index.ts';
export {
  nextPayoutState,
  type PayoutState,
  type PayoutStep,
  parsePayoutId,
  payoutId,
  payoutSteps,
} from './payout.ts';
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
export type { ReqGate } from './req-gate/index.ts';
export {
  createRequests,
  type Earlier,
  type RequestInput,
  type Requests,
  type RequestsOptions,
  type RequestTaker,
  registerRequestRoutes,
} from './requests/index.ts';
export {
  createBusGate,
  createStatusInbox,
  type ErpGate,
  type ErpOrder,
  type NewStatus,
  type StatusInbox,
  type StatusSource,
} from './statuses/index.ts';
export {
  type NewPayout,
  newPayoutGroup,
  type PayoutEvent,
  type PayoutStatus,
  type PayoutTopics,
  payoutEvents,
  payoutTopics,
} from './topics.ts';
