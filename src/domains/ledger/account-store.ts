import { type Executor, sql, type Tx } from '#database';
import type { AccountType } from './account-type.ts';

/** Writes the configured types; answers the names of those that have accounts and would change their side or currency. */
export async function writeAccountTypes(
  tx: Tx,
  types: readonly AccountType[],
): Promise<readonly string[]> {
  const column = <Value>(read: (type: AccountType) => Value) => types.map(read);
  const { rows } = await sql<{ name: string }>`
    select t.name from ledger.account_type t
    join unnest(
      ${column((type) => type.name)}::text[], ${column((type) => type.normalSide)}::text[],
      ${column((type) => type.currency ?? null)}::text[], ${column((type) => type.mayGoBelowZero)}::boolean[]
    ) as n (name, normal_side, currency, may_go_below_zero) using (name)
    where (t.normal_side <> n.normal_side or t.may_go_below_zero <> n.may_go_below_zero
        or (n.currency is not null and t.currency is distinct from n.currency))
      and exists (select from ledger.account a where a.type = t.name)
    order by t.name`.execute(tx);
  if (rows.length > 0) return rows.map(({ name }) => name);
  await sql`
    insert into ledger.account_type as t (name, title, normal_side, may_go_below_zero, currency)
    select * from unnest(
      ${column((type) => type.name)}::text[], ${column((type) => type.title)}::text[],
      ${column((type) => type.normalSide)}::text[], ${column((type) => type.mayGoBelowZero)}::boolean[],
      ${column((type) => type.currency ?? null)}::text[])
    on conflict (name) do update set title = excluded.title, normal_side = excluded.normal_side,
      may_go_below_zero = excluded.may_go_below_zero, currency = excluded.currency, debt_type = null
    where (t.title, t.normal_side, t.may_go_below_zero, t.currency) is distinct from
      (excluded.title, excluded.normal_side, excluded.may_go_below_zero, excluded.currency)`.execute(
    tx,
  );
  // Apart, because a type may name one that stands behind it.
  await sql`
    update ledger.account_type t set debt_type = n.debt_type
    from unnest(${column((type) => type.name)}::text[], ${column((type) => type.debtType ?? null)}::text[])
      as n (name, debt_type)
    where t.name = n.name and t.debt_type is distinct from n.debt_type`.execute(tx);
  return [];
}

export interface NewAccount {
  readonly type: string;
  readonly clientId: string;
  readonly currency: string;
  readonly label: string;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

export interface AccountRow {
  readonly id: bigint;
  readonly type: string;
  readonly client_id: string;
  readonly currency: string;
  readonly label: string;
}

/** Opens those that are not there yet, each with its empty balance; answers all, in the order of ids. */
export async function insertAccounts(
  tx: Tx,
  input: { readonly accounts: readonly NewAccount[]; readonly now: Date },
): Promise<readonly AccountRow[]> {
  const { accounts, now } = input;
  const names = sql`unnest(
    ${accounts.map((one) => one.type)}::text[], ${accounts.map((one) => one.clientId)}::text[],
    ${accounts.map((one) => one.currency)}::text[], ${accounts.map((one) => one.label)}::text[],
    ${accounts.map((one) => JSON.stringify(one.metadata ?? {}))}::text[]
  ) as n (type, client_id, currency, label, metadata)`;
  await sql`
    with opened as (
      insert into ledger.account (type, client_id, currency, label, metadata, created_at)
      select n.type, n.client_id, n.currency, n.label, n.metadata::jsonb, ${now} from ${names}
      order by n.client_id, n.type, n.currency, n.label
      on conflict on constraint account_once do nothing returning id, type, currency
    )
    insert into ledger.balance (account_id, side, guarded, currency)
    select o.id, case t.normal_side when 'credit' then 1 else -1 end, not t.may_go_below_zero, o.currency
    from opened o join ledger.account_type t on t.name = o.type order by o.id`.execute(tx);
  const { rows } = await sql<AccountRow>`
    select a.id, a.type, a.client_id, a.currency, a.label from ${names}
    join ledger.account a using (client_id, type, currency, label) order by a.id`.execute(tx);
  return rows;
}

export interface BalanceRow extends AccountRow {
  readonly posted: bigint;
  readonly held: bigint;
  readonly entries: bigint;
  readonly side: number;
  readonly created_at: Date;
  readonly booked_at: Date | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const BALANCE_COLUMNS =
  sql.raw(`a.id, a.type, a.client_id, a.currency, a.label, a.created_at, a.metadata,
  b.posted, b.held, b.entries, b.side, nullif(b.booked_at, '-infinity') as booked_at`);

/** A page of accounts with their balances, by id. */
export async function listBalances(
  executor: Executor,
  input: {
    readonly clientId: string | null;
    readonly type: string | null;
    readonly after: bigint;
    readonly limit: number;
  },
): Promise<readonly BalanceRow[]> {
  const { after, clientId, limit, type } = input;
  const { rows } = await sql<BalanceRow>`
    select ${BALANCE_COLUMNS} from ledger.account a join ledger.balance b on b.account_id = a.id
    where a.id > ${after} and (${clientId}::text is null or a.client_id = ${clientId})
      and (${type}::text is null or a.type = ${type})
    order by a.id limit ${limit}`.execute(executor);
  return rows;
}

export async function findBalances(
  executor: Executor,
  ids: readonly bigint[],
): Promise<readonly BalanceRow[]> {
  const { rows } = await sql<BalanceRow>`
    select ${BALANCE_COLUMNS} from ledger.account a join ledger.balance b on b.account_id = a.id
    where a.id = any (${ids}::bigint[]) order by a.id`.execute(executor);
  return rows;
}

/** What was booked until `at`. */
export async function readBalanceAt(
  executor: Executor,
  input: { readonly id: bigint; readonly at: Date },
): Promise<bigint> {
  const { rows } = await sql<{ balance: bigint }>`
    select ledger.balance_at(${input.id}, ${input.at}) as balance`.execute(executor);
  return rows[0]?.balance ?? 0n;
}
