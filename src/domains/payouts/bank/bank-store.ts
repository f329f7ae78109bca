import { type Executor, sql, type Tx } from '#database';
import type { BankBatch } from './pain001.ts';
import type { SentPayment } from './pain002.ts';
import type { Requisites } from './requisites.ts';

export interface NewLine {
  readonly payoutId: bigint;
  readonly erpId: string;
  readonly reference: string;
  readonly clientId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly readyAt: Date;
}

/** They wait for the next file. Those that wait already stay as they are. */
export async function insertLines(tx: Tx, lines: readonly NewLine[]): Promise<void> {
  await sql`
    insert into payouts.bank_line (payout_id, erp_id, reference, client_id, currency, amount_minor, ready_at)
    select * from unnest(${lines.map((one) => one.payoutId)}::bigint[],
      ${lines.map((one) => one.erpId)}::text[], ${lines.map((one) => one.reference)}::text[],
      ${lines.map((one) => one.clientId)}::text[], ${lines.map((one) => one.currency)}::text[],
      ${lines.map((one) => one.amountMinor)}::bigint[], ${lines.map((one) => one.readyAt)}::timestamptz[])
    on conflict on constraint bank_line_pkey do nothing`.execute(tx);
}

export interface Debtor extends Requisites {
  readonly currency: string;
}

/**
 * Puts what waits into a file, with its requisites as they are now: answers how many. Left where they are: those without
 * requisites or without an account of ours in their currency, of clients that are held, and whatever is no longer to
 * be sent. The payouts are locked, so that nobody gives their money back at this moment.
 */
export async function fillFile(
  tx: Tx,
  input: { readonly fileId: bigint; readonly debtors: readonly Debtor[]; readonly limit: number },
): Promise<number> {
  const { debtors, fileId, limit } = input;
  const { rows } = await sql<{ count: bigint }>`
    with debtor as (
      select * from unnest(${debtors.map((one) => one.currency)}::text[], ${debtors.map((one) => one.name)}::text[],
        ${debtors.map((one) => one.account)}::text[], ${debtors.map((one) => one.bank)}::text[])
        as d (currency, name, account, bank)
    ), taken as (
      select l.payout_id, l.currency, r.name, r.account, r.bank
      from payouts.bank_line l
      join payouts.payout p on p.id = l.payout_id
      join payouts.requisites r on r.client_id = l.client_id and r.currency = l.currency
      where l.file_id is null and p.state = 'in_flight' and p.moving is null and p.conflict is null
        and l.currency in (select currency from debtor)
        and not exists (select from payouts.client c where c.client_id = l.client_id and c.held_at is not null)
      order by l.payout_id limit ${limit}
      for no key update of p, l skip locked
    ), numbered as (
      select *, dense_rank() over (order by currency)::smallint as batch from taken
    ), line as (
      update payouts.bank_line l set file_id = ${fileId}, batch = n.batch, name = n.name, account = n.account,
        bank = n.bank
      from numbered n where l.payout_id = n.payout_id returning l.payout_id
    ), batch as (
      insert into payouts.bank_batch (file_id, number, currency, name, account, bank)
      select distinct ${fileId}::bigint, n.batch, d.currency, d.name, d.account, d.bank
      from numbered n join debtor d on d.currency = n.currency
    )
    select count(*) as count from line`.execute(tx);
  return Number(rows[0]?.count ?? 0n);
}

export interface FileRow {
  readonly id: bigint;
  readonly message_id: string;
  readonly created_at: Date;
  readonly sha256: string | null;
}

export async function insertFile(tx: Tx, file: Omit<FileRow, 'sha256'>): Promise<void> {
  await sql`
    insert into payouts.bank_file (id, message_id, created_at)
    values (${file.id}, ${file.message_id}, ${file.created_at})`.execute(tx);
}

/** Files that were begun and are not known to be on the disk, oldest first. */
export async function findUnwrittenFiles(
  executor: Executor,
  limit: number,
): Promise<readonly FileRow[]> {
  const { rows } = await sql<FileRow>`
    select id, message_id, created_at, sha256 from payouts.bank_file
    where written_at is null order by id limit ${limit}`.execute(executor);
  return rows;
}

export async function findFile(
  executor: Executor,
  messageId: string,
): Promise<FileRow | undefined> {
  const { rows } = await sql<FileRow>`
    select id, message_id, created_at, sha256 from payouts.bank_file
    where message_id = ${messageId}`.execute(executor);
  return rows[0];
}

/** A file's batches with their payments, always in the same order. */
export async function readBatches(
  executor: Executor,
  fileId: bigint,
): Promise<readonly BankBatch[]> {
  const { rows: batches } = await sql<Requisites & { number: number; currency: string }>`
    select number, currency, name, account, bank from payouts.bank_batch
    where file_id = ${fileId} order by number`.execute(executor);
  const { rows: lines } = await sql<LineRow>`
    select batch, erp_id, reference, amount_minor, name, account, bank from payouts.bank_line
    where file_id = ${fileId} order by batch, payout_id`.execute(executor);
  const ofBatch = Map.groupBy(lines, ({ batch }) => batch);
  return batches.map(({ account, bank, currency, name, number }) => ({
    ...{ number, currency, debtor: { name, account, bank } },
    payments: (ofBatch.get(number) ?? []).map((line) => ({
      ...{ erpId: line.erp_id, reference: line.reference, amountMinor: line.amount_minor },
      creditor: { name: line.name, account: line.account, bank: line.bank },
    })),
  }));
}

