/** The seam to the system of accounts, in this process or over HTTP, and how money moves in it for a payout. */

export type {
  AccountSystem,
  CashFact,
  Moved,
  Movement,
  MoveOrder,
  PayoutAccount,
} from './account-system.ts';
export { type AccountsDoor, createAccountsInProcess } from './accounts-in-process.ts';
export { createAccountsOverHttp } from './accounts-over-http.ts';
