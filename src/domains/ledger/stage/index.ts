/** For tests only: a ledger on a database of its own, the model that it is held against, and a child to kill. */

export { fillWithEntries, move, testLedger } from './fixture.ts';
