import { sql, type Tx } from '#database';

/** Of one query: more than are told of all together. */
const FAULTS_MAX = 1000;

/** All that follows sees one instant of the ledger, however long it takes. */
export async function holdStill(tx: Tx): Promise<void> {
  await sql`set transaction isolation level repeatable read, read only`.execute(tx);
  await sql`select set_config('statement_timeout', '30min', true)`.execute(tx);
}

export interface LedgerSize {
  readonly accounts: bigint;
  readonly entries: bigint;
  readonly blocks: bigint;
}

/** About how much there is to read; with `account` of that one only. */
export async function readSize(tx: Tx, account: bigint | null): Promise<LedgerSize> {
  const { rows } = await sql<LedgerSize>`
    select count(*) as accounts, coalesce(sum(entries), 0)::bigint as entries,
      (select coalesce(max(number), 0) from ledger.block) as blocks
    from ledger.balance where ${account}::bigint is null or account_id = ${account}`.execute(tx);
  return rows[0] ?? { accounts: 0n, entries: 0n, blocks: 0n };
}

export interface AccountRange {
  readonly after: bigint;
  readonly until: bigint;
}

/** The id of the `limit`th account behind `after`; null when there are not so many. */
export async function findRangeEnd(
  tx: Tx,
  { after, limit }: { readonly after: bigint; readonly limit: number },
): Promise<bigint | null> {
  const { rows } = await sql<{ id: bigint }>`
    select id from ledger.account where id > ${after} order by id limit 1 offset ${limit - 1}`.execute(
    tx,
  );
  return rows[0]?.id ?? null;
}

export interface BalanceFault {
  readonly account_id: bigint;
  /** Null where the balance has no account, or the account no balance. */
  readonly posted: bigint | null;
  readonly type: string | null;
  readonly entries: bigint;
  readonly last_number: bigint;
  readonly last_balance: bigint;
  readonly below_zero: boolean;
  readonly unlike_account: boolean;
}

/** Balances that are not as their last entry and their account say. */
export async function findBalanceFaults(
  tx: Tx,
  { after, until }: AccountRange,
): Promise<readonly BalanceFault[]> {
  const { rows } = await sql<BalanceFault>`
    select * from (
      select coalesce(a.id, b.account_id) as account_id, b.posted, a.type, coalesce(b.entries, 0) as entries,
        coalesce(last.number, 0) as last_number, coalesce(last.balance, 0) as last_balance,
        coalesce(b.guarded and b.side * b.posted - b.held < 0, false) as below_zero,
        coalesce(a.currency <> b.currency or b.guarded = t.may_go_below_zero
          or b.side <> case t.normal_side when 'credit' then 1 else -1 end, false) as unlike_account,
        coalesce(last.booked_at, '-infinity') <> b.booked_at as other_time
      from (select * from ledger.account where id > ${after} and id <= ${until}) a
      full join (select * from ledger.balance where account_id > ${after} and account_id <= ${until}) b
        on b.account_id = a.id
      left join ledger.account_type t on t.name = a.type
      left join lateral (
        select number, balance, booked_at from ledger.entry e
        where e.account_id = coalesce(a.id, b.account_id) order by number desc limit 1
      ) last on true
    ) c
    where posted is null or type is null or below_zero or unlike_account or other_time
      or entries <> last_number or posted <> last_balance
    order by account_id limit ${FAULTS_MAX}`.execute(tx);
  return rows;
}

export interface HeldFault {
  readonly account_id: bigint;
  readonly held: bigint;
  readonly open: bigint;
}

