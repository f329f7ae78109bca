/** The way of a payout: checked, approved, its money moved, handed over, ended; and its views. */

export { type ApprovalRow, listApprovals } from './approval-store.ts';
export { type Approvals, createApprovals } from './approvals.ts';
export { createChecker } from './check-payouts.ts';
export { type ClientHolds, createClientHolds } from './client-holds.ts';
export { registerPayoutClientRoutes } from './client-http.ts';
export { deleteLimit, writeLimit } from './client-store.ts';
export { createPayoutEnds, type PayoutEnds } from './end-payouts.ts';
export { createMover } from './move-money.ts';
export { createOebsGate, type OebsGate } from './oebs-gate.ts';
export { registerPayoutRoutes } from './payout-http.ts';
export { addPayoutMetrics } from './payout-metrics.ts';
export {
  type FactView,
  findPayout,
  listFacts,
  listPayouts,
  listSteps,
  type PayoutView,
  type StepView,
} from './payout-views.ts';
