/** The seam to whoever pays, and what it says of payouts: heard, judged, applied. */

export { createStatuses, type Statuses } from './apply-statuses.ts';
export type { ErpGate, ErpOrder } from './erp-gate.ts';
export { createBusGate } from './erp-gate-bus.ts';
export { followStatuses, payoutGroups } from './follow-statuses.ts';
export { createStatusInbox, type StatusInbox } from './status-inbox.ts';
export {
  countNotApplied,
  listStatuses,
  type NewStatus,
  STATUS_OUTCOMES,
  type StatusRow,
  settleContradictions,
} from './status-store.ts';
export { type Meaning, meaningOf, type StatusSource } from './status-words.ts';
