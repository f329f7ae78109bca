export type { Account, AccountName } from './account.ts';
export { accountId, parseAccountId } from './account.ts';
export { type AccountType, parseAccountTypes, readAccountTypes } from './account-type.ts';
export { createLedger, type Ledger, type LedgerOptions } from './create-ledger.ts';
export { AMOUNT_MAX, credit, debit, type Line, type Posting, type Transfer } from './transfer.ts';
