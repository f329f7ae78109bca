import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as gateway from '#simulators/cloudpayments';
import * as operator from '#simulators/operator';
import { createSubscriptions } from '#subscriptions';
import {
  eitherWay,
  lives,
  monthly,
  openPhoneSide,
  openShop,
  SECRET,
} from '#subscriptions/cards/stage';

const shop = await openShop(gateway);
const { cards, clock, context, database } = shop;
const { begin, decline } = lives(shop);
const side = await openPhoneSide(shop, operator);
const { buysByCard, leavesCard, nextNumber, quiet, subscribes, until } = side;

const tail = (story: readonly string[], from: number) => story.slice(from);

test('from the phone to a card: the paid day is kept, and the month begins where it ends', async () => {
  await begin();
  const person = await subscribes();
  await leavesCard(person.msisdn);
  await until('2026-11-22T03:00:00Z');
  assert.equal(await person.debited(), 1000, 'two days by phone');
  assert.equal(await person.switches('card'), 'done: switched');
  assert.equal((await person.row()).operator, 'card');
  await until('2026-12-23');
  assert.equal(await person.debited(), 1000, 'nothing more by phone');
  assert.deepEqual(await person.story(), [
    '11-20 10:00 created registered',
    '11-20 10:00 charged active',
    '11-21 10:00 renewed active',
    '11-22 06:00 switched active',
    '11-22 06:00 charge_coming active',
    '11-22 09:00 renewed active',
    '12-19 10:00 charge_coming active',
    '12-22 09:00 renewed active',
  ]);
  assert.deepEqual(await person.bills(), [
    ...['500 PKR paid', '500 PKR paid', '19900 RUB paid', '19900 RUB paid'],
  ]);
  assert.equal(await person.stops(), 1);
});

test('without a saved card it waits for one, and the phone pays until it is there', async () => {
  await begin();
  const person = await subscribes();
  await until('2026-11-20T09:00:00Z');
  assert.equal(await person.switches('card'), 'done: waiting_for_card');
  await until('2026-11-21');
  assert.equal(await person.debited(), 1000);
  const page = await database.transaction((tx) => cards.cardPage(tx, person.subscription));
  assert.deepEqual([page.amountMinor, page.paysBill, page.currency], [100n, false, 'RUB']);
  await person.pays(undefined, page.payment);
  await quiet();
  assert.equal((await person.row()).operator, 'card');
  const { card, priced } = await person.now();
  assert.equal(card?.mask.slice(-4), '3055');
  assert.equal(priced.period.endsAt.toISOString(), '2026-11-22T07:00:00.000Z');
  await until('2026-11-23');
  assert.equal(await person.debited(), 1000);
  assert.deepEqual(await person.bills(), ['500 PKR paid', '500 PKR paid', '19900 RUB paid']);
  assert.deepEqual(tail(await person.story(), 3), [
    '11-21 10:00 switched active',
    '11-21 10:00 charge_coming active',
    '11-22 09:00 renewed active',
  ]);
  assert.equal(await person.stops(), 1);
});

test('a page that nobody asked a switch for is refused, and so is one that came too late', async () => {
  await begin();
  const person = await subscribes();
  const page = () => database.transaction((tx) => cards.cardPage(tx, person.subscription));
  await assert.rejects(page(), { code: 'not_by_card' });
  assert.equal(await person.switches('card'), 'done: waiting_for_card');
  await until('2026-11-22');
  await assert.rejects(page(), { code: 'not_by_card' });
  assert.equal(await person.stops(), 1);
});

test('from a card to the phone: the month is kept, then each day is charged, and the card never again', async () => {
  await begin();
  const person = await buysByCard();
  assert.equal(await person.switches('phone'), 'done: switched');
  const { operator: by, paid_until: paidUntil } = await person.row();
  assert.deepEqual([by, paidUntil?.toISOString()], ['mobilink', '2026-12-20T07:00:00.000Z']);
  await until('2026-12-20T06:59:00Z');
  assert.equal(await person.debited(), 0);
  await until('2026-12-22');
  assert.equal(await person.debited(), 1500);
  assert.deepEqual(await person.story(), [
    '11-20 10:00 created pending',
    '11-20 10:00 charged active',
    '11-20 10:00 switched active',
    '12-20 10:00 renewed active',
    '12-21 10:00 renewed active',
    '12-22 10:00 renewed active',
  ]);
  assert.deepEqual(await person.bookByBill().then((book) => book.get(0)), 19_900);
  assert.equal(await person.stops(), 1);
  await until('2026-12-24');
  assert.equal(await person.debited(), 1500);
});

