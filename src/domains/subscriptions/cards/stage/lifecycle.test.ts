import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as gateway from '#simulators/cloudpayments';
import { monthly, openShop } from './fixture.ts';
import { GOOD, lives, OTHER } from './life.ts';

const shop = await openShop(gateway);
const { begin, buys, decline, until } = lives(shop);
const { clock, database } = shop;
const start = '11-20 10:00';

/** Kinds of the texts that were sent, in order. */
async function textsOf(subscription: string): Promise<readonly string[]> {
  const { rows } = await sql<{ kind: string }>`
    select kind from sms.message where reference = ${subscription} order by id`.execute(
    database.pool,
  );
  return rows.map(({ kind }) => kind);
}

test('paid month after month, announced three days before, charged an hour before its time', async () => {
  await begin();
  const life = await buys();
  assert.equal((await life.now()).status, 'pending');
  await life.pays();
  await until('2027-01-20');
  assert.deepEqual(await life.story(), [
    `${start} created pending`,
    `${start} charged active`,
    '12-17 10:00 charge_coming active',
    '12-20 09:00 renewed active',
    '01-17 10:00 charge_coming active',
    '01-20 09:00 renewed active',
  ]);
  assert.deepEqual(await textsOf(life.subscription), [
    ...['welcome', 'charge_coming', 'receipt', 'charge_coming', 'receipt'],
  ]);
  assert.deepEqual(await life.book(), [19_900, 19_900, 19_900]);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('what it is priced from stands on the bill that made it so, and whole only where somebody has changed it since', async () => {
  await begin();
  const life = await buys();
  const columns = async () => {
    const { rows } = await sql<{ bill: number | null; isWhole: boolean }>`
      select priced_bill as bill, priced is not null as "isWhole" from subscriptions.card_subscription
      where customer_id = ${life.key.customerId} and id = ${life.key.id}`.execute(database.pool);
    const { priced } = await life.now();
    return { ...rows[0], period: priced.period.number, payments: priced.payments.length };
  };
  assert.deepEqual(await columns(), { bill: null, isWhole: true, period: 0, payments: 0 });
  await life.pays();
  assert.deepEqual(await columns(), { bill: 0, isWhole: false, period: 0, payments: 1 });
  await until('2026-12-21');
  assert.deepEqual(await columns(), { bill: 1, isWhole: false, period: 1, payments: 1 });
  const cancelled = await life.says('cancel', { timing: 'period_end' });
  assert.equal(cancelled, 'done: ends_with_period');
  assert.deepEqual(await columns(), { bill: null, isWhole: true, period: 1, payments: 1 });
  assert.equal(await life.says('resume'), 'done: kept');
  await until('2027-01-21');
  assert.deepEqual(await columns(), { bill: 2, isWhole: false, period: 2, payments: 1 });
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('a first payment that stays incomplete ends by itself, and can’t be paid any more', async () => {
  await begin();
  const life = await buys();
  await until('2026-11-22');
  assert.deepEqual(await life.story(), [`${start} created pending`, '11-21 09:00 ended expired']);
  await assert.rejects(life.pays());
});

test('declined for want of money: tried again in grace, told once, and paid on a payday', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  await until('2026-12-19');
  await decline(5051, 2);
  await until('2027-01-02');
  const { status, priced } = await life.now();
  assert.deepEqual([status, priced.period.number], ['active', 1]);
  const story = await life.story();
  assert.deepEqual(
    story.map((line) => line.slice(12)),
    [
      ...['created pending', 'charged active', 'charge_coming active', 'failed grace'],
      ...['failed grace', 'renewed active'],
    ],
  );
  assert.deepEqual(await textsOf(life.subscription), [
    ...['welcome', 'charge_coming', 'charge_failed', 'recovered'],
  ]);
  assert.equal(priced.period.start.toISOString(), '2026-12-20T07:00:00.000Z', 'the anchor stays');
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('a card that is lost is not tried again: hold closes the access, and the ladder ends it', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  await until('2026-12-19');
  await decline(5041);
  await until('2027-01-20');
  const story = await life.story();
  assert.deepEqual(story.slice(2), [
    '12-17 10:00 charge_coming active',
    '12-20 09:00 failed grace',
    '01-03 12:00 held hold',
    '01-10 12:00 ended expired',
  ]);
  assert.deepEqual(await textsOf(life.subscription), [
    ...['welcome', 'charge_coming', 'charge_failed', 'last_chance', 'held', 'last_chance', 'ended'],
  ]);
  assert.deepEqual(await life.book(), [19_900, 0]);
});

test('out of hold by another card: what is owed is paid on its page, and the period begins with the payment', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  await until('2026-12-19');
  await decline(5041);
  await until('2027-01-05');
  assert.equal((await life.now()).status, 'hold');
  const page = await database.transaction((tx) => shop.cards.cardPage(tx, life.subscription));
  assert.deepEqual([page.paysBill, page.amountMinor], [true, 19_900n]);
  const again = await database.transaction((tx) => shop.cards.cardPage(tx, life.subscription));
  assert.equal(again.payment, page.payment, 'asked again, the same page');
  await life.pays(OTHER, page.payment);
  const { card, priced, status } = await life.now();
  assert.equal(status, 'active');
  assert.equal(card?.mask.slice(-4), OTHER.slice(-4));
  assert.equal(priced.period.start.toISOString(), '2027-01-05T07:00:00.000Z');
  await until('2027-02-06');
  assert.deepEqual((await life.story()).slice(4), [
    '01-03 12:00 held hold',
    '01-05 10:00 renewed active',
    '02-02 10:00 charge_coming active',
    '02-05 09:00 renewed active',
  ]);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('a trial keeps a card by a payment that goes back, and its end is the anchor', async () => {
  await begin();
  const plan = { ...monthly, code: 'tried', trialDays: 7 };
  await database.transaction((tx) => shop.cards.addPlan(tx, plan));
  const life = await buys({ plan: 'tried' });
  await life.pays();
  assert.deepEqual(await life.book(), [0], 'what tried the card went back');
  await until('2026-12-28');
  assert.deepEqual(await life.story(), [
    `${start} created pending`,
    `${start} trial_started trial`,
    '11-24 10:00 charge_coming trial',
    '11-27 09:00 charged active',
    '12-24 10:00 charge_coming active',
    '12-27 09:00 renewed active',
  ]);
  assert.deepEqual(await life.book(), [0, 19_900, 19_900]);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('cancelled with the period: access to its end, and nothing is charged again', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  assert.equal(await life.says('cancel'), 'done: ends_with_period');
  assert.equal(await life.says('cancel'), 'refused: nothing_changes');
  await until('2027-02-01');
  assert.deepEqual(await life.story(), [
    `${start} created pending`,
    `${start} charged active`,
    `${start} cancel_planned active`,
    '12-20 10:00 cancelled cancelled',
  ]);
  assert.deepEqual(await life.book(), [19_900]);
});

test('cancelled now with a refund: the unused part goes back to the card', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  clock.set(new Date('2026-12-05T07:00:00Z'));
  assert.equal(
    await life.says('cancel', { timing: 'now', unused: 'refund' }),
    'done: cancelled_with_refund',
  );
  assert.deepEqual(await life.book(), [9950], 'half of thirty days');
  assert.equal(await life.says('cancel', { timing: 'now', unused: 'refund' }), 'refused: ended');
});

test('paused and resumed: the period ends later by the paused time', async () => {
  await begin();
  const life = await buys();
  await life.pays(GOOD);
  assert.equal(await life.says('pause', { days: 10 }), 'done: paused');
  assert.equal(await life.says('change', { quantity: 2 }), 'refused: is_paused');
  await until('2027-01-01');
  assert.deepEqual(await life.story(), [
    `${start} created pending`,
    `${start} charged active`,
    `${start} paused paused`,
    '11-30 10:00 resumed active',
    '12-27 10:00 charge_coming active',
    '12-30 09:00 renewed active',
  ]);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('a change that costs more holds once it is paid; one that is declined changes nothing', async () => {
  await begin();
  await database.transaction((tx) =>
    shop.cards.addPlan(tx, {
      ...{ ...monthly, code: 'family', title: 'Cinema for all' },
      price: { ...monthly.price, unitPriceMinor: 39_900n },
    }),
  );
  const life = await buys();
  await life.pays();
  clock.set(new Date('2026-12-05T07:00:00Z'));
  await decline(5051);
  assert.equal(await life.says('change', { plan: 'family' }), 'done: charging');
  assert.equal((await life.now()).priced.selection.price.plan, 'month');
  assert.equal(await life.says('change', { plan: 'family' }), 'done: charging');
  assert.equal((await life.now()).priced.selection.price.plan, 'family');
  await until('2026-12-21');
  assert.deepEqual((await life.story()).slice(2), [
    '12-05 10:00 change_failed active',
    '12-05 10:00 changed active',
    '12-17 10:00 charge_coming active',
    '12-20 09:00 renewed active',
  ]);
  assert.deepEqual(await life.book(), [19_900, 0, 10_000, 39_900]);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('a card that was declined twice within a day rests: a third try is refused, and nothing is owed for it', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  clock.set(new Date('2026-12-05T07:00:00Z'));
  await decline(5051, 2);
  assert.equal(await life.says('change', { quantity: 2 }), 'done: charging');
  assert.equal(await life.says('change', { quantity: 2 }), 'done: charging');
  assert.equal(await life.says('change', { quantity: 2 }), 'refused: card_may_not_be_tried_now');
  assert.equal((await life.now()).status, 'active');
  await until('2026-12-07');
  assert.equal(await life.says('change', { quantity: 2 }), 'done: charging');
  assert.equal((await life.now()).priced.selection.quantity, 2);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('switched back before it ends, it goes on; a downgrade waits for the end of the period', async () => {
  await begin();
  const life = await buys({ quantity: 2 });
  await life.pays();
  assert.equal(await life.says('cancel'), 'done: ends_with_period');
  assert.equal(await life.says('resume'), 'done: kept');
  assert.equal(await life.says('change', { quantity: 1 }), 'done: planned');
  await until('2026-12-21');
  assert.deepEqual(await life.book(), [39_800, 19_900]);
  assert.deepEqual((await life.story()).slice(2), [
    `${start} cancel_planned active`,
    `${start} kept active`,
    `${start} change_planned active`,
    '12-17 10:00 charge_coming active',
    '12-20 09:00 renewed active',
  ]);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('a coupon of everything needs no money: the card is tried, and the next period is paid', async () => {
  await begin();
  await database.transaction((tx) =>
    shop.cards.addCoupon(tx, {
      ...{ code: 'FREE', discount: { kind: 'percent', basisPoints: 10_000 } },
      ...{ duration: { kind: 'once' }, redemptionsMost: 1 },
    }),
  );
  const life = await buys({ coupon: 'FREE' });
  await life.pays();
  await until('2026-12-21');
  assert.deepEqual(await life.book(), [0, 19_900]);
  await assert.rejects(buys({ coupon: 'FREE' }), { code: 'coupon_refused' });
  const { rows } = await sql<{ kind: string; amount_minor: bigint }>`
    select kind, amount_minor from subscriptions.bill_line where customer_id = ${life.key.customerId}
      and subscription_id = ${life.key.id} order by period, line`.execute(database.pool);
  assert.deepEqual(
    rows.map(({ amount_minor, kind }) => [kind, amount_minor]),
    [
      ['plan', 0n],
      ['plan', 19_900n],
    ],
    'a line of nothing is a line',
  );
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});
