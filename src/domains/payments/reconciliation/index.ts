/**
 * A gateway's own list beside our book: what was lost is applied, what differs is kept until it is gone or
 * closed.
 */

export { closeDifference } from './close-difference.ts';
export { countDifferences, type DifferenceRow, listDifferences } from './difference-store.ts';
export { DifferenceShape, differenceToApi, registerDifferenceRoutes } from './http-differences.ts';
export { createNightlyReconciliation, type NightlyOptions } from './nightly-reconciliation.ts';
export { parseGatewayList, readGatewayList } from './read-gateway-list.ts';
export {
  createReconciler,
  type Reconciler,
  type ReconcilerOptions,
  type ReconciliationReport,
  type Reconciling,
} from './reconcile-gateway.ts';
export {
  type Difference,
  type DifferenceKind,
  differenceKinds,
  findLastReconciliation,
} from './reconciliation-store.ts';
