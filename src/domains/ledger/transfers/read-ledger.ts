import type { Clock } from '#clock';
import type { Database } from '#database';
import { accountId } from '#ledger/account';
import { type BalanceRow, findBalances, listBalances, readBalanceAt } from '#ledger/account-store';
import { fail } from '#ledger/errors';
import { type EntryRow, findTransfers, listEntries, type TransferRow } from './transfer-store.ts';

/** An account with its balances as they are now, in minor units, on its normal side: a receivable of 500 shows 500. */
export interface AccountView {
  readonly id: bigint;
  readonly type: string;
  readonly clientId: string;
  readonly currency: string;
  readonly label: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly normalSide: 'debit' | 'credit';
  readonly balanceMinor: bigint;
  /** Of it, what is set aside. */
  readonly heldMinor: bigint;
  /** Of it, what can be spent. */
  readonly availableMinor: bigint;
  readonly entries: bigint;
  readonly openedAt: Date;
  /** When it last moved. */
  readonly bookedAt: Date | undefined;
}

/** One line of an account's page. */
export interface EntryView {
  /** From 1 on, without a gap. */
  readonly number: bigint;
  readonly transfer: string;
  readonly kind: string;
  readonly reference: string;
  /** Credit is positive, debit negative. */
  readonly amountMinor: bigint;
  /** After it, on the account's normal side. */
  readonly balanceMinor: bigint;
  readonly bookedAt: Date;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/** A transfer as it stands in the journal: what was asked for up to an amount shows the amount that it came to. */
export interface TransferView {
  readonly id: string;
  readonly kind: string;
  readonly reference: string;
  readonly bookedAt: Date;
  /** Credit is positive, debit negative. */
  readonly lines: readonly { readonly account: bigint; readonly amountMinor: bigint }[];
  readonly reverses: string | undefined;
  readonly reversedBy: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/** What stands in the ledger. Each throws `account_unknown` for an account that is not there. */
export interface Reading {
  /** A page of accounts, by id, from behind `after`. */
  accounts(query: {
    readonly clientId?: string;
    readonly type?: string;
    readonly after?: bigint;
    readonly limit: number;
  }): Promise<readonly AccountView[]>;
  account(id: bigint): Promise<AccountView>;
  /** On the normal side, when all that was booked until `instant` was in. Throws `instant_in_future`. */
  balanceAt(id: bigint, instant: Date): Promise<bigint>;
  /** A page of one account, the newest first; it ends before the entry with the number `before`. */
  entries(
    accountId: bigint,
    query: { readonly before?: bigint; readonly limit: number },
  ): Promise<readonly EntryView[]>;
  /** Those of `ids` that are there, in their order. */
  transfers(ids: readonly string[]): Promise<readonly TransferView[]>;
}

export function createReading(options: {
  readonly database: Database;
  readonly clock: Clock;
}): Reading {
  const { clock, database } = options;

  async function mustFind(id: bigint): Promise<BalanceRow> {
    const [row] = await findBalances(database.pool, [id]);
    if (!row) throw fail('account_unknown', `There is no account ${accountId(id)}.`);
    return row;
  }

  return {
    async accounts({ after = 0n, clientId, limit, type }) {
      const rows = await listBalances(database.pool, {
        ...{ after, clientId: clientId ?? null, type: type ?? null, limit },
      });
      return rows.map(accountFromRow);
    },
    async account(id) {
      return accountFromRow(await mustFind(id));
    },
    async balanceAt(id, instant) {
      if (!(instant <= clock.now())) {
        const message = 'must be an instant that is not in the future';
        throw fail('instant_in_future', `at ${message}: nobody knows that balance yet.`, {
          faults: [{ field: 'at', message }],
        });
      }
      const { side } = await mustFind(id);
      return BigInt(side) * (await readBalanceAt(database.pool, { id, at: instant }));
    },
    async entries(id, { before, limit }) {
      const { side } = await mustFind(id);
      const rows = await listEntries(database.pool, {
        ...{ accountId: id, before: before ?? null, limit },
      });
      return rows.map((row) => entryFromRow(row, BigInt(side)));
    },
    async transfers(ids) {
      const rows = await findTransfers(database.pool, ids);
      const byId = new Map(rows.map((row) => [row.id, transferFromRow(row)]));
      return ids.flatMap((id) => byId.get(id) ?? []);
    },
  };
}

function accountFromRow(row: BalanceRow): AccountView {
  const balanceMinor = BigInt(row.side) * row.posted;
  return {
    ...{ id: row.id, type: row.type, clientId: row.client_id, currency: row.currency },
    ...{ label: row.label, metadata: row.metadata, entries: row.entries },
    normalSide: row.side === 1 ? 'credit' : 'debit',
    ...{ balanceMinor, heldMinor: row.held, availableMinor: balanceMinor - row.held },
    ...{ openedAt: row.created_at, bookedAt: row.booked_at ?? undefined },
  };
}

function entryFromRow(row: EntryRow, side: bigint): EntryView {
  return {
    ...{ number: row.number, transfer: row.transfer_id, kind: row.kind, reference: row.reference },
    ...{ amountMinor: row.amount, balanceMinor: side * row.balance, bookedAt: row.booked_at },
    metadata: row.metadata ?? undefined,
  };
}

function transferFromRow(row: TransferRow): TransferView {
  return {
    ...{ id: row.id, kind: row.kind, reference: row.reference, bookedAt: row.booked_at },
    lines: row.accounts.map((account, at) => ({ account, amountMinor: row.amounts[at] ?? 0n })),
    ...{ reverses: row.reverses ?? undefined, reversedBy: row.reversed_by ?? undefined },
    metadata: row.metadata ?? undefined,
  };
}
