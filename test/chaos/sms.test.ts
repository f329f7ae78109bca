import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RawBuilder, sql } from '#database';
import { eventually } from '#testing';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { endLeases, hold, holdGrants, until } from './locks.ts';
import { phoneOf, sayStop } from './people.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

// An SMS that may have left is never sent again. A stranger's STOP is answered by one message: that one is watched.

await ownServer();
const stage = await setStage(undefined);
const { database } = stage;
await stage.start('dispatcher', 'mt-manager', 'qlistener');
let telco: Kopek = await stage.start('telco');

const smsIn = (phone: string, state: string): RawBuilder<unknown> => sql`
  select count(*) = 1 as yes from sms.message where recipient = ${`+${phone}`} and state = ${state}`;

async function handsetOf(phone: string): Promise<number> {
  return (await stage.book.delivered()).filter((message) => message.to === phone).length;
}

async function restart(): Promise<void> {
  telco = await stage.start('telco');
  await endLeases(database);
  await untilQuiet(stage);
}

async function assertEnded(phone: string, state: string, onHandset: readonly number[]) {
  await until(database, smsIn(phone, state));
  const times = await handsetOf(phone);
  assert.ok(onHandset.includes(times), `${times} times on the handset`);
  await assertInvariants(stage);
}

async function delay(ms: number): Promise<void> {
  await stage.book.tell('/settings', { latencyMs: { min: ms, max: ms } }, 'PUT');
}

test('telco killed with a claimed SMS: somebody else sends it, once', async (t) => {
  const phone = phoneOf(1);
  const grants = await holdGrants(t, database);
  await sayStop(stage, phone);
  await until(database, smsIn(phone, 'claimed'));
  await telco.kill();
  await grants.release();
  assert.equal(await handsetOf(phone), 0);
  await restart();
  await assertEnded(phone, 'sent', [1]);
});

test('telco killed while an SMS is on its way: unknown, and never sent again', async () => {
  const phone = phoneOf(2);
  await delay(700);
  await sayStop(stage, phone);
  await until(database, smsIn(phone, 'submitting'));
  await telco.kill();
  await delay(0);
  await restart();
  await assertEnded(phone, 'unknown', [0, 1]);
});

test('telco killed after an SMS has left, before its record: unknown, and never sent again', async (t) => {
  const phone = phoneOf(3);
  await delay(500);
  await sayStop(stage, phone);
  await until(database, smsIn(phone, 'submitting'));
  const record = await hold(t, database, 'lock table sms.message in exclusive mode');
  await eventually(async () => assert.equal(await handsetOf(phone), 1));
  await telco.kill();
  await record.release();
  await delay(0);
  await restart();
  await assertEnded(phone, 'unknown', [1]);
});

test('telco killed after the record of an SMS: it stays sent', async () => {
  const phone = phoneOf(4);
  await sayStop(stage, phone);
  await until(database, smsIn(phone, 'sent'));
  await telco.kill();
  await restart();
  await assertEnded(phone, 'sent', [1]);
});

for (const [name, state, times] of [
  ['lost-answer', 'unknown', 1],
  ['lost-request', 'unknown', 0],
  ['hang-up', 'unknown', 0],
  ['down', 'sent', 1],
] as const) {
  test(`an SMS that meets "${name}" ends ${state}`, async () => {
    const phone = phoneOf(5, '0'.concat(String(name.length % 10)));
    await stage.book.tell('/scenarios', { name, msisdn: phone, method: 'sms', times: 1 });
    await sayStop(stage, phone);
    await until(
      database,
      sql`select count(*) > 0 as yes from sms.message where recipient = ${`+${phone}`}`,
    );
    await untilQuiet(stage);
    await assertEnded(phone, state, [times]);
  });
}
