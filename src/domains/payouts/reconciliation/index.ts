export { applyLost, type LostStatus } from './apply-lost.ts';
export {
  type Difference,
  type DifferenceKind,
  type LedgerPayout,
  reconcile,
} from './judge.ts';
export { fetchList, readListFile } from './read-list.ts';
export {
  type LedgerBooks,
  type Reconciliation,
  type ReconciliationOptions,
  runReconciliation,
} from './run-reconciliation.ts';
export { type TheirPayout, theirPayouts } from './their-payout.ts';
