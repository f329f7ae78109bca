import type { Database } from '#database';
import { must } from '#errors';
import { type Account, accountId } from '#ledger/account';
import type { AccountType } from '#ledger/account-type';
import { fail } from '#ledger/errors';
import type { Accounts } from '#ledger/open-accounts';
import type { Poster } from './post-transfers.ts';
import type { Line, Posting, Transfer } from './transfer.ts';
import { findTransfers, type TransferRow } from './transfer-store.ts';

/** A transfer is to be taken back. */
export interface Reversal {
  /** Of the transfer that takes it back: made and kept by the caller before it asks. */
  readonly id: string;
  /** What is taken back; once. */
  readonly transfer: string;
  /** `reversal` unless told. */
  readonly kind?: string;
  /** That of the transfer unless told. */
  readonly reference?: string;
  /** It has happened outside: never refused for what an account does not have any more. */
  readonly fact?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface Reverser {
  /** Posts it as `submit` does. Throws `transfer_unknown`. */
  reverse(reversal: Reversal): Promise<Posting>;
  /** The transfer that takes it back, for `post`: asked for before the caller's transaction begins. Throws `transfer_unknown`. */
  reversalOf(reversal: Reversal): Promise<Transfer>;
}

export interface ReverserOptions {
  readonly database: Database;
  readonly accounts: Accounts;
  readonly poster: Poster;
  readonly types: readonly AccountType[];
}

export function createReverser({ accounts, database, poster, types }: ReverserOptions): Reverser {
  async function reversalOf(reversal: Reversal): Promise<Transfer> {
    const { fact, id, kind, metadata, reference, transfer } = reversal;
    const [row] = await findTransfers(database.pool, [transfer]);
    if (!row) throw fail('transfer_unknown', `There is no transfer ${transfer}.`);
    return {
      ...{ id, kind: kind ?? 'reversal', reference: reference ?? row.reference },
      ...{ lines: await linesOf(row), reverses: transfer },
      ...(fact ? { fact } : {}),
      ...(metadata ? { metadata } : {}),
    };
  }

  /** The same lines the other way round, as they stand in the journal. */
  async function linesOf(row: TransferRow): Promise<readonly Line[]> {
    const known = await accounts.byIds(row.accounts);
    const lines: Line[] = [];
    for (const [at, id] of row.accounts.entries()) {
      const account = known.get(id);
      must(account, `the account ${accountId(id)} of a transfer is there`);
      const amountMinor = -(row.amounts[at] ?? 0n);
      // What was taken from a debtor goes back to the purse: the debt may have been paid since, and where it was not,
      // the purse's credits pay it first.
      const purse = amountMinor > 0n ? await purseOf(account, [...known.values()]) : undefined;
      lines.push({ account: purse ?? account, amountMinor });
    }
    return lines;
  }

  /** Whose debts the account bears: a purse of the transfer, or the only one there can be. */
  async function purseOf(
    debt: Account,
    ofTransfer: readonly Account[],
  ): Promise<Account | undefined> {
    const near = ofTransfer.find(({ debtId }) => debtId === debt.id);
    if (near) return near;
    const [type] = types.filter(({ debtType }) => debtType === debt.type);
    if (!type) return undefined;
    const { clientId, currency, label } = debt;
    const [purse] = await accounts.open([{ type: type.name, clientId, currency, label }]);
    return purse;
  }

  return {
    reversalOf,
    reverse: async (reversal) => poster.submit([await reversalOf(reversal)]),
  };
}