interface LineRow extends Requisites {
  readonly batch: number;
  readonly erp_id: string;
  readonly reference: string;
  readonly amount_minor: bigint;
}

/** What the lines of a file come to: asked of the database, not of what was written. */
export async function sumFile(
  executor: Executor,
  fileId: bigint,
): Promise<readonly { currency: string; count: number; amountMinor: bigint }[]> {
  const { rows } = await sql<{ currency: string; count: number; amount_minor: bigint }>`
    select currency, count(*)::integer as count, sum(amount_minor)::bigint as amount_minor
    from payouts.bank_line where file_id = ${fileId} group by currency order by currency`.execute(
    executor,
  );
  return rows.map((row) => ({
    ...{ currency: row.currency, count: row.count, amountMinor: row.amount_minor },
  }));
}

/** Once and for all. Answers whether what stands there now is this. */
export async function markWritten(
  executor: Executor,
  input: {
    readonly fileId: bigint;
    readonly sha256: string;
    readonly bytes: number;
    readonly now: Date;
  },
): Promise<boolean> {
  const { bytes, fileId, now, sha256 } = input;
  await sql`
    update payouts.bank_file set sha256 = ${sha256}, bytes = ${bytes}, written_at = ${now}
    where id = ${fileId} and written_at is null`.execute(executor);
  const { rows } = await sql<{ sha256: string | null }>`
    select sha256 from payouts.bank_file where id = ${fileId}`.execute(executor);
  return rows[0]?.sha256 === sha256;
}

export interface LeftOut {
  readonly reason: 'no_requisites' | 'no_debtor' | 'held' | 'not_to_be_sent';
  readonly currency: string;
  readonly count: number;
  /** One of them, to begin with. */
  readonly clientId: string;
}

/** What waits for a file and why it is in none. */
export async function countLeftOut(
  executor: Executor,
  currencies: readonly string[],
): Promise<readonly LeftOut[]> {
  const { rows } = await sql<LeftOut>`
    select w.reason, w.currency, count(*)::integer as count, min(w.client_id) as "clientId"
    from (
      select l.currency, l.client_id, case
        when p.state <> 'in_flight' or p.moving is not null or p.conflict is not null then 'not_to_be_sent'
        when c.held_at is not null then 'held'
        when l.currency <> all (${currencies}::text[]) then 'no_debtor'
        when r.client_id is null then 'no_requisites' end as reason
      from payouts.bank_line l
      join payouts.payout p on p.id = l.payout_id
      left join payouts.requisites r on r.client_id = l.client_id and r.currency = l.currency
      left join payouts.client c on c.client_id = l.client_id
      where l.file_id is null
    ) w where w.reason is not null group by w.reason, w.currency order by w.reason, w.currency limit 1000`.execute(
    executor,
  );
  return rows;
}

/** All payments of a file, with the names of their batches' numbers. */
export async function findSent(
  executor: Executor,
  fileId: bigint,
): Promise<readonly (Omit<SentPayment, 'batch'> & { readonly batch: number })[]> {
  const { rows } = await sql<{ erp_id: string; batch: number }>`
    select erp_id, batch from payouts.bank_line
    where file_id = ${fileId} order by batch, payout_id`.execute(executor);
  return rows.map((row) => ({ erpId: row.erp_id, batch: row.batch }));
}

export interface ClientRequisites extends Requisites {
  readonly clientId: string;
  readonly currency: string;
}

export async function saveRequisites(
  executor: Executor,
  input: ClientRequisites & { readonly setBy: string; readonly now: Date },
): Promise<void> {
  const { account, bank, clientId, currency, name, now, setBy } = input;
  await sql`
    insert into payouts.requisites (client_id, currency, name, account, bank, set_by, set_at)
    values (${clientId}, ${currency}, ${name}, ${account}, ${bank}, ${setBy}, ${now})
    on conflict on constraint requisites_pkey do update set name = excluded.name, account = excluded.account,
      bank = excluded.bank, set_by = excluded.set_by, set_at = excluded.set_at`.execute(executor);
}

export interface StoredRequisites extends Requisites {
  readonly currency: string;
  readonly set_by: string;
  readonly set_at: Date;
}

/** One for each currency of a client: there are some two hundred. */
export async function findRequisites(
  executor: Executor,
  clientId: string,
): Promise<readonly StoredRequisites[]> {
  const { rows } = await sql<StoredRequisites>`
    select currency, name, account, bank, set_by, set_at from payouts.requisites
    where client_id = ${clientId} order by currency limit 1000`.execute(executor);
  return rows;
}
