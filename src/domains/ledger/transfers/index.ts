/** Money from account to account: posted in sets, taken back by a transfer of its own, and read. */

export { createPoster, type Poster, postAll } from './post-transfers.ts';
export {
  type AccountView,
  createReading,
  type EntryView,
  type Reading,
  type TransferView,
} from './read-ledger.ts';
export { createReverser, type Reversal, type Reverser } from './reverse-transfer.ts';
export {
  AMOUNT_MAX,
  checkNames,
  checkTransfer,
  credit,
  debit,
  type Line,
  type Posting,
  type Transfer,
} from './transfer.ts';
export { findMissingTransfers } from './transfer-store.ts';
