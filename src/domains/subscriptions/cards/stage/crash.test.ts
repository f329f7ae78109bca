import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as gateway from '#simulators/cloudpayments';
import { openShop } from './fixture.ts';
import { lives } from './life.ts';
import { mustHold } from './must-hold.ts';
import { runChild } from './run-child.ts';

const shop = await openShop(gateway, { runs: false });
const { clock, database } = shop;
const { buys, decline, quiet } = lives(shop);

/** The points of a renewal: its bill and charge, its answer, and those of the bus between them. */
const DIES_AT = [1, 2, 3, 5];

/** Whoever comes after the one that was killed. */
async function goOn(): Promise<void> {
  const worker = shop.cards.worker();
  worker.start();
  await quiet();
  await worker.stop();
}

test('killed at any point of a renewal, each period is charged once, and a refusal is dealt with once', async (t) => {
  shop.worker.start();
  const all = [];
  for (let index = 0; index < 3; index += 1) {
    const life = await buys();
    await life.pays();
    all.push(life);
  }
  await shop.worker.stop();
  let month = 0;
  for (const dieAt of DIES_AT) {
    month += 1;
    const due = new Date('2026-11-20T07:00:00Z');
    due.setUTCMonth(due.getUTCMonth() + month);
    clock.set(due);
    // One of the three is refused for a technical reason, and is tried again a quarter of an hour later.
    await decline(5091);
    const killed = await runChild(t, shop, { dieAt });
    await goOn();
    clock.advanceMs(16 * 60_000);
    await goOn();
    t.diagnostic(`killed at ${dieAt}: ${killed}`);
    for (const life of all) {
      await mustHold(database, life);
      const { bill, priced, status } = await life.now();
      assert.deepEqual([status, bill, priced.period.number], ['active', null, month]);
      const story = await life.story();
      assert.equal(story.filter((line) => line.includes(' renewed ')).length, month);
    }
  }
});
