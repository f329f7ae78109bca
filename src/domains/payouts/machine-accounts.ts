import { type Database, sql } from '#database';
import { must } from '#errors';
import { type Account, accountId, credit, debit, type Ledger } from '#ledger';
import type { AccountSystem, CashFact, Moved, MoveOrder } from './account-system.ts';

/** The types between which each movement moves, in this order. */
const WAYS: Readonly<Record<MoveOrder['movement'], readonly [string, string]>> = {
  reserve: ['payout', 'payout-reserved'],
  send: ['payout-reserved', 'payout-sent'],
  pay: ['payout-sent', 'clearing'],
  cancel: ['payout-reserved', 'payout'],
  reject: ['payout-sent', 'payout'],
  return: ['clearing', 'payout'],
  settle: ['payout', 'clearing'],
};

/** For tests: facts of cash that arrived, kept where a second process finds them too. */
export async function prepareFacts(database: Database): Promise<void> {
  await sql`create table if not exists public.test_fact (
    fact text primary key, account text not null, reference text not null, amount_minor bigint not null)`.execute(
    database.pool,
  );
  await sql`create table if not exists public.test_fact_taken (
    fact text not null, holder text not null, amount_minor bigint not null, primary key (fact, holder))`.execute(
    database.pool,
  );
  await sql`create table if not exists public.test_fact_ended (holder text primary key)`.execute(
    database.pool,
  );
}

/** For tests of the machine: the system of accounts over the ledger of this process. */
export function createTestAccounts(database: Database, ledger: Ledger): AccountSystem {
  async function find(order: MoveOrder, type: string): Promise<Account> {
    const { clientId, currency, label } = order.account;
    const whose = type === 'clearing' ? { currency } : { clientId, currency, label };
    const [account] = await ledger.open([{ type, ...whose }]);
    must(account, 'an account that was opened is there');
    return account;
  }

  return {
    payoutAccounts: async () => [],
    async move(order): Promise<Moved> {
      const [from, to] = await Promise.all(WAYS[order.movement].map((type) => find(order, type)));
      must(from && to, 'a way has two ends');
      const { amountMinor, movement, reference, transferId: id } = order;
      const posting = await ledger.submit([
        {
          ...{ id, kind: `payout-${movement}`, reference },
          lines: [debit(from, amountMinor), credit(to, amountMinor)],
          ...{ upTo: movement === 'reserve', fact: movement === 'settle' },
        },
      ]);
      if (posting.outcome === 'posted') {
        return { outcome: 'moved', amountMinor: await amountOf(database, id) };
      }
      if (movement === 'reserve' && posting.reason === 'below_zero') return { outcome: 'empty' };
      throw new Error(`${movement} of ${reference}: ${posting.reason} ${posting.account ?? ''}`);
    },
    takeCash: (order) => takeCash(database, order),
    async returnCash(holder) {
      await database.transaction(async (tx) => {
        await sql`insert into public.test_fact_ended values (${holder}) on conflict do nothing`.execute(
          tx,
        );
        await sql`delete from public.test_fact_taken where holder = ${holder}`.execute(tx);
      });
    },
  };
}

// The door does not read transfers yet; a table named by parts is nobody's in particular.
const transferTable = sql.id('ledger', 'transfer');

async function amountOf(database: Database, id: string): Promise<bigint> {
  const { rows } = await sql<{ amount: bigint }>`
    select (select sum(x) from unnest(amounts) x where x > 0)::bigint as amount
    from ${transferTable} where id = ${id}`.execute(database.pool);
  return rows[0]?.amount ?? 0n;
}

function takeCash(
  database: Database,
  order: { readonly account: string; readonly payout: string; readonly amountMinor: bigint },
): Promise<readonly CashFact[]> {
  return database.transaction(async (tx) => {
    await sql`lock table public.test_fact_taken in exclusive mode`.execute(tx);
    const { rows: ended } = await sql`select from public.test_fact_ended
      where holder = ${order.payout}`.execute(tx);
    if (ended.length > 0) return [];
    const { rows: before } = await sql<{ fact: string; reference: string; amount_minor: bigint }>`
      select t.fact, f.reference, t.amount_minor from public.test_fact_taken t join public.test_fact f using (fact)
      where t.holder = ${order.payout} order by t.fact`.execute(tx);
    if (before.length > 0) return before.map(fromRow);
    const { rows } = await sql<{ fact: string; reference: string; amount_minor: bigint }>`
      with free as (
        select f.fact, f.reference, f.amount_minor - coalesce((
          select sum(t.amount_minor) from public.test_fact_taken t where t.fact = f.fact), 0) as left_minor
        from public.test_fact f where f.account = ${order.account}
      ), line as (
        select *, sum(left_minor) over (order by fact) - left_minor as before from free where left_minor > 0
      ), taken as (
        insert into public.test_fact_taken
        select fact, ${order.payout}, least(left_minor, ${order.amountMinor} - before)::bigint from line
        where before < ${order.amountMinor} returning *
      )
      select t.fact, l.reference, t.amount_minor from taken t join line l using (fact) order by t.fact`.execute(
      tx,
    );
    return rows.map(fromRow);
  });
}

function fromRow(row: { fact: string; reference: string; amount_minor: bigint }): CashFact {
  return { fact: row.fact, reference: row.reference, amountMinor: row.amount_minor };
}

export function accountName(account: Account): string {
  return accountId(account.id);
}
