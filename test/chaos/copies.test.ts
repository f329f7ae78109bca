import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { until } from './locks.ts';
import { phoneOf, storyOf, subscribe } from './people.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

await ownServer();

const RATE = 40;
const SLICES_PER_SECOND = 10;
const CUSTOMERS = 50;

test('two copies of telco and mt-manager share the work and the one rate of the operator', async (t) => {
  const stage = await setStage(t, { requests_per_second: RATE });
  const { database } = stage;
  const phones = Array.from({ length: CUSTOMERS }, (_, n) => phoneOf(n));
  await stage.start('dispatcher', 'qlistener');
  await Promise.all(phones.map((phone) => subscribe(stage, phone)));
  await Promise.all([
    ...[stage.start('telco'), stage.start('telco')],
    ...[stage.start('mt-manager'), stage.start('mt-manager')],
  ]);
  await untilQuiet(stage, 40_000);
  for (const phone of phones) assert.equal((await storyOf(stage, phone))?.bill, 'paid');
  const { rows } = await sql<{ charged: bigint }>`
    select count(*) as charged from payments.payment group by owner`.execute(database.pool);
  assert.equal(rows.length, 2, 'both copies of telco have charged');
  for (const { charged } of rows) assert.ok(charged >= 5n, `one of them charged only ${charged}`);
  // Grants come in slices; a call may arrive in the slice after its own.
  const most = await stage.book.metric('operator_calls_per_second_max');
  assert.ok(most <= RATE + RATE / SLICES_PER_SECOND, `${most} calls in a second, ${RATE} allowed`);
  assert.ok(most > RATE / 2, `only ${most} calls in a second: the rate was not used`);
  await assertInvariants(stage, { confirmed: phones });
});

test('one copy of two killed in the midst of its work: the other one does the rest', async (t) => {
  const stage = await setStage(t, { requests_per_second: 60 });
  const phones = Array.from({ length: CUSTOMERS }, (_, n) => phoneOf(100 + n));
  const [first] = await Promise.all([
    ...[stage.start('telco', 'mt-manager'), stage.start('telco', 'mt-manager')],
    stage.start('dispatcher', 'qlistener'),
  ]);
  await Promise.all(phones.map((phone) => subscribe(stage, phone)));
  await until(
    stage.database,
    sql`select count(*) > 5 as yes from payments.payment where state = 'accepted'`,
  );
  await first?.kill();
  const endingLeases = setInterval(() => {
    void sql`
      update payments.payment set lease_until = clock_timestamp()
      where lease_until > clock_timestamp() + interval '9 seconds' and state = 'claimed'`
      .execute(stage.database.pool)
      .catch(() => {});
  }, 1000);
  t.after(() => clearInterval(endingLeases));
  await new Promise((done) => setTimeout(done, 2000));
  await sql`
    update payments.payment set lease_until = clock_timestamp() where state = 'sending'`.execute(
    stage.database.pool,
  );
  await sql`
    update sms.message set lease_until = clock_timestamp()
    where state in ('claimed', 'submitting')`.execute(stage.database.pool);
  await untilQuiet(stage, 40_000);
  clearInterval(endingLeases);
  await assertInvariants(stage, { confirmed: phones });
});