/** Balances whose held amount is not the sum of the open holds. */
export async function findHeldFaults(
  tx: Tx,
  account: bigint | null,
): Promise<readonly HeldFault[]> {
  const { rows } = await sql<HeldFault>`
    with open as (
      select p.account_id, sum(p.amount)::bigint as amount
      from ledger.hold h cross join unnest(h.accounts, h.amounts) as p (account_id, amount)
      where h.state = 'open' group by p.account_id
    )
    select account_id, coalesce(b.held, 0) as held, coalesce(o.amount, 0) as open
    from ledger.balance b full join open o using (account_id)
    where coalesce(b.held, 0) <> coalesce(o.amount, 0)
      and (${account}::bigint is null or account_id = ${account})
    order by account_id limit ${FAULTS_MAX}`.execute(tx);
  return rows;
}

/** Currencies whose balances do not sum to zero. */
export async function findSums(
  tx: Tx,
): Promise<readonly { readonly currency: string; readonly sum: bigint }[]> {
  const { rows } = await sql<{ currency: string; sum: bigint }>`
    select currency, sum(posted)::bigint as sum from ledger.balance group by currency
    having sum(posted) <> 0 order by currency limit ${FAULTS_MAX}`.execute(tx);
  return rows;
}

export interface EntryPlace {
  readonly account_id: bigint;
  readonly number: bigint;
}

export interface EntryStep extends EntryPlace {
  readonly transfer_id: string;
  readonly amount: bigint;
  readonly balance: bigint;
  /** Null at the beginning of an account. */
  readonly before_number: bigint | null;
  readonly before_balance: bigint;
  readonly gap: boolean;
  readonly wrong_balance: boolean;
  readonly time_back: boolean;
  /** The entry before, with which its transfer ended. */
  readonly below_zero: boolean;
  readonly is_last: boolean;
}

/**
 * Steps from one entry to the next that can not be, and the last of the page. It begins with the entry `from`, where the
 * page before has ended, or with the first of all.
 */
export async function findEntryFaults(
  tx: Tx,
  page: {
    readonly from: EntryPlace | undefined;
    readonly account: bigint | null;
    readonly limit: number;
  },
): Promise<readonly EntryStep[]> {
  const { account, from, limit } = page;
  const { rows } = await sql<EntryStep>`
    with page as (
      select * from ledger.entry
      where (account_id, number) >= (${from?.account_id ?? account ?? 0n}::bigint, ${from?.number ?? 0n}::bigint)
        and (${account}::bigint is null or account_id = ${account})
      order by account_id, number limit ${limit}
    ), step as (
      select p.*, lag(number) over one as before_number, coalesce(lag(balance) over one, 0) as before_balance,
        lag(booked_at) over one as before_booked_at, lag(transfer_id) over one as before_transfer,
        row_number() over every as place, count(*) over () as size
      from page p window one as (partition by account_id order by number), every as (order by account_id, number)
    ), judged as (
      select s.*, number <> coalesce(before_number, 0) + 1 as gap, balance <> before_balance + amount as wrong_balance,
        coalesce(s.booked_at < before_booked_at, false) as time_back,
        coalesce(b.guarded and transfer_id <> before_transfer and b.side * before_balance < 0, false) as below_zero,
        place = size as is_last
      from step s left join ledger.balance b using (account_id)
      where place > 1 or ${from === undefined}
    )
    select * from judged where gap or wrong_balance or time_back or below_zero or is_last
    order by account_id, number`.execute(tx);
  return rows;
}

/** A share of all transfers, by a hash of their ids; `account` leaves only what concerns it. */
export interface TransferShare {
  readonly part: number;
  readonly parts: number;
  readonly account: bigint | null;
}

const inShare = (id: string, { part, parts }: TransferShare) =>
  sql`(uuid_hash(${sql.ref(id)}) & 2147483647) % ${parts} = ${part}`;

export interface LineFault {
  readonly transfer_id: string;
  readonly account_id: bigint;
  readonly entries: readonly bigint[] | null;
  readonly lines: readonly bigint[] | null;
}

