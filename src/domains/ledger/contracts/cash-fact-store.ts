import { sql, type Tx } from '#database';

export interface CashFactRow {
  readonly fact: bigint;
  readonly gateway: string;
  readonly statement: string;
  readonly amount: bigint;
}

/** False when that holder has asked before. */
export async function insertHolder(
  tx: Tx,
  order: { readonly holder: string; readonly account: bigint; readonly amountMinor: bigint },
): Promise<boolean> {
  const { rows } = await sql`
    insert into ledger.cash_holder (holder, account_id, amount)
    values (${order.holder}, ${order.account}, ${order.amountMinor})
    on conflict do nothing returning 1 as one`.execute(tx);
  return rows.length > 0;
}

export async function findHolder(tx: Tx, holder: string) {
  const { rows } = await sql<{ account_id: bigint; amount: bigint; returned: boolean }>`
    select account_id, amount, returned_at is not null as returned from ledger.cash_holder where holder = ${holder}`.execute(
    tx,
  );
  return rows[0];
}

const FACTS_MAX = 1000;

/**
 * Takes from the oldest facts on until the amount is reached. They are locked in their order, so that of two payouts of
 * an account the second one sees what the first has left.
 */
export async function takeFacts(
  tx: Tx,
  order: { readonly holder: string; readonly account: bigint; readonly amountMinor: bigint },
): Promise<readonly CashFactRow[]> {
  const { rows } = await sql<CashFactRow>`
    with free as (
      select id, settlement_id, amount - taken as left_over from ledger.cash_fact
      where account_id = ${order.account} and taken < amount
      order by id limit ${FACTS_MAX} for update
    ), summed as (
      select *, sum(left_over) over (order by id) - left_over as before from free
    ), wanted as (
      select id, settlement_id, least(left_over, ${order.amountMinor}::bigint - before)::bigint as amount
      from summed where before < ${order.amountMinor}::bigint
    ), taken as (
      update ledger.cash_fact f set taken = f.taken + w.amount from wanted w where f.id = w.id
    ), written as (
      insert into ledger.cash_take (holder, fact_id, amount) select ${order.holder}, id, amount from wanted
    )
    select w.id as fact, s.gateway, s.statement, w.amount
    from wanted w join ledger.settlement s on s.id = w.settlement_id order by w.id`.execute(tx);
  return rows;
}

export async function readTakes(tx: Tx, holder: string): Promise<readonly CashFactRow[]> {
  const { rows } = await sql<CashFactRow>`
    select t.fact_id as fact, s.gateway, s.statement, t.amount from ledger.cash_take t
    join ledger.cash_fact f on f.id = t.fact_id join ledger.settlement s on s.id = f.settlement_id
    where t.holder = ${holder} order by t.fact_id`.execute(tx);
  return rows;
}

/** Gives back what was taken, once; a holder that has not asked yet has ended all the same. */
export async function endHolder(
  tx: Tx,
  input: { readonly holder: string; readonly now: Date },
): Promise<void> {
  await sql`
    with ended as (
      insert into ledger.cash_holder as h (holder, account_id, amount, returned_at)
      values (${input.holder}, 0, 0, ${input.now})
      on conflict (holder) do update set returned_at = excluded.returned_at where h.returned_at is null
      returning holder
    ), locked as (
      select f.id, t.amount from ended e join ledger.cash_take t using (holder)
      join ledger.cash_fact f on f.id = t.fact_id order by f.id for update of f
    )
    update ledger.cash_fact f set taken = f.taken - l.amount from locked l where f.id = l.id`.execute(
    tx,
  );
}
