import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as gateway from '#simulators/cloudpayments';
import { monthly, openShop } from './fixture.ts';
import { type Life, lives } from './life.ts';
import { mustHold } from './must-hold.ts';

// What two rules make of each other where nobody has thought of both.
const shop = await openShop(gateway);
const { cards, database } = shop;
const { begin, buys, until } = lives(shop);

const over = async (life: Life) => {
  await mustHold(database, life);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
};
const events = async (life: Life) =>
  (await life.story()).map((line) => line.replace(/^(\S+) \S+ (\S+) .*$/, '$1 $2'));

test('a coupon of everything with a trial: the card is tried, the free month comes behind the trial, and then it costs', async () => {
  await begin();
  await database.transaction(async (tx) => {
    await cards.addPlan(tx, { ...monthly, code: 'trial', trialDays: 7 });
    await cards.addCoupon(tx, {
      ...{ code: 'ALL', discount: { kind: 'percent', basisPoints: 10_000 } },
      ...{ duration: { kind: 'once' }, redemptionsMost: 1 },
    });
  });
  const life = await buys({ plan: 'trial', coupon: 'ALL' });
  await life.pays();
  await until('2027-01-28');
  assert.deepEqual(await events(life), [
    '11-20 created',
    '11-20 trial_started',
    '11-27 charged',
    '12-24 charge_coming',
    '12-27 renewed',
    '01-24 charge_coming',
    '01-27 renewed',
  ]);
  assert.deepEqual(await life.book(), [0, 19_900, 19_900], 'what tried the card went back');
  await over(life);
});

test('paused over the day from which a higher price was told: it is paid from the first period that begins after both', async () => {
  await begin();
  const plan = { ...monthly, code: 'moving' };
  await database.transaction((tx) => cards.addPlan(tx, plan));
  const life = await buys({ plan: 'moving' });
  await life.pays();
  await until('2026-12-12');
  const price = { ...plan.price, unitPriceMinor: 24_900n };
  await database.transaction((tx) => cards.addPlan(tx, { ...plan, price }));
  const { id: move } = await database.transaction((tx) =>
    cards.moves.preview(tx, {
      ...{ plan: 'moving', noticeDays: 10, consent: 'notice', without: 'keep', actor: 'test' },
      text: '{title}: {price} instead of {old_price} from {date}. {stop}',
    }),
  );
  await database.transaction((tx) => cards.moves.run(tx, { plan: 'moving', move, actor: 'boss' }));
  await until('2027-01-10');
  assert.equal(await life.says('pause', { days: 20 }), 'done: paused');
  await until('2027-01-25');
  assert.deepEqual(await life.book(), [19_900, 19_900], 'paused, nobody is charged');
  await until('2027-02-10');
  assert.deepEqual(await life.book(), [19_900, 19_900, 24_900]);
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from sms.message where reference = ${life.subscription} and kind = 'price_change'`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.count, 1n, 'told once');
  await over(life);
});