/** Where the entries of a transfer on an account are not its lines there, or of another time. */
export async function findLineFaults(tx: Tx, share: TransferShare): Promise<readonly LineFault[]> {
  const { account } = share;
  const { rows } = await sql<LineFault>`
    with written as (
      select e.transfer_id, e.account_id, array_agg(e.amount order by e.number) as amounts,
        min(e.booked_at) as first, max(e.booked_at) as last
      from ledger.entry e where ${inShare('e.transfer_id', share)}
        and (${account}::bigint is null or e.account_id = ${account}) group by 1, 2
    ), said as (
      select t.id as transfer_id, l.account_id, array_agg(l.amount order by l.place) as amounts, t.booked_at
      from ledger.transfer t
      cross join unnest(t.accounts, t.amounts) with ordinality as l (account_id, amount, place)
      where ${inShare('t.id', share)} and (${account}::bigint is null or l.account_id = ${account})
      group by t.id, l.account_id
    )
    select transfer_id, account_id, w.amounts as entries, s.amounts as lines
    from written w full join said s using (transfer_id, account_id)
    where w.amounts is distinct from s.amounts or w.first <> s.booked_at or w.last <> s.booked_at
    order by transfer_id, account_id limit ${FAULTS_MAX}`.execute(tx);
  return rows;
}

export interface UnbalancedTransfer {
  readonly id: string;
  /** Null where it has no lines, or one of an account that is not there. */
  readonly currency: string | null;
  readonly sum: bigint | null;
}

/** Transfers whose lines do not sum to zero in a currency. */
export async function findUnbalanced(
  tx: Tx,
  share: TransferShare,
): Promise<readonly UnbalancedTransfer[]> {
  const { rows } = await sql<UnbalancedTransfer>`
    select t.id, b.currency, sum(l.amount)::bigint as sum
    from ledger.transfer t left join lateral unnest(t.accounts, t.amounts) as l (account_id, amount) on true
    left join ledger.balance b on b.account_id = l.account_id
    where ${inShare('t.id', share)} group by t.id, b.currency
    having b.currency is null or sum(l.amount) <> 0 order by t.id limit ${FAULTS_MAX}`.execute(tx);
  return rows;
}

export interface MisplacedTransfer {
  readonly id: string;
  readonly there: boolean;
  readonly places: bigint;
}

/** Transfers that stand not in exactly one block or set that waits for its block; and what stands there and is no transfer. */
export async function findMisplaced(
  tx: Tx,
  share: TransferShare,
): Promise<readonly MisplacedTransfer[]> {
  const { rows } = await sql<MisplacedTransfer>`
    with place as (
      select x.id, count(*) as places from (
        select unnest(transfers) as id from ledger.block
        union all select unnest(transfers) from ledger.unsealed
      ) x where ${inShare('x.id', share)} group by x.id
    )
    select id, t.kind is not null as there, coalesce(p.places, 0) as places
    from (select id, kind from ledger.transfer t where ${inShare('t.id', share)}) t full join place p using (id)
    where t.kind is null or coalesce(p.places, 0) <> 1 order by id limit ${FAULTS_MAX}`.execute(tx);
  return rows;
}

export interface BlockFault {
  readonly number: bigint;
  readonly transfers: number;
  readonly follows: boolean;
  readonly right_previous: boolean;
  readonly right_hash: boolean;
}

/** Blocks from `after` to `until` that do not stand in the chain as they were sealed. */
export async function findBlockFaults(
  tx: Tx,
  { after, until }: { readonly after: bigint; readonly until: bigint },
): Promise<readonly BlockFault[]> {
  const { rows } = await sql<BlockFault>`
    select * from (
      select b.number, cardinality(b.transfers) as transfers, b.number = 1 or p.number is not null as follows,
        b.previous = coalesce(p.hash, '') as right_previous,
        b.hash = ledger.block_hash(b.number, b.transfers, b.previous) as right_hash
      from ledger.block b left join ledger.block p on p.number = b.number - 1
      where b.number > ${after} and b.number <= ${until}
    ) c where not (follows and right_previous and right_hash) order by number`.execute(tx);
  return rows;
}
