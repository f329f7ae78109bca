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
export type { ErpGate, ErpOrder } from './erp-gate.ts';
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
export { createStatusInbox, type StatusInbox } from './status-inbox.ts';
export {
  type NewPayout,
  newPayoutGroup,
  type PayoutEvent,
  type PayoutStatus,
  type PayoutTopics,
  payoutEvents,
  payoutTopics,
} from './topics.ts';
