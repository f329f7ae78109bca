import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type RawBuilder, sql } from '#database';
import { eventually, testDatabase } from '#testing';
import { endLeases, hold, holdGrants, until, untilBlocked } from './locks.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import type { SmsWish } from './sms-caller.ts';
import { assertSms, hastenQuestions, untilSmsQuiet } from './sms-invariants.ts';
import { setSmsStage } from './sms-stage.ts';

// The sender of the SMS service is killed at each step of its work; the handsets say what came of it.

await ownServer();
const database = await testDatabase();
const stage = await setSmsStage({ after }, database);
const { book } = stage;
await stage.start('sms-api');
let sender: Kopek = await stage.start('sms-sender');

const stateIs = (to: string, state: string): RawBuilder<unknown> => sql`
  select count(*) = 1 as yes from sms.message where recipient = ${to} and state = ${state}`;

async function stateOf(to: string): Promise<string | undefined> {
  const { rows } = await sql<{ state: string }>`
    select state from sms.message where recipient = ${to}`.execute(database.pool);
  return rows[0]?.state;
}

const numberOf = (n: number) => `+7916${String(1_000_000 + n)}`;

async function send(n: number, more: Partial<SmsWish> = {}): Promise<string> {
  const to = numberOf(n);
  await stage.insist({ recipient: to, text: `Order ${n}`, reference: `order-${n}`, ...more });
  return to;
}

async function restart(): Promise<void> {
  sender = await stage.start('sms-sender');
  await endLeases(database);
}

async function assertEnded(to: string, state: string, times: number): Promise<void> {
  await untilSmsQuiet(stage);
  assert.equal(await stateOf(to), state);
  assert.equal((await book.textsOf(to)).length, times, 'times on the handset');
  await assertSms(stage);
}

const NORTH = 'sms:north';

test('killed with a claimed message: it goes out once, and its receipt is heard', async (t) => {
  const grants = await holdGrants(t, database, NORTH);
  const to = await send(1);
  await until(database, stateIs(to, 'claimed'));
  await sender.kill();
  await grants.release();
  await restart();
  await assertEnded(to, 'delivered', 1);
});

test('killed between the mark and the call: asked about, proven unsent, sent once', async (t) => {
  const grants = await holdGrants(t, database, NORTH);
  const to = await send(2);
  await until(database, stateIs(to, 'claimed'));
  const row = await hold(
    t,
    database,
    `select from sms.message where recipient = '${to}' for update`,
  );
  await grants.release();
  await untilBlocked(database, 'sms.lock_messages');
  // A grant that has become old is lost, and the next one is held back: it is marked, and not called.
  const next = await holdGrants(t, database, NORTH);
  await new Promise((done) => setTimeout(done, 300));
  await row.release();
  await until(database, stateIs(to, 'submitting'));
  await sender.kill();
  await next.release();
  assert.equal((await book.accepted()).filter(({ msisdn }) => `+${msisdn}` === to).length, 0);
  await restart();
  await assertEnded(to, 'delivered', 1);
});

for (const [n, name] of [
  [3, 'hang-before'],
  [4, 'hang-after'],
] as const) {
  test(`killed during a call that meets "${name}": it is on its handset once`, async () => {
    const to = numberOf(n);
    await book.befall(name, to);
    await send(n);
    await until(database, stateIs(to, 'submitting'));
    if (name === 'hang-after') {
      await eventually(async () =>
        assert.ok((await book.accepted()).some(({ msisdn }) => `+${msisdn}` === to)),
      );
    } else await new Promise((done) => setTimeout(done, 200));
    await sender.kill();
    await restart();
    await assertEnded(to, 'delivered', 1);
  });
}

test('killed after the answer, before its record: it is not sent again', async (t) => {
  const to = numberOf(5);
  await book.befall('late-answer', to, { delayMs: 700 });
  await send(5);
  await until(database, stateIs(to, 'submitting'));
  const record = await hold(t, database, 'lock table sms.message in exclusive mode');
  await eventually(async () => assert.equal((await book.textsOf(to)).length, 1));
  await untilBlocked(database, 'sms.lock_messages');
  await sender.kill();
  await record.release();
  await restart();
  await assertEnded(to, 'delivered', 1);
});

test('killed while a receipt is applied: it is brought again, and counts', async (t) => {
  const to = numberOf(6);
  const wait = { min: 1500, max: 1500 };
  await book.set('generic-http', { deliverMs: wait, receiptMs: wait });
  await send(6);
  await until(database, stateIs(to, 'accepted'));
  const messages = await hold(t, database, 'lock table sms.message in exclusive mode');
  await untilBlocked(database, 'sms.lock_messages');
  await sender.kill();
  await messages.release();
  const moment = { min: 20, max: 100 };
  await book.set('generic-http', { deliverMs: moment, receiptMs: { min: 0, max: 0 } });
  assert.equal(await stateOf(to), 'accepted');
  await restart();
  await assertEnded(to, 'delivered', 1);
});

test('killed while deferred ones are woken: they wake in the next one', async (t) => {
  const at = new Date(Date.now() + 3000).toISOString();
  const tos = await Promise.all([7, 8, 9].map((n) => send(n, { schedule_at: at })));
  for (const to of tos) await until(database, stateIs(to, 'deferred'));
  const events = await hold(t, database, 'lock table sms.event in exclusive mode');
  await untilBlocked(database, 'sms.event');
  await sender.kill();
  await events.release();
  await restart();
  for (const to of tos) await assertEnded(to, 'delivered', 1);
});

test('killed while an unknown one is asked about: it is asked about again', async (t) => {
  const to = numberOf(10);
  await book.set('generic-http', { receiptMs: { min: 600_000, max: 600_000 } });
  await book.befall('cut-after', to);
  await send(10);
  await until(database, stateIs(to, 'unknown'));
  const events = await hold(t, database, 'lock table sms.event in exclusive mode');
  await hastenQuestions(database);
  await untilBlocked(database, 'sms.event');
  await sender.kill();
  await events.release();
  await restart();
  await assertEnded(to, 'delivered', 1);
  await book.set('generic-http', { receiptMs: { min: 0, max: 0 } });
});

test('killed while messages are sent round a provider that takes none: each goes out once', async (t) => {
  const grants = await holdGrants(t, database, NORTH);
  const tos = await Promise.all([11, 12, 13, 14].map((n) => send(n)));
  for (const to of tos) await until(database, stateIs(to, 'claimed'));
  await sender.kill();
  await sql`update sms.message set state = 'queued', owner = null, lease_until = null where state = 'claimed'`.execute(
    database.pool,
  );
  await sql`update sms.provider_account set open_until = clock_timestamp() + interval '10 minutes',
    closed_reason = 'test' where name = 'north'`.execute(database.pool);
  const events = await hold(t, database, 'lock table sms.event in exclusive mode');
  sender = await stage.start('sms-sender');
  await untilBlocked(database, 'sms.event');
  await sender.kill();
  await events.release();
  await grants.release();
  await restart();
  for (const to of tos) await assertEnded(to, 'delivered', 1);
  assert.ok((await book.received()).filter(({ provider }) => provider === 'smsc').length >= 4);
  await sql`update sms.provider_account set open_until = null`.execute(database.pool);
});