test('the new yes is sealed in the chain of his consents, with the price that was shown', async () => {
  await begin();
  const person = await buysByCard();
  assert.equal(await person.switches('phone'), 'done: switched');
  const { rows } = await sql<{ id: bigint; hash: Buffer; previous_hash: Buffer | null }>`
    select id, hash, previous_hash from subscriptions.consent where customer_id = ${person.key.customerId}
    order by id`.execute(database.pool);
  assert.equal(rows.length, 2);
  assert.deepEqual(rows[1]?.previous_hash, rows[0]?.hash);
  const kept = await sql<{ consent_id: bigint; state: string }>`
    select consent_id, state from subscriptions.way_switch
    where customer_id = ${person.key.customerId}`.execute(database.pool);
  assert.deepEqual(kept.rows, [{ consent_id: rows[1]?.id, state: 'done' }]);
  assert.equal(await person.stops(), 1);
});

test('it is shown at the price of the way that pays it', async () => {
  await begin();
  const { publicUrl } = context;
  const subscriptions = createSubscriptions({ ...context, secret: SECRET, publicUrl });
  const person = await buysByCard();
  const priceOf = async () => {
    const view = await subscriptions.find(person.subscription);
    return view && [view.operator, view.priceMinor, view.currency, view.period];
  };
  assert.deepEqual(await priceOf(), ['card', 19_900n, 'RUB', 'month']);
  assert.equal(await person.switches('phone'), 'done: switched');
  assert.deepEqual(await priceOf(), ['mobilink', 500n, 'PKR', 'daily']);
  assert.equal(await person.stops(), 1);
});

test('there and back again: every day is paid once at most, whoever is asked for it', async () => {
  await begin();
  const person = await subscribes();
  await leavesCard(person.msisdn);
  assert.equal(await person.switches('card'), 'done: switched');
  assert.equal(await person.switches('phone'), 'done: switched');
  await until('2026-11-21T08:00:00Z');
  assert.equal(await person.debited(), 1000);
  assert.equal(await person.switches('card'), 'done: switched');
  await until('2026-11-23');
  assert.equal(await person.debited(), 1000);
  assert.deepEqual(await person.bills(), ['500 PKR paid', '500 PKR paid', '19900 RUB paid']);
  assert.equal(await person.stops(), 1);
});

test('no money on the phone: its bill is closed, and the card is charged at once', async () => {
  await begin();
  const person = await subscribes();
  await leavesCard(person.msisdn);
  await person.balance(0);
  await until('2026-11-21T07:10:00Z');
  assert.equal((await person.row()).status, 'grace');
  assert.equal(await person.switches('card'), 'done: switched');
  await quiet();
  const { priced, status } = await person.now();
  assert.deepEqual(
    [status, priced.period.start.toISOString()],
    ['active', '2026-11-21T07:10:00.000Z'],
  );
  await person.balance(10_000);
  await until('2026-11-25');
  assert.equal(await person.debited(), 500);
  assert.deepEqual(await person.bills(), ['500 PKR paid', '500 PKR void', '19900 RUB paid']);
  assert.deepEqual(tail(await person.story(), 2), [
    '11-21 10:00 failed grace',
    '11-21 10:10 switched grace',
    '11-21 10:10 renewed active',
  ]);
  assert.equal(await person.stops(), 1);
});

test('a lost card: its bill is closed, and the phone pays from this moment on', async () => {
  await begin();
  const person = await buysByCard();
  await until('2026-12-19');
  await decline(5041);
  await until('2026-12-20T09:00:00Z');
  assert.equal((await person.row()).status, 'grace');
  assert.equal(await person.switches('phone'), 'done: switched');
  await quiet();
  assert.deepEqual(await person.bills(), ['19900 RUB paid', '19900 RUB void', '500 PKR paid']);
  assert.deepEqual(tail(await person.story(), 2), [
    '12-17 10:00 charge_coming active',
    '12-20 09:00 failed grace',
    '12-20 12:00 switched grace',
    '12-20 12:00 renewed active',
  ]);
  assert.equal((await person.row()).status, 'active');
  await until('2026-12-21T10:00:00Z');
  assert.equal(await person.debited(), 1000);
  assert.equal(await person.stops(), 1);
});

