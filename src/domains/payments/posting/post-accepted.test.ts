import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSystemClock } from '#clock';
import { migrate, sql } from '#database';
import { toUuid } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { MIGRATIONS, testDatabase } from '#testing';
import { postUnposted } from './post-unposted.ts';

const POSTING = '0083_payments_post_accepted.sql';

const database = await testDatabase();

test('what was collected before there was a ledger is posted by its migration, once each', async () => {
  // As it was before: charges are there, and the migration has not seen them.
  await sql`delete from platform.migration where name = ${POSTING}`.execute(database.pool);
  await sql`
      insert into payments.payment (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority,
        not_after, state, created_at, closed_at)
      select n % 7, n, 'gateway ' || n % 2, '923000000000', n, case n % 3 when 0 then 'RUB' else 'PKR' end, 'bill ' || n, 1,
        '2026-01-01', case when n % 5 = 0 then 'declined' else 'accepted' end, '2026-01-01', '2026-01-01'
      from generate_series(1, 3000) n`.execute(database.pool);
  assert.deepEqual((await migrate(database, MIGRATIONS)).applied, [POSTING]);
  const { rows } = await sql<{ customer_id: bigint; id: bigint; amount: bigint | null }>`
      select p.customer_id, p.id, e.amount from payments.payment p
      left join ledger.entry e on e.transfer_id =
        (lpad(to_hex(p.id), 16, '0') || lpad(to_hex(p.customer_id), 16, '0'))::uuid and e.amount > 0
      where p.state = 'accepted'`.execute(database.pool);
  assert.equal(rows.length, 2400);
  assert.ok(rows.every(({ amount, id }) => amount === id));
  const { rows: transfers } = await sql<{ id: string }>`select id from ledger.transfer`.execute(
    database.pool,
  );
  const ids = new Set(transfers.map(({ id }) => id));
  assert.equal(ids.size, 2400);
  assert.ok(rows.every(({ customer_id: customerId, id }) => ids.has(toUuid({ customerId, id }))));
  const { rows: sums } = await sql<{ currency: string; sum: bigint; owed: bigint }>`
      select a.currency, sum(b.posted)::bigint as sum, sum(b.posted) filter (where a.type = 'receivable')::bigint as owed
      from ledger.account a join ledger.balance b on b.account_id = a.id group by a.currency order by a.currency`.execute(
    database.pool,
  );
  const expected = (rub: boolean) =>
    -rows.reduce((sum, { id }) => ((id % 3n === 0n) === rub ? sum + id : sum), 0n);
  assert.deepEqual(sums, [
    { currency: 'PKR', sum: 0n, owed: expected(false) },
    { currency: 'RUB', sum: 0n, owed: expected(true) },
  ]);
});

test('what a version without a ledger records beside this one is posted soon, once, whoever looks', async () => {
  const ledger = await createLedger({
    ...{ database, clock: createSystemClock(), log: silentLog() },
    types: await readAccountTypes(STANDARD_ACCOUNT_TYPES),
  });
  await sql`
    insert into payments.payment (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority, not_after,
      state, created_at)
    select 9, 10000 + n, 'mobilink', '923000000000', 100, 'PKR', 'old ' || n, 1, '2026-01-01', 'sending', '2026-01-01'
    from generate_series(1, 20) n`.execute(database.pool);
  // As the version before did it.
  await sql`
    update payments.payment set state = case when id % 4 = 0 then 'declined' else 'accepted' end, closed_at = '2026-01-01'
    where customer_id = 9 and state = 'sending'`.execute(database.pool);
  const options = { database, ledger, log: silentLog(), gateway: { name: 'mobilink' } };
  await Promise.all([postUnposted(options), postUnposted(options), postUnposted(options)]);
  const { rows } = await sql<{ posted: bigint; left: bigint }>`
    select count(*) as posted, (select count(*) from payments.unposted) as left from ledger.transfer t
    join payments.payment p on t.id = (lpad(to_hex(p.id), 16, '0') || lpad(to_hex(p.customer_id), 16, '0'))::uuid
    where p.reference like 'old %' and p.state = 'accepted'`.execute(database.pool);
  assert.deepEqual(rows, [{ posted: 15n, left: 0n }]);
  assert.equal(await postUnposted(options), 0);
});
