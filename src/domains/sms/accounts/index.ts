export type { AccountState, NewAccount, ProviderAccount } from './account.ts';
export type { AccountLine } from './account-line.ts';
export { type Accounts, type AccountsOptions, createAccounts } from './create-accounts.ts';
