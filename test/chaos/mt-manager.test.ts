import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { type Hold, hold, holdGrants, inState, until, untilBlocked } from './locks.ts';
import { cancelByApi, debitsOf, phoneOf, storyOf, subscribe, subscriptionOf } from './people.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

// `mt-manager` is killed at every step from a consent to a settled bill, and at the beginning of a period.

await ownServer();
const stage = await setStage(undefined);
const { database } = stage;
await stage.start('dispatcher', 'telco', 'qlistener');
let manager: Kopek = await stage.start('mt-manager');

/** Kills it where it stands, and lets the next one do what is left. */
async function replace(held: Hold): Promise<void> {
  await manager.kill();
  await held.release();
  manager = await stage.start('mt-manager');
  await untilQuiet(stage);
}

async function assertPaid(phone: string, periods = 1): Promise<void> {
  assert.deepEqual(await storyOf(stage, phone), {
    ...{ status: 'active', end_reason: null, bill: 'paid', payment: 'accepted' },
    payments: periods,
  });
  assert.equal(await debitsOf(stage, phone), periods);
  await assertInvariants(stage, { confirmed: [phone] });
}

/** As if a day had passed for everybody. */
async function letADayPass(): Promise<void> {
  await sql`
    update subscriptions.subscription set anchor_at = anchor_at - interval '1 day',
      paid_until = paid_until - interval '1 day', due_at = due_at - interval '1 day'
    where due_at is not null`.execute(database.pool);
}

const steps = [
  {
    name: 'before the subscription is written and `mo_tarifficate` published',
    lock: 'lock table subscriptions.subscription in exclusive mode',
    blocked: 'insert into subscriptions.subscription',
  },
  {
    name: 'with `mo_tarifficate` published and in its hand',
    lock: 'lock table operators.number_list in access exclusive mode',
    blocked: 'operators.number_list',
  },
  {
    name: 'before the first charge is published',
    lock: 'lock table payments.payment in exclusive mode',
    blocked: 'insert into payments.payment',
  },
] as const;

for (const [index, step] of steps.entries()) {
  test(`mt-manager killed ${step.name}: one subscription, one charge`, async (t) => {
    const phone = phoneOf(index);
    const held = await hold(t, database, step.lock);
    await subscribe(stage, phone);
    await untilBlocked(database, step.blocked);
    await replace(held);
    await assertPaid(phone);
  });
}

test('mt-manager killed after the charge, while it settles the bill', async (t) => {
  const phone = phoneOf(10);
  const grants = await holdGrants(t, database);
  await subscribe(stage, phone);
  await until(database, inState(phone, 'claimed'));
  const bill = await hold(
    t,
    database,
    `select from subscriptions.bill where customer_id =
      (select id from subscriptions.customer where msisdn = '+${phone}') for update`,
  );
  await grants.release();
  await until(database, inState(phone, 'accepted'));
  await untilBlocked(database, 'subscriptions.bill');
  await replace(bill);
  await assertPaid(phone);
});

test('mt-manager killed while it asks for the money of a new period: asked for once', async (t) => {
  const phone = phoneOf(11);
  await subscribe(stage, phone);
  await untilQuiet(stage);
  const held = await hold(t, database, 'lock table payments.payment in exclusive mode');
  await letADayPass();
  await untilBlocked(database, 'insert into payments.payment');
  await replace(held);
  await assertPaid(phone, 2);
});

test('STOP that meets mt-manager in the midst of asking for a new period: nothing is charged', async (t) => {
  const phone = phoneOf(12);
  await subscribe(stage, phone);
  await untilQuiet(stage);
  const grants = await holdGrants(t, database);
  const held = await hold(t, database, 'lock table payments.payment in exclusive mode');
  await letADayPass();
  await untilBlocked(database, 'insert into payments.payment');
  // It waits for the subscription's row, which the period's beginning holds, and must see the bill that it brought.
  const cancelling = cancelByApi(stage, await subscriptionOf(stage, phone));
  await untilBlocked(database, 'subscriptions.subscription');
  await held.release();
  assert.ok(await cancelling);
  await grants.release();
  await untilQuiet(stage);
  assert.deepEqual(await storyOf(stage, phone), {
    ...{ status: 'cancelled', end_reason: 'stop_by_api', bill: 'void', payment: 'withdrawn' },
    payments: 2,
  });
  assert.equal(await debitsOf(stage, phone), 1);
  await assertInvariants(stage);
});
