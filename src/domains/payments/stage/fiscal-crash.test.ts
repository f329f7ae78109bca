import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from '#database';
import { startYooKassaSimulator } from '#simulators/yookassa';
import { eventually } from '#testing';
import { endLeases, hurry, PATIENCE, startCardChild } from './card-crash-stage.ts';
import { CARDS_NOW, openCardHouse } from './card-fixture.ts';
import { callJson } from './card-outside.ts';
import { RECEIPTS, YOOKASSA, yooKassaOutside } from './psp-outside.ts';

/** Far more points than there are: a child that never comes to its end is a fault. */
const POINTS_MOST = 60;
const MINUTE_MS = 60_000;

const outside = yooKassaOutside({ start: startYooKassaSimulator }, RECEIPTS);
const house = await openCardHouse(outside, { copies: 0, isOpen: false });
const { database, payments, stateOf } = house;
const settings = {
  ...{ url: database.url, gateway: YOOKASSA, simulator: house.outside.url, port: house.port },
};
const till = (changes: object) => callJson<void>('PUT', `${house.outside.url}/settings`, changes);

let laterMs = 0;

/** Business time stands still in whoever is to die, so that each begins when the last one's questions are due. */
function nextNow(): string {
  laterMs += 2 * MINUTE_MS;
  return new Date(CARDS_NOW.getTime() + laterMs).toISOString();
}

/** Two who have paid: the receipt of one is registered, that of the other can't be. */
async function pay(t: TestContext) {
  // Nobody is to learn of them before the one who dies of it.
  const faults = `${house.outside.url}/faults`;
  await callJson('POST', faults, { name: 'error-before', operation: 'list', times: 10_000 });
  const child = await startCardChild(t, { ...settings, now: nextNow(), dieAt: 0 });
  const [registered, lost] = [await house.present(), await house.present()];
  for (const [payment, receiptEnd] of [
    [registered, 'succeeded'] as const,
    [lost, 'canceled'] as const,
  ]) {
    await till({ receiptEnd });
    await house.outside.pay(await house.lead(payment));
    await eventually(async () => {
      assert.equal(await stateOf(payment), 'accepted');
      assert.equal(await house.waiting(), 0);
    }, PATIENCE);
  }
  await child.stop();
  await callJson('DELETE', faults);
  await sql`
    update payments.fiscal_question set due_at = ${CARDS_NOW}, lease_until = '-infinity' where state = 'open'`.execute(
    database.pool,
  );
  return { registered, lost };
}

async function assertAllDone({ lost, registered }: Awaited<ReturnType<typeof pay>>) {
  const { rows } = await sql<{ payment: string; state: string }>`
    select transaction as payment, state from payments.fiscal_question where payment_id in (
      select id from payments.payment where gateway_reference in
        (${await house.transactionOf(lost)}, ${await house.transactionOf(registered)}))`.execute(
    database.pool,
  );
  const { fiscal } = await payments.report(database.pool, registered);
  assert.deepEqual(
    { fiscal: fiscal.map(({ kind }) => kind), left: rows },
    {
      fiscal: ['sale'],
      left: [{ payment: await house.transactionOf(lost), state: 'cancelled' }],
    },
  );
}

test('killed at any point of asking for receipts, each is kept once, and each that can not be is told once', async (t) => {
  let killed = true;
  for (let dieAt = 1; killed; dieAt += 1) {
    assert.ok(dieAt < POINTS_MOST, 'the work has an end');
    const paid = await pay(t);
    const before = await house.balances();
    const child = await startCardChild(t, { ...settings, now: nextNow(), dieAt });
    await eventually(async () => {
      if (!child.isDead()) await assertAllDone(paid);
    }, PATIENCE);
    killed = child.isDead();
    await child.stop();
    if (killed) {
      const second = await startCardChild(t, { ...settings, now: nextNow(), dieAt: 0 });
      await endLeases(database);
      await eventually(async () => {
        await hurry(database);
        await assertAllDone(paid);
      }, PATIENCE);
      await second.stop();
    }
    t.diagnostic(`killed at ${dieAt}: ${killed}`);
    assert.deepEqual(await house.balances(), before);
    assert.deepEqual(await house.judge(), []);
  }
});
