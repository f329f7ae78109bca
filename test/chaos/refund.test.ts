import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { endLeases, hold, holdGrants, until, untilBlocked } from './locks.ts';
import { chargeOf, creditsOf, phoneOf, refundByApi, sayStop, subscribe } from './people.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

// `telco` is killed at every step of a refund; the operator's book tells what came of it.

await ownServer();
const stage = await setStage(undefined);
const { database } = stage;
await stage.start('dispatcher', 'mt-manager', 'qlistener');
let telco: Kopek = await stage.start('telco');

async function restartTelco(): Promise<void> {
  telco = await stage.start('telco');
  await endLeases(database);
}

/** More than a grant of the rate holds. */
const GRANT_STALE_MS = 250;

/** Whether a refund of this number stands so. */
function refundIs(phone: string, state: string) {
  return sql`select count(*) > 0 as yes from payments.payment
    where msisdn = ${`+${phone}`} and kind = 'refund' and state = ${state}`;
}

/** A customer who has paid once. */
async function paid(n: number, ending = '01'): Promise<string> {
  const phone = phoneOf(n, ending);
  await subscribe(stage, phone);
  await untilQuiet(stage);
  return phone;
}

async function delay(ms: number): Promise<void> {
  await stage.book.tell('/settings', { latencyMs: { min: ms, max: ms } }, 'PUT');
}

async function assertGivenOnce(phone: string, attempts = 1): Promise<void> {
  await untilQuiet(stage);
  assert.deepEqual(await creditsOf(stage, phone), [500]);
  const { rows } = await sql<{ state: string; attempts: number }>`
    select state, attempts from payments.payment
    where msisdn = ${`+${phone}`} and kind = 'refund'`.execute(database.pool);
  assert.deepEqual(rows, [{ state: 'accepted', attempts }]);
  await assertInvariants(stage);
}

test('telco killed with a claimed refund: somebody else gives it back, once', async (t) => {
  const phone = await paid(1);
  const grants = await holdGrants(t, database);
  await refundByApi(stage, await chargeOf(stage, phone));
  await until(database, refundIs(phone, 'claimed'));
  await telco.kill();
  await grants.release();
  assert.deepEqual(await creditsOf(stage, phone), []);
  await restartTelco();
  await assertGivenOnce(phone);
});

test('telco killed after `sending`, before its call: asked about, then sent with the same id', async (t) => {
  const phone = await paid(2);
  const early = await holdGrants(t, database);
  await refundByApi(stage, await chargeOf(stage, phone));
  await until(database, refundIs(phone, 'claimed'));
  const row = await hold(
    t,
    database,
    `select from payments.payment where msisdn = '+${phone}' and kind = 'refund' for update`,
  );
  await early.release();
  await untilBlocked(database, "set state = 'sending'");
  // Its grant is of a past moment when the row is let go: it waits for another one, and gets none.
  const grants = await holdGrants(t, database);
  await new Promise((done) => setTimeout(done, GRANT_STALE_MS));
  await row.release();
  await until(database, refundIs(phone, 'sending'));
  await telco.kill();
  await grants.release();
  assert.deepEqual(await creditsOf(stage, phone), []);
  await restartTelco();
  await assertGivenOnce(phone, 2);
});

test('telco killed after the credit, before its record: asked about, never given again', async (t) => {
  const phone = await paid(3);
  const record = await hold(t, database, 'lock table payments.attempt in exclusive mode');
  await refundByApi(stage, await chargeOf(stage, phone));
  await untilBlocked(database, 'with result as');
  assert.deepEqual(await creditsOf(stage, phone), [500]);
  await telco.kill();
  await record.release();
  await restartTelco();
  await assertGivenOnce(phone);
});

test('telco killed in the transaction that posts a refund: rolled back with it, and posted once', async (t) => {
  const phone = await paid(4);
  const ledger = await hold(t, database, 'lock table ledger.entry in exclusive mode');
  await refundByApi(stage, await chargeOf(stage, phone));
  await untilBlocked(database, 'ledger.post');
  await telco.kill();
  await ledger.release();
  assert.deepEqual(await creditsOf(stage, phone), [500]);
  await restartTelco();
  await assertGivenOnce(phone);
});

test('telco killed in the transaction that records a charge after STOP: charge and refund come together', async (t) => {
  const phone = phoneOf(5);
  const record = await hold(t, database, 'lock table payments.attempt in exclusive mode');
  await subscribe(stage, phone);
  await untilBlocked(database, 'with result as');
  await sayStop(stage, phone);
  await until(
    database,
    sql`select count(*) > 0 as yes from payments.payment
      where msisdn = ${`+${phone}`} and stopped_at is not null`,
  );
  await telco.kill();
  await record.release();
  const { rows } = await sql`
    select from payments.payment where msisdn = ${`+${phone}`} and kind = 'refund'`.execute(
    database.pool,
  );
  assert.deepEqual(rows, []);
  await restartTelco();
  await assertGivenOnce(phone);
});

test('every answer of the operator is lost: asked about, taken once, given back once', async () => {
  const phone = await paid(6, '96');
  await refundByApi(stage, await chargeOf(stage, phone));
  await assertGivenOnce(phone);
});

test('a refund in parts, with a kill in each: in the end all of it has come back', async () => {
  const phone = await paid(7);
  const charge = await chargeOf(stage, phone);
  for (const amount_minor of [200, 1, 299]) {
    await delay(150);
    await refundByApi(stage, charge, { amount_minor });
    await until(database, refundIs(phone, 'sending'));
    await telco.kill();
    await delay(0);
    await restartTelco();
    await untilQuiet(stage);
  }
  assert.deepEqual((await creditsOf(stage, phone)).toSorted(), [1, 200, 299].toSorted());
  await assertInvariants(stage);
  await assert.rejects(refundByApi(stage, charge), /refund_exceeds_charge/);
});
