/**
 * For tests only: payouts with all that they stand on, the suite of both ways to the accounts, and children to
 * kill.
 */

export { describeAccountSystem } from './account-system-conformance.ts';
export { earn, runRequests, START, standardLedger } from './fixture.ts';
export { type MadePayout, setStage, TOPICS } from './machine-fixture.ts';
