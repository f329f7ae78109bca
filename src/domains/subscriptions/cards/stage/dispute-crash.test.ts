import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { createNewsContext, createReconciler, parsePaymentId, verifyPostings } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import { GATEWAY, monthly, openShop } from './fixture.ts';
import { control } from './gateway-hands.ts';
import { type Life, lives } from './life.ts';
import { runChild } from './run-child.ts';

const shop = await openShop(gateway, { runs: false });
const { database, ledger, payments } = shop;
const { buys, quiet } = lives(shop);
const reconciler = createReconciler({ ...shop, context: createNewsContext(shop) });
await database.transaction((tx) =>
  shop.cards.addPlan(tx, { ...monthly, code: 'kept', onDispute: 'keep' }),
);

/** Far more points than there are: a child that never comes to its end is a fault. */
const POINTS_MOST = 60;
const HOUR_MS = 3_600_000;

/** Another point each day: each of them is a process that is started, killed and followed by others. */
const STRIDE = 6;

/** What has happened since, by the gateway's clock, which is the real one. */
function spanSince(sinceMs: number) {
  return { from: new Date(sinceMs), to: new Date(Date.now() + HOUR_MS) };
}

async function work(task: () => Promise<unknown>): Promise<void> {
  const worker = shop.cards.worker();
  worker.start();
  await task();
  await quiet();
  await worker.stop();
}

async function paid(plan: string): Promise<Life> {
  const life = await buys({ plan });
  await life.pays();
  return life;
}

/** The payer's bank takes it back; the gateway tells of it in its list alone. */
async function chargedBack({ payment }: Life): Promise<void> {
  const { customerId, id } = parsePaymentId(payment);
  const { rows } = await sql<{ gateway_reference: string }>`
    select gateway_reference from payments.payment where customer_id = ${customerId} and id = ${id}`.execute(
    database.pool,
  );
  const transactionId = Number(rows[0]?.gateway_reference);
  await control(shop, 'POST', 'chargebacks', { transactionId });
}

/** Whoever has died holds the list of its gateway for the time of a lease, which is the database's. */
async function endLeases(): Promise<void> {
  await sql`update payments.reconciliation set lease_until = '-infinity' where lease_until is not null`.execute(
    database.pool,
  );
}

async function judge(life: Life, expected: 'cancelled' | 'active', when: string): Promise<void> {
  const { status } = await life.now();
  assert.equal(status, expected, when);
  const ends = (await life.story()).filter((line) => line.includes(' cancelled '));
  assert.equal(ends.length, expected === 'cancelled' ? 1 : 0, when);
  const { rows } = await sql<{ disputes: bigint; told: bigint; refunds: bigint }>`
    select
      (select count(*) from payments.dispute d where d.customer_id = ${life.key.customerId}) as disputes,
      (select count(*) from sms.message m where m.reference = ${life.subscription} and m.kind = 'unsubscribed') as told,
      (select count(*) from payments.payment p where p.customer_id = ${life.key.customerId} and p.kind = 'refund')
        as refunds`.execute(database.pool);
  const told = expected === 'cancelled' ? 1n : 0n;
  assert.deepEqual(rows[0], { disputes: 1n, told, refunds: 1n }, when);
  const { refundedMinor } = await payments.report(database.pool, life.payment);
  assert.equal(refundedMinor, 19_900n, when);
}

test('killed at any point between the list and the end, a chargeback is one dispute, one posting, and one end or none', async (t) => {
  let killed = true;
  let kills = 0;
  for (let dieAt = 1 + (new Date().getUTCDate() % STRIDE); killed; dieAt += STRIDE) {
    assert.ok(dieAt < POINTS_MOST, 'the work has an end');
    let both: readonly Life[] = [];
    await work(async () => {
      both = [await paid(monthly.code), await paid('kept')];
    });
    const sinceMs = Date.now();
    for (const life of both) await chargedBack(life);
    const { from, to } = spanSince(sinceMs);
    killed = await runChild(t, shop, {
      ...{ dieAt, reconciles: { from: from.toISOString(), to: to.toISOString() } },
    });
    await endLeases();
    await work(() => reconciler.reconcile(GATEWAY, spanSince(sinceMs)));
    kills += Number(killed);
    const when = `killed at ${dieAt}: ${killed}`;
    t.diagnostic(when);
    const [ended, kept] = both;
    assert.ok(ended && kept);
    await judge(ended, 'cancelled', when);
    await judge(kept, 'active', when);
    const { missing } = await verifyPostings({ database });
    assert.deepEqual([...missing, ...(await ledger.verify()).findings], [], when);
  }
  assert.ok(kills > 1, 'it was killed on the way');
});
