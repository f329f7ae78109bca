import { accountId } from '#ledger/account';
import {
  type BalanceFault,
  type EntryPlace,
  type EntryStep,
  findBalanceFaults,
  findEntryFaults,
  findHeldFaults,
  findRangeEnd,
  findSums,
} from './verify-store.ts';
import type { Verifying } from './verifying.ts';

const ACCOUNTS_AT_ONCE = 5000;
const ENTRIES_AT_ONCE = 50_000;
const LAST_ID = 0x7fff_ffff_ffff_ffffn;

/** Balances against their last entries and holds; then each entry against the one before it. */
export async function verifyAccounts(verifying: Verifying): Promise<void> {
  await verifyBalances(verifying);
  for (const { account_id: id, held, open } of await findHeldFaults(
    verifying.tx,
    verifying.account,
  )) {
    verifying.find(
      'held_differs',
      `Account ${accountId(id)} has ${held} held, and its open holds sum to ${open}.`,
    );
  }
  if (verifying.account === null) {
    for (const { currency, sum } of await findSums(verifying.tx))
      verifying.find('sum_not_zero', `All balances in ${currency} sum to ${sum}, not to zero.`);
  }
  await verifyEntries(verifying);
}

async function verifyBalances({ account, find, size, step, tx }: Verifying): Promise<void> {
  let after = account === null ? 0n : account - 1n;
  for (;;) {
    const end = account ?? (await findRangeEnd(tx, { after, limit: ACCOUNTS_AT_ONCE }));
    const faults = await findBalanceFaults(tx, { after, until: end ?? LAST_ID });
    for (const fault of faults) tellBalance(fault, find);
    step('accounts', Math.min(ACCOUNTS_AT_ONCE, Number(size.accounts)));
    if (end === null || end === account) return;
    after = end;
  }
}

function tellBalance(fault: BalanceFault, find: Verifying['find']): void {
  const name = `Account ${accountId(fault.account_id)}`;
  if (fault.posted === null || fault.type === null) {
    const lack = fault.type === null ? 'a balance, but is no account' : 'no balance';
    find('account_without_balance', `${name} has ${lack}.`);
    return;
  }
  if (fault.unlike_account)
    find('balance_differs', `${name} has a balance of another currency, side or limit than it.`);
  if (fault.below_zero) find('below_zero', `${name} is below zero, which its type forbids.`);
  const { entries, last_balance: balance, last_number: number, posted } = fault;
  if (entries !== number)
    find(
      'entry_missing',
      `${name} counts ${entries} entries, and its last one is number ${number}.`,
    );
  if (posted !== balance)
    find(
      'balance_differs',
      `${name} has a balance of ${posted}; its last entry leaves ${balance}.`,
    );
  else if (entries === number && !fault.unlike_account && !fault.below_zero)
    find('balance_differs', `${name} was booked last at another time than its last entry.`);
}

async function verifyEntries({ account, find, step, tx }: Verifying): Promise<void> {
  let from: EntryPlace | undefined;
  for (;;) {
    const limit = ENTRIES_AT_ONCE + (from ? 1 : 0);
    const rows = await findEntryFaults(tx, { from, account, limit });
    for (const row of rows) tellEntry(row, find);
    const last = rows.at(-1);
    if (!last) return;
    from = { account_id: last.account_id, number: last.number };
    step('entries', ENTRIES_AT_ONCE);
  }
}

function tellEntry(row: EntryStep, find: Verifying['find']): void {
  const before = row.before_number;
  const name = `Entry ${row.number} of account ${accountId(row.account_id)}`;
  if (row.gap) {
    const follows = before === null ? 'is its first' : `follows number ${before}`;
    find('entry_missing', `${name} ${follows}: entries are missing before it.`);
  }
  if (row.wrong_balance && !row.gap) {
    const sum = `${row.before_balance} and ${row.amount}`;
    find('running_balance_differs', `${name} leaves ${row.balance}, which is not ${sum}.`);
  }
  if (row.time_back) find('time_goes_back', `${name} was booked earlier than the one before it.`);
  if (row.below_zero)
    find('below_zero', `${name} follows a balance below zero, which its type forbids.`);
}
