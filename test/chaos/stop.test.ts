import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from '#database';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { hold, holdGrants, inState, until, untilBlocked } from './locks.ts';
import { creditsOf, debitsOf, phoneOf, sayStop, storyOf, subscribe } from './people.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

// STOP by SMS at every hop of a first charge, each process a real one.

await ownServer();
const stage = await setStage(undefined);
const { database } = stage;
await stage.start('dispatcher', 'qlistener');
let manager = await stage.start('mt-manager');
let telco = await stage.start('telco');

async function delay(ms: number): Promise<void> {
  await stage.book.tell('/settings', { latencyMs: { min: ms, max: ms } }, 'PUT');
}

/** Until the word has been stored and carried out. */
async function untilStopped(phone: string): Promise<void> {
  await until(
    database,
    sql`select count(*) > 0 as yes from subscriptions.stop x
      join subscriptions.customer c on c.id = x.customer_id where c.msisdn = ${`+${phone}`}`,
  );
}

async function assertNothingCharged(phone: string, payment: string | null): Promise<void> {
  await untilQuiet(stage);
  const story = await storyOf(stage, phone);
  assert.equal(story?.status, 'cancelled');
  assert.equal(story?.payment, payment);
  assert.equal(await debitsOf(stage, phone), 0);
  await assertInvariants(stage);
}

test('STOP while the consent waits in `new_subscriptions`: cancelled at the door', async () => {
  const phone = phoneOf(1);
  await manager.kill();
  await subscribe(stage, phone);
  await sayStop(stage, phone);
  await until(
    database,
    sql`select count(*) > 0 as yes from sms.incoming where sender = ${`+${phone}`}`,
  );
  manager = await stage.start('mt-manager');
  await assertNothingCharged(phone, null);
  assert.match((await storyOf(stage, phone))?.end_reason ?? '', /stop/);
});

test('STOP while the first charge waits in `mo_tarifficate`: cancelled, and no bill', async (t) => {
  const phone = phoneOf(2);
  const door = await hold(t, database, 'lock table operators.number_list in access exclusive mode');
  await subscribe(stage, phone);
  await untilBlocked(database, 'operators.number_list');
  await manager.kill();
  await sayStop(stage, phone);
  await until(
    database,
    sql`select count(*) > 0 as yes from sms.incoming where sender = ${`+${phone}`}`,
  );
  await door.release();
  manager = await stage.start('mt-manager');
  await untilQuiet(stage);
  // Whichever of the two waiting messages is taken first: STOP wins.
  const story = await storyOf(stage, phone);
  assert.equal(story?.status, 'cancelled');
  await assertInvariants(stage);
});

test('STOP while the payment is `new`: withdrawn', async () => {
  const phone = phoneOf(3);
  await telco.kill();
  await subscribe(stage, phone);
  await until(database, inState(phone, 'new'));
  await sayStop(stage, phone);
  await untilStopped(phone);
  telco = await stage.start('telco');
  await assertNothingCharged(phone, 'withdrawn');
});

test('STOP while the payment is `claimed`: withdrawn, though a worker holds it', async (t) => {
  const phone = phoneOf(4);
  const grants = await holdGrants(t, database);
  await subscribe(stage, phone);
  await until(database, inState(phone, 'claimed'));
  await sayStop(stage, phone);
  await untilStopped(phone);
  await grants.release();
  await assertNothingCharged(phone, 'withdrawn');
});

test('STOP while the debit is under way: taken once, given back once, and never again', async () => {
  const phone = phoneOf(5);
  await delay(600);
  await subscribe(stage, phone);
  await until(database, inState(phone, 'sending'));
  await sayStop(stage, phone);
  await untilStopped(phone);
  await delay(0);
  await untilQuiet(stage);
  assert.deepEqual(await storyOf(stage, phone), {
    ...{ status: 'cancelled', end_reason: 'stop_by_sms', bill: 'paid', payment: 'accepted' },
    payments: 1,
  });
  assert.equal(await debitsOf(stage, phone), 1);
  assert.deepEqual(await creditsOf(stage, phone), [500]);
  await assertInvariants(stage);
});

test('STOP under way, and the operator turns the request away: it does not go out again', async () => {
  const phone = phoneOf(6);
  await delay(400);
  // The debit meets a closed door: certainly nothing happened, and without STOP it would go out again.
  await stage.book.tell('/scenarios', {
    ...{ name: 'down', msisdn: phone, method: 'UpdateBalanceAndDate', times: 1 },
  });
  await subscribe(stage, phone);
  await until(database, inState(phone, 'sending'));
  await sayStop(stage, phone);
  await untilStopped(phone);
  await delay(0);
  await assertNothingCharged(phone, 'withdrawn');
});

test('STOP while the outcome is unknown: settled by inquiry, charged once and given back once', async () => {
  const phone = phoneOf(7, '96');
  await subscribe(stage, phone);
  await until(database, inState(phone, 'sending'));
  await sayStop(stage, phone);
  await untilStopped(phone);
  await untilQuiet(stage);
  const story = await storyOf(stage, phone);
  assert.deepEqual([story?.status, story?.payment, story?.bill], ['cancelled', 'accepted', 'paid']);
  assert.equal(await debitsOf(stage, phone), 1);
  assert.deepEqual(await creditsOf(stage, phone), [500]);
  await assertInvariants(stage);
});

test('STOP after the charge: no further period is charged', async (t) => {
  const phone = phoneOf(8);
  await subscribe(stage, phone);
  await untilQuiet(stage);
  await sayStop(stage, phone);
  await untilStopped(phone);
  await letADayPass(t);
  await untilQuiet(stage);
  assert.equal((await storyOf(stage, phone))?.status, 'cancelled');
  assert.equal(await debitsOf(stage, phone), 1);
  await assertInvariants(stage);
});

async function letADayPass(_: TestContext): Promise<void> {
  await sql`
    update subscriptions.subscription set anchor_at = anchor_at - interval '1 day',
      paid_until = paid_until - interval '1 day', due_at = due_at - interval '1 day'`.execute(
    database.pool,
  );
}
