/**
 * A subscription that is paid by card in its rows: locked, stepped, written and told in one transaction; what
 * it waits for next.
 */

export { claimDueCases, lockBilledCases, lockCases, lockCasesOf, readCases } from './case-store.ts';
export { insertCardBills, insertCases, setAttention } from './case-writes.ts';
export { closeBill, endCase, stepCase } from './end-case.ts';
export { chargeAtOf, dueAction, ladderStatusOf, nextDueAt, renewalOf } from './next-due.ts';
export { pauseCase, resumeCase } from './pause-case.ts';
export {
  claimWaiting,
  endWaiting,
  findFormerPriced,
  findWaiting,
  insertSwitch,
  lockBothWays,
  SWITCH_WAITS_MS,
  takeByCard,
  takeByPhone,
  tryWaiting,
} from './switch-store.ts';
export { beginWork, createWork, type Work } from './work.ts';
