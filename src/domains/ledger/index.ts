export type { Account, AccountName } from './account.ts';
export { accountId, parseAccountId } from './account.ts';
export {
  type AccountType,
  parseAccountTypes,
  readAccountTypes,
  STANDARD_ACCOUNT_TYPES,
} from './account-type.ts';
export type {
  CashFact,
  CashOrder,
  Charge,
  Contract,
  Contracts,
  NewContract,
  Refund,
} from './contracts/index.ts';
export { createLedger, type Ledger, type LedgerOptions } from './create-ledger.ts';
export type {
  HoldSettled,
  HoldSettling,
  HoldState,
  Holds,
  HoldView,
  NewHold,
  Release,
  Reservation,
} from './holds/index.ts';
export { registerContractRoutes, registerLedgerRoutes } from './http/index.ts';
export {
  feeTransferId,
  parseStatement,
  type SettlementResult,
  type Statement,
  type StatementLine,
} from './settlements/index.ts';
export {
  type AccountView,
  AMOUNT_MAX,
  createReading,
  credit,
  debit,
  type EntryView,
  findMissingTransfers,
  type Line,
  type Posting,
  type Reading,
  type Reversal,
  type Reverser,
  type Transfer,
  type TransferView,
} from './transfers/index.ts';
export {
  type Finding,
  type FindingKind,
  type Verification,
  type VerifyOptions,
  type VerifyProgress,
  verifyLedger,
} from './verifying/index.ts';
export { createLedgerWorker, type LedgerWorker } from './worker.ts';
