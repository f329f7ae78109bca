export {
  type BankStatus,
  createBankGate,
  createExporter,
  type Debtor,
  type Exported,
  importStatuses,
  keepStatuses,
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
export {
  type NewPayout,
  newPayoutGroup,
  type PayoutEvent,
  type PayoutStatus,
  type PayoutTopics,
  payoutEvents,
  payoutTopics,
} from './topics.ts';
