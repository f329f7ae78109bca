import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { AppError } from '#errors';
import { testDatabase } from '#testing';
import { type MadePayout, setStage } from './machine-fixture.ts';

const database = await testDatabase();
const stage = await setStage(database, { senderLimit: 7 });
const other = await setStage(database, { senderLimit: 5 });
const { ask, erp, judge, machine, moneyOf, says, stateOf } = stage;
await erp.start();
after(async () => {
  await erp.stop();
  await stage.bus.close();
  await other.bus.close();
});

const CLIENTS = 12;
const WORDS = ['ACK', 'PAID', 'REJECTED', 'RETURNED', 'PAID'] as const;

/** A refusal of the business is an answer; anything else is a fault. */
async function tried(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
  });
}

test('two gates, holds, cancellations and words all at once: no deadlock, and the money in one place', async () => {
  const payouts: MadePayout[] = [];
  for (let n = 0; n < 36; n += 1) {
    payouts.push(await ask({ clientId: `storm ${n % CLIENTS}`, label: `account ${n}` }));
  }
  let over = false;
  const gate = async (one: typeof machine.gate) => {
    while (!over) await one.round();
  };
  const gates = [machine.gate, other.machine.gate].map(gate);
  const people = payouts.map(async (payout, n) => {
    const by = { by: 'key_staff', reason: 'a storm' };
    const { clientId, id } = payout;
    if (n % 3 === 0) await machine.hold({ clientId, ...by });
    if (n % 4 === 0) {
      await tried(database.transaction((tx) => machine.cancel(tx, { id, ...by })));
    }
    await Promise.all(WORDS.map((word) => says(payout, word)));
    await other.machine.release({ clientId, by: 'key_staff' });
    if (n % 5 === 0) {
      await tried(
        database.transaction((tx) => other.machine.resolve(tx, { id, as: 'paid', ...by })),
      );
    }
  });
  await Promise.all(people);
  over = true;
  await Promise.all(gates);
  for (let n = 0; n < CLIENTS; n += 1) {
    await machine.release({ clientId: `storm ${n}`, by: 'key_staff' });
  }
  await machine.gate.round();
  assert.deepEqual(await judge(), []);
  assert.equal(database.deadlocks.count, 0);
  const told = await erp.heard();
  for (const payout of payouts) {
    const state = await stateOf(payout);
    assert.ok(['paid', 'cancelled', 'rejected', 'returned'].includes(state), state);
    const times = told.filter(({ erp_id: erpId }) => erpId === payout.erpId).length;
    assert.equal(times, state === 'cancelled' ? 0 : 1);
    const gone = state === 'paid' ? 0n : 1000n;
    assert.deepEqual(await moneyOf(payout), { has: gone, reserved: 0n, sent: 0n });
  }
});
