export type { Account, AccountName } from './account.ts';
export { accountId, parseAccountId } from './account.ts';
export {
  type AccountType,
  parseAccountTypes,
  readAccountTypes,
  STANDARD_ACCOUNT_TYPES,
} from './account-type.ts';
export type { CashFact, CashOrder } from './cash-facts.ts';
export type { Charge, Refund } from './charge-transfers.ts';
export type { Contract, NewContract } from './contract.ts';
export { registerContractRoutes } from './contract-http.ts';
export type { Contracts } from './contracts.ts';
export type { Holds } from './create-holds.ts';
export { createLedger, type Ledger, type LedgerOptions } from './create-ledger.ts';
export type { Finding, FindingKind } from './finding.ts';
export type { HoldState, HoldView, NewHold } from './hold.ts';
export { registerLedgerRoutes } from './http.ts';
export { feeTransferId, type SettlementResult } from './import-settlement.ts';
export {
  type AccountView,
  createReading,
  type EntryView,
  type Reading,
  type TransferView,
} from './read-ledger.ts';
export type { Release } from './release-holds.ts';
export type { Reservation } from './reserve-holds.ts';
export type { Reversal, Reverser } from './reverse-transfer.ts';
export type { HoldSettled, HoldSettling } from './settle-hold.ts';
export { parseStatement, type Statement, type StatementLine } from './settlement.ts';
export { AMOUNT_MAX, credit, debit, type Line, type Posting, type Transfer } from './transfer.ts';
export { findMissingTransfers } from './transfer-store.ts';
export { type Verification, type VerifyOptions, verifyLedger } from './verify-ledger.ts';
export type { VerifyProgress } from './verifying.ts';
export { createLedgerWorker, type LedgerWorker } from './worker.ts';
