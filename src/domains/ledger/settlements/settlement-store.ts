import { type Executor, sql, type Tx } from '#database';
import type { StatementLine } from './settlement.ts';

/** Answers its id, and its hash: another's where one of the same name was there. */
export async function openSettlement(
  tx: Tx,
  input: {
    readonly gateway: string;
    readonly statement: string;
    readonly hash: string;
    readonly currency: string;
    readonly now: Date;
  },
): Promise<{ readonly id: bigint; readonly hash: string }> {
  const { currency, gateway, hash, now, statement } = input;
  await sql`
    insert into ledger.settlement (gateway, statement, hash, currency, imported_at)
    values (${gateway}, ${statement}, ${hash}, ${currency}, ${now}) on conflict do nothing`.execute(
    tx,
  );
  const { rows } = await sql<{ id: bigint; hash: string }>`
    select id, hash from ledger.settlement where gateway = ${gateway} and statement = ${statement}`.execute(
    tx,
  );
  return rows[0] as { id: bigint; hash: string };
}

/** How many lines of a settlement are in already. */
export async function countLines(executor: Executor, settlementId: bigint): Promise<number> {
  const { rows } = await sql<{ lines: number }>`
    select coalesce(max(line), 0)::integer as lines from ledger.settlement_line where settlement_id = ${settlementId}`.execute(
    executor,
  );
  return rows[0]?.lines ?? 0;
}

export interface MatchRow {
  readonly line: number;
  readonly charge_id: string;
  readonly reference: string;
  /** What the gateway owes for it: negative for a refund. */
  readonly owed: bigint;
  /** Whether it was settled before. */
  readonly settled: boolean;
}

/** The charges and refunds of these transactions on the gateway's receivable account. */
export async function matchCharges(
  executor: Executor,
  input: { readonly receivable: bigint; readonly lines: readonly StatementLine[] },
): Promise<readonly MatchRow[]> {
  const { lines, receivable } = input;
  const { rows } = await sql<MatchRow>`
    select w.line, t.id as charge_id, t.reference, -t.amounts[array_position(t.accounts, ${receivable}::bigint)] as owed,
      exists (select from ledger.settlement_line s where s.charge_id = t.id and s.outcome = 'posted') as settled
    from unnest(${lines.map(({ line }) => line)}::integer[],
        ${lines.map(({ transactionId }) => transactionId)}::bigint[]) as w (line, id)
    cross join lateral (
      select * from ledger.transfer t
      where t.id between rpad(lpad(to_hex(w.id), 16, '0'), 32, '0')::uuid and rpad(lpad(to_hex(w.id), 16, '0'), 32, 'f')::uuid
        and t.kind in ('charge', 'refund') and ${receivable}::bigint = any (t.accounts)
      limit 1
    ) t`.execute(executor);
  return rows;
}

/** What of these fees was posted, by the ids of their transfers. */
export async function findFees(
  executor: Executor,
  input: { readonly receivable: bigint; readonly fees: readonly string[] },
): Promise<ReadonlyMap<string, bigint>> {
  const { fees, receivable } = input;
  const { rows } = await sql<{ id: string; amount: bigint }>`
    select t.id, t.amounts[array_position(t.accounts, ${receivable}::bigint)] as amount
    from unnest(${fees}::uuid[]) as w (id) join ledger.transfer t on t.id = w.id
    where ${receivable}::bigint = any (t.accounts)`.execute(executor);
  return new Map(rows.map(({ amount, id }) => [id, amount]));
}

export interface JudgedLine extends StatementLine {
  readonly outcome: 'posted' | 'unknown' | 'amount_differs' | 'repeated';
  readonly chargeId: string | null;
}

export async function insertLines(
  tx: Tx,
  input: { readonly settlementId: bigint; readonly lines: readonly JudgedLine[] },
): Promise<void> {
  const { lines, settlementId } = input;
  const column = <Value>(read: (line: JudgedLine) => Value) => lines.map(read);
  await sql`
    insert into ledger.settlement_line
      (settlement_id, line, transaction_id, gross_minor, fee_minor, operator_share_minor, outcome, charge_id)
    select ${settlementId}, * from unnest(
      ${column(({ line }) => line)}::integer[], ${column(({ transactionId }) => transactionId)}::text[],
      ${column(({ grossMinor }) => grossMinor)}::bigint[], ${column(({ feeMinor }) => feeMinor)}::bigint[],
      ${column(({ operatorShareMinor }) => operatorShareMinor)}::bigint[],
      ${column(({ outcome }) => outcome)}::text[], ${column(({ chargeId }) => chargeId)}::uuid[])`.execute(
    tx,
  );
}

/** What of these charges was credited to accounts of type payout becomes facts of the settlement. */
export async function addFacts(
  tx: Tx,
  input: { readonly settlementId: bigint; readonly charges: readonly string[] },
): Promise<void> {
  await sql`
    insert into ledger.cash_fact as f (account_id, settlement_id, amount)
    select l.account_id, ${input.settlementId}, sum(l.amount)::bigint
    from unnest(${input.charges}::uuid[]) as w (id) join ledger.transfer t on t.id = w.id and t.kind = 'charge'
    cross join lateral unnest(t.accounts, t.amounts) as l (account_id, amount)
    join ledger.account a on a.id = l.account_id and a.type = 'payout'
    where l.amount > 0 group by l.account_id order by l.account_id
    on conflict on constraint cash_fact_once do update set amount = f.amount + excluded.amount`.execute(
    tx,
  );
}

export interface SettlementReport {
  readonly outcome: JudgedLine['outcome'];
  readonly lines: number;
  readonly gross: bigint;
}

export async function reportSettlement(
  executor: Executor,
  settlementId: bigint,
): Promise<readonly SettlementReport[]> {
  const { rows } = await sql<SettlementReport>`
    select outcome, count(*)::integer as lines, sum(gross_minor)::bigint as gross from ledger.settlement_line
    where settlement_id = ${settlementId} group by outcome order by outcome`.execute(executor);
  return rows;
}

/** Lines that were not posted, with why. */
export async function listUnposted(
  executor: Executor,
  input: { readonly settlementId: bigint; readonly limit: number },
): Promise<
  readonly { line: number; transaction_id: string; outcome: string; gross_minor: bigint }[]
> {
  const { rows } = await sql<{
    line: number;
    transaction_id: string;
    outcome: string;
    gross_minor: bigint;
  }>`
    select line, transaction_id, outcome, gross_minor from ledger.settlement_line
    where settlement_id = ${input.settlementId} and outcome <> 'posted' order by line limit ${input.limit}`.execute(
    executor,
  );
  return rows;
}
