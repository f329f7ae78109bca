import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { assertInvariants, untilQuiet } from './invariants.ts';
import {
  endLeases,
  hold,
  holdGrants,
  holdSubscription,
  inState,
  until,
  untilBlocked,
} from './locks.ts';
import { debitsOf, phoneOf, storyOf, subscribe } from './people.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

// `telco` is killed at every step of a charge; the operator's book tells what came of it.

await ownServer();
const stage = await setStage(undefined);
const { database } = stage;
const rest = await stage.start('dispatcher', 'mt-manager', 'qlistener');
let telco: Kopek | undefined;

async function restartTelco(): Promise<void> {
  telco = await stage.start('telco');
  await endLeases(database);
}

async function killTelco(): Promise<void> {
  await telco?.kill();
  telco = undefined;
}

async function assertPaidOnce(phone: string): Promise<void> {
  await untilQuiet(stage);
  assert.deepEqual(await storyOf(stage, phone), {
    ...{ status: 'active', end_reason: null, bill: 'paid', payment: 'accepted', payments: 1 },
  });
  assert.equal(await debitsOf(stage, phone), 1);
  await assertInvariants(stage, { confirmed: [phone] });
}

test('telco dead before it claims: the charge waits for the next one', async () => {
  const phone = phoneOf(1);
  await subscribe(stage, phone);
  await until(database, inState(phone, 'new'));
  await restartTelco();
  await assertPaidOnce(phone);
});

test('telco killed with a claimed charge: somebody else makes it, once', async (t) => {
  const phone = phoneOf(2);
  const grants = await holdGrants(t, database);
  await subscribe(stage, phone);
  await until(database, inState(phone, 'claimed'));
  await killTelco();
  await grants.release();
  assert.equal(await debitsOf(stage, phone), 0);
  await restartTelco();
  await assertPaidOnce(phone);
});

test('telco killed after `sending`, before the debit is asked for: asked about, then charged once', async () => {
  const phone = phoneOf(3);
  await stage.book.tell('/settings', { latencyMs: { min: 900, max: 900 } }, 'PUT');
  await subscribe(stage, phone);
  await until(database, inState(phone, 'sending'));
  await killTelco();
  await stage.book.tell('/settings', { latencyMs: { min: 0, max: 0 } }, 'PUT');
  await restartTelco();
  await untilQuiet(stage);
  // The operator knows nothing of it: it is refused for now, and the ladder's next step tries again.
  assert.equal(await debitsOf(stage, phone), 0);
  assert.deepEqual(await storyOf(stage, phone), {
    ...{ status: 'pending', end_reason: null, bill: 'open', payment: 'declined', payments: 1 },
  });
  await sql`update subscriptions.subscription set due_at = clock_timestamp() where due_at is not null
    and status = 'pending'`.execute(database.pool);
  await untilQuiet(stage);
  assert.equal((await storyOf(stage, phone))?.bill, 'paid');
  await assertInvariants(stage);
});

test('telco killed after the debit, before its record: asked about, never charged again', async (t) => {
  const phone = phoneOf(4);
  const record = await hold(t, database, 'lock table payments.attempt in exclusive mode');
  await subscribe(stage, phone);
  await untilBlocked(database, 'with result as');
  assert.equal(await debitsOf(stage, phone), 1);
  await killTelco();
  await record.release();
  await restartTelco();
  await assertPaidOnce(phone);
});

test('telco killed after the record, before anyone has heard of it', async (t) => {
  const phone = phoneOf(5);
  const grants = await holdGrants(t, database);
  await subscribe(stage, phone);
  await until(database, inState(phone, 'claimed'));
  const deaf = await holdSubscription(t, database, phone);
  await grants.release();
  await until(database, inState(phone, 'accepted'));
  await killTelco();
  await deaf.release();
  await restartTelco();
  await assertPaidOnce(phone);
});

test('telco that slept while others asked about its charge does not send it any more', async () => {
  const phone = phoneOf(6);
  await stage.book.tell('/settings', { latencyMs: { min: 900, max: 900 } }, 'PUT');
  await subscribe(stage, phone);
  await until(database, inState(phone, 'sending'));
  const sleeper = telco?.pid ?? 0;
  process.kill(sleeper, 'SIGSTOP');
  const sleptMs = performance.now();
  await stage.book.tell('/settings', { latencyMs: { min: 0, max: 0 } }, 'PUT');
  const other = await stage.start('telco');
  await endLeases(database);
  await until(database, inState(phone, 'declined'));
  // Until its debit would come later than anything of it may still come.
  await new Promise((done) => setTimeout(done, 7500 - (performance.now() - sleptMs)));
  process.kill(sleeper, 'SIGCONT');
  await new Promise((done) => setTimeout(done, 800));
  assert.equal(await debitsOf(stage, phone), 0);
  await other.kill();
  await untilQuiet(stage);
  await assertInvariants(stage);
});

test('telco stopped by SIGTERM in the midst of charging leaves nothing unknown', async () => {
  const phones = Array.from({ length: 20 }, (_, n) => phoneOf(100 + n));
  await stage.book.tell('/settings', { latencyMs: { min: 100, max: 300 } }, 'PUT');
  await Promise.all(phones.map((phone) => subscribe(stage, phone)));
  await until(
    database,
    sql`select count(*) > 3 as yes from payments.payment where state = 'sending'`,
  );
  const stopped = await telco?.stop();
  assert.equal(stopped?.code, 0);
  assert.ok((stopped?.tookMs ?? 0) < 5000);
  const { rows } = await sql`
    select from payments.payment where state in ('sending', 'unknown')`.execute(database.pool);
  assert.equal(rows.length, 0);
  await stage.book.tell('/settings', { latencyMs: { min: 0, max: 0 } }, 'PUT');
  await restartTelco();
  await untilQuiet(stage);
  for (const phone of phones) assert.equal((await storyOf(stage, phone))?.bill, 'paid');
  await assertInvariants(stage, { confirmed: phones });
  assert.doesNotMatch(rest.said(), /"level":50/);
});