test('shut out on the phone: the card is charged at once, and opens it again with a month of its own', async () => {
  await begin();
  const person = await subscribes();
  await leavesCard(person.msisdn);
  await person.balance(0);
  await until('2026-11-22T07:30:00Z');
  assert.equal((await person.row()).status, 'hold');
  assert.equal(await person.switches('card'), 'done: switched');
  await quiet();
  const { priced, status } = await person.now();
  assert.equal(status, 'active');
  assert.equal(priced.period.start.toISOString(), '2026-11-22T07:30:00.000Z');
  assert.equal(priced.period.endsAt.toISOString(), '2026-12-22T07:30:00.000Z');
  assert.equal(await person.debited(), 500);
  assert.equal(await person.stops(), 1);
});

test('a trial goes on to its end, and then the phone is asked', async () => {
  await begin();
  const tried = { ...eitherWay, code: 'either-tried', trialDays: 7 };
  await database.transaction((tx) => cards.addPlan(tx, tried));
  const person = await buysByCard(nextNumber(), tried.code);
  assert.equal(await person.switches('phone'), 'done: switched');
  await until('2026-11-28T07:30:00Z');
  assert.equal(await person.debited(), 1000);
  assert.deepEqual(await person.story(), [
    '11-20 10:00 created pending',
    '11-20 10:00 trial_started trial',
    '11-20 10:00 switched trial',
    '11-27 10:00 renewed active',
    '11-28 10:00 renewed active',
  ]);
  assert.equal(await person.stops(), 1);
});

test('what can’t be decided is refused, with its reason', async () => {
  await begin();
  const person = await buysByCard();
  assert.equal(await person.switches('card'), 'not possible: by_card_already');
  await person.says('pause', { days: 3 });
  assert.equal(await person.switches('phone'), 'not possible: is_paused');
  await person.says('resume');
  await person.says('cancel');
  assert.equal(await person.switches('phone'), 'not possible: ending');
  await person.says('resume');
  await person.says('change', { quantity: 2 });
  assert.equal(await person.switches('phone'), 'not possible: quantity_by_phone');
  await person.says('change', { quantity: 1 });
  assert.equal(await person.switches('phone'), 'not possible: change_planned');
  await person.stops();
  assert.equal(await person.switches('phone'), 'not possible: ended');

  const stranger = await buysByCard('+79160001122');
  assert.equal(await stranger.switches('phone'), 'not possible: number_of_another_operator');
  await stranger.stops();

  const listed = await buysByCard();
  await database.transaction((tx) =>
    context.operators.addToNumberList(tx, {
      ...{ list: 'postpaid', reason: 'a bill', at: clock.now(), msisdns: [listed.msisdn] },
    }),
  );
  assert.equal(await listed.switches('phone'), 'not possible: number_postpaid');
  await listed.stops();

  const byPhone = await subscribes();
  assert.equal(await byPhone.switches('phone'), 'not possible: by_phone_already');
  assert.equal(await byPhone.switches('card', { card: 'card_1x1' }), 'not possible: card_unknown');
  await byPhone.stops();
});

test('a plan that only cards pay has one way', async () => {
  await begin();
  const { buys } = lives(shop);
  const life = await buys({ plan: monthly.code, msisdn: nextNumber() });
  await life.pays();
  const preview = await database.transaction((tx) =>
    cards.previewSwitch(tx, life.subscription, { to: 'phone' }),
  );
  assert.deepEqual(preview, { possible: false, reason: 'plan_has_one_way' });
  await life.says('cancel', { timing: 'now' });
});

test('the price that was shown is the one that holds: another version is refused', async () => {
  await begin();
  const person = await buysByCard();
  const preview = await database.transaction((tx) =>
    cards.previewSwitch(tx, person.subscription, { to: 'phone' }),
  );
  assert.ok(preview.possible);
  assert.deepEqual(preview.offer, {
    ...{ title: eitherWay.title, priceMinor: 500n, currency: 'PKR', period: 'daily' },
  });
  await database.transaction((tx) => cards.addPlan(tx, eitherWay));
  assert.equal(
    await person.says('switch', {
      ...{ to: 'phone', version: preview.version, consent: 'con_1x1' },
      consented_at: clock.now().toISOString(),
    }),
    'refused: terms_outdated',
  );
  assert.equal((await person.row()).operator, 'card');
  assert.equal(await person.stops(), 1);
});
