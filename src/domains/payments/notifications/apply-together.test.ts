import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { parsePaymentId } from '#payments/payment';
import { findCardPayments } from '#payments/presented-store';
import { CLOUD_PAYMENTS, openCloudPaymentsHouse, PATIENT } from '#payments/stage';
import { createNewsContext } from '#payments/workers';
import * as simulators from '#simulators/cloudpayments';
import { eventually } from '#testing';

/** Fewer than go to the gateway at once: none waits for the answer of another. */
const MANY = 20;
/** 3.5 % of 199.00: what the simulated gateway keeps. */
const FEE_MINOR = 697n;
// Two copies of every worker: sets of one meet sets of the other, and the answers of both.
const house = await openCloudPaymentsHouse(simulators, { copies: 2 });
const { control, database, outside, pay, payments, present } = house;
await control('PUT', `sites/${simulators.standardPublicId}`, { concurrency: null });

/** Of one person with a saved card, so many charges that were asked for at once. */
async function renewMany(series: string): Promise<readonly string[]> {
  const payment = await present();
  const { customerId } = parsePaymentId(payment);
  await pay(payment);
  await eventually(
    async () => assert.equal((await payments.cards.list(database.pool, customerId)).length, 1),
    PATIENT,
  );
  const references = Array.from({ length: MANY }, (_, at) => `${series}/${at}`);
  return Promise.all(references.map((reference) => house.renew(customerId, reference)));
}

async function facts(named: readonly string[]) {
  const keys = named.map(parsePaymentId);
  const { rows } = await sql<{ accepted: number; fees: number; news: number; attempts: number }>`
    select count(*) filter (where p.state = 'accepted')::integer as accepted, sum(p.attempts)::integer as attempts,
      (select count(*) from payments.gateway_transaction t
        where t.payment_id = any (array_agg(p.id)) and t.fee_minor = ${FEE_MINOR})::integer as fees,
      (select count(*) from payments.notification n
        where n.payment_id = any (array_agg(p.id)) and n.state = 'applied')::integer as news
    from payments.payment p where p.id = any (${keys.map(({ id }) => id)}::bigint[])`.execute(
    database.pool,
  );
  return rows[0];
}

const ALL = { accepted: MANY, fees: MANY, news: MANY, attempts: MANY };
const areAll = (named: readonly string[]) =>
  eventually(async () => assert.deepEqual(await facts(named), ALL), PATIENT);

/** All news lies there again as if nobody had looked at it. */
async function hearAgain(named: readonly string[]): Promise<void> {
  await sql`
    update payments.notification set state = 'new', tries = 0, next_try_at = null, result = null, applied_at = null
    where payment_id = any (${named.map((one) => parsePaymentId(one).id)}::bigint[])`.execute(
    database.pool,
  );
}

test('of many charges each is accepted once, its news applied and its fee posted, however often the news is heard', async () => {
  const renewals = await renewMany('once');
  await areAll(renewals);
  const before = await house.balances();
  await hearAgain(renewals);
  await areAll(renewals);
  assert.deepEqual(await house.balances(), before);
  assert.deepEqual(await house.judge(), []);
  for (const renewal of renewals)
    assert.deepEqual(await house.eventsOf(renewal), ['accepted'], 'it is told once');
});

test('news that comes long before the answers settles all of them, and the answers change nothing', async () => {
  await control('POST', 'scenarios', {
    ...{ name: 'late-answer', endpoint: 'payments/tokens/charge', delayMs: 4000, times: MANY },
  });
  const renewals = await renewMany('early');
  await areAll(renewals);
  const after = await house.balances();
  for (const renewal of renewals) {
    assert.deepEqual(await house.eventsOf(renewal), ['accepted']);
    assert.equal((await house.responsesOf(renewal)).length, 1);
    assert.equal((await outside.book(renewal)).debits, 1);
  }
  await eventually(async () => assert.equal(await callsUnderWay(), 0), PATIENT);
  assert.deepEqual(await house.balances(), after);
  assert.deepEqual(await house.judge(), []);
});

/** Charges whose answer was not written down. */
async function callsUnderWay(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::integer as n from payments.payment where state in ('claimed', 'sending')`.execute(
    database.pool,
  );
  return rows[0]?.n ?? 0;
}

test('a payment that somebody holds is left for later, and holds up none of the others', async () => {
  const pages = await Promise.all([present(), present()]);
  const keys = pages.map(parsePaymentId);
  const rows = await findCardPayments(database.pool, {
    customers: keys.map(({ customerId }) => customerId),
    ids: keys.map(({ id }) => id),
  });
  const charged = rows.map((row) => {
    const gatewayReference = `9${row.id}`;
    return { row, said: { result: { outcome: 'accepted', gatewayReference }, log: [] } } as const;
  });
  const recorder = createNewsContext(house).recorderOf(CLOUD_PAYMENTS);
  const [held] = keys;
  const holder = await database.connect();
  await holder.query('begin');
  await holder.query('select from payments.payment where id = $1 for no key update', [held?.id]);
  const settled = await recorder.recordFree(charged).finally(() => holder.query('rollback'));
  await holder.end();
  assert.deepEqual(
    settled.map(({ id }) => id),
    [keys[1]?.id],
  );
  const later = await recorder.recordFree(charged);
  assert.deepEqual(
    later.map(({ id }) => id),
    [held?.id],
  );
  assert.deepEqual(await house.judge(), []);
  assert.equal(database.deadlocks.count, 0);
});
