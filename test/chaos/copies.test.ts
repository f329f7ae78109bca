import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { endLeases, until } from './locks.ts';
import { phoneOf, sayStop, storyOf, subscribe } from './people.ts';
import { assertRateHeld } from './rate.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

await ownServer();

const RATE = 40;
const CUSTOMERS = 70;

test('two copies of telco and mt-manager share the work and the one rate of the operator', async (t) => {
  const stage = await setStage(t, { requests_per_second: RATE });
  const { database } = stage;
  const phones = Array.from({ length: CUSTOMERS }, (_, n) => phoneOf(n));
  await Promise.all([
    stage.start('dispatcher', 'qlistener'),
    ...[stage.start('telco'), stage.start('telco')],
    ...[stage.start('mt-manager'), stage.start('mt-manager')],
  ]);
  await Promise.all(phones.map((phone) => subscribe(stage, phone)));
  await untilQuiet(stage, 40_000);
  for (const phone of phones) assert.equal((await storyOf(stage, phone))?.bill, 'paid');
  // Each holds two seconds' worth of the rate at most, so a burst of more than that is always shared.
  const { rows } = await sql`select owner from payments.payment group by owner`.execute(
    database.pool,
  );
  assert.equal(rows.length, 2, 'both copies of telco have charged');
  await assertRateHeld(stage, RATE);
  const most = await stage.book.metric('operator_calls_per_second_max');
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
  // Longer than any call of the survivor's takes: what is open then was the dead one's.
  await new Promise((done) => setTimeout(done, 4000));
  await endLeases(stage.database);
  await untilQuiet(stage, 40_000);
  await assertInvariants(stage, { confirmed: phones });
});

test('many people say STOP several times at once to two copies of mt-manager: no deadlock', async (t) => {
  const stage = await setStage(t);
  const phones = Array.from({ length: 20 }, (_, n) => phoneOf(200 + n));
  await Promise.all([
    stage.start('dispatcher', 'telco', 'mt-manager', 'qlistener'),
    stage.start('mt-manager'),
  ]);
  await Promise.all(phones.map((phone) => subscribe(stage, phone)));
  const words = [...phones, ...phones.toReversed(), ...phones];
  await Promise.all(words.map((phone) => sayStop(stage, phone)));
  await until(
    stage.database,
    sql`select count(*) = ${words.length} as yes from subscriptions.stop`,
  );
  await untilQuiet(stage);
  for (const phone of phones)
    assert.equal((await storyOf(stage, phone))?.status, 'cancelled', phone);
  await assertInvariants(stage, { confirmed: phones });
});
