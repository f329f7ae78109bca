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
export { createLedger, type Ledger, type LedgerOptions } from './create-ledger.ts';
export type { SettlementResult } from './import-settlement.ts';
export { parseStatement, type Statement, type StatementLine } from './settlement.ts';
export { AMOUNT_MAX, credit, debit, type Line, type Posting, type Transfer } from './transfer.ts';
