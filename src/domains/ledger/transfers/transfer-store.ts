import { type Executor, prepared, sql, type Tx } from '#database';
import { fingerprintOf, type Transfer } from './transfer.ts';

/** What was not posted of sets: The first transfer's place is 1. */
export interface PostRow {
  readonly place: number;
  readonly outcome: 'exists' | 'conflict' | 'reversed' | 'below_zero';
  /** The account that would go below zero. */
  readonly refusing: bigint | null;
}

// No reference has a control character.
const SEPARATOR = '\u001f';
// Of a single empty text the function would make an array without members.
const texts = (values: readonly string[]) =>
  sql`coalesce(nullif(string_to_array(${values.join(SEPARATOR)}, ${SEPARATOR}), '{}'), array[''])`;
/** Numbers and UUIDs as PostgreSQL writes an array: a tenth of what the driver takes, which looks at each for quotes. */
const plain = (values: readonly unknown[]) => `{${values.join(',')}}`;

/**
 * Posts sets of transfers, in their order, each set whole or not at all: one statement, and every account locked once.
 * Who asks has checked them; of what was posted nothing is answered.
 */
export async function postSets(
  tx: Tx,
  sets: readonly (readonly Transfer[])[],
  at: Date,
): Promise<readonly PostRow[]> {
  const transfers = sets.flat();
  const places = placesOf(transfers);
  const lines = transfers.flatMap((transfer) => transfer.lines);
  const place = (id: bigint | undefined) => (id === undefined ? 0 : (places.get(id) ?? 0));
  const { rows } = await prepared<PostRow>`
    select * from ledger.post(
      ${plain(transfers.map(({ id }) => id))}::uuid[],
      ${plain(sets.flatMap((set, at) => set.map(() => at)))}::integer[],
      ${plain(transfers.map(modeOf))}::text[],
      ${texts(transfers.map(({ kind }) => kind))}, ${texts(transfers.map(({ reference }) => reference))},
      ${plain(transfers.map(fingerprintOf))}::uuid[],
      ${plain(transfers.map(({ reverses }) => reverses ?? 'null'))}::uuid[],
      ${texts(transfers.map(({ metadata }) => (metadata ? JSON.stringify(metadata) : '')))},
      ${plain(transfers.map((transfer) => transfer.lines.length))}::integer[],
      ${plain(lines.map(({ account }) => place(account.id)))}::integer[],
      ${plain(lines.map(({ account }) => place(account.debtId)))}::integer[],
      ${plain(lines.map(({ amountMinor }) => amountMinor))}::bigint[],
      ${plain([...places.keys()])}::bigint[], ${at})`.execute(tx);
  return rows;
}

function modeOf({ fact, upTo }: Transfer): string {
  if (upTo) return 'm';
  return fact ? 'f' : 'p';
}

/** All accounts that may be touched, ascending, with their places from 1 on. */
function placesOf(transfers: readonly Transfer[]): ReadonlyMap<bigint, number> {
  const ids = new Set<bigint>();
  for (const { lines } of transfers) {
    for (const { account } of lines) {
      ids.add(account.id);
      if (account.debtId !== undefined) ids.add(account.debtId);
    }
  }
  const ascending = [...ids].sort((left, right) => (left < right ? -1 : 1));
  return new Map(ascending.map((id, at) => [id, at + 1]));
}

export interface TransferRow {
  readonly id: string;
  readonly kind: string;
  readonly reference: string;
  readonly booked_at: Date;
  readonly accounts: readonly bigint[];
  readonly amounts: readonly bigint[];
  readonly reverses: string | null;
  readonly reversed_by: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

/** Of these ids, those that stand for no transfer. */
export async function findMissingTransfers(
  executor: Executor,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select w.id::text as id from unnest(${plain(ids)}::uuid[]) as w (id)
    where not exists (select from ledger.transfer t where t.id = w.id)`.execute(executor);
  return rows.map(({ id }) => id);
}

export async function findTransfers(
  executor: Executor,
  ids: readonly string[],
): Promise<readonly TransferRow[]> {
  const { rows } = await sql<TransferRow>`
    select t.id, t.kind, t.reference, t.booked_at, t.accounts, t.amounts, t.reverses, t.metadata,
      r.id as reversed_by
    from ledger.transfer t left join ledger.transfer r on r.reverses = t.id
    where t.id = any (${ids}::uuid[])`.execute(executor);
  return rows;
}

export interface EntryRow {
  readonly number: bigint;
  readonly transfer_id: string;
  readonly amount: bigint;
  readonly balance: bigint;
  readonly booked_at: Date;
  readonly kind: string;
  readonly reference: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

/** A page of an account, the newest first; `before` is the number that it ends before. */
export async function listEntries(
  executor: Executor,
  input: { readonly accountId: bigint; readonly before: bigint | null; readonly limit: number },
): Promise<readonly EntryRow[]> {
  const { accountId, before, limit } = input;
  const { rows } = await sql<EntryRow>`
    select e.number, e.transfer_id, e.amount, e.balance, e.booked_at, t.kind, t.reference, t.metadata
    from (
      select number, transfer_id, amount, balance, booked_at from ledger.entry
      where account_id = ${accountId} and (${before}::bigint is null or number < ${before})
      order by number desc limit ${limit}
    ) e
    -- One by one by the key, also while statistics say that there are few: a join would read all.
    cross join lateral (select kind, reference, metadata from ledger.transfer where id = e.transfer_id offset 0) t
    order by e.number desc`.execute(executor);
  return rows;
}
