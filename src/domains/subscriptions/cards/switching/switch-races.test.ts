import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { type PaymentResponse, paymentId } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import * as operator from '#simulators/operator';
import { applyCommands } from '#subscriptions/cards/apply-commands';
import { bookOf, lives, openPhoneSide, openShop, runChild } from '#subscriptions/cards/stage';
import { settleBills } from '#subscriptions/settle-bills';
import type { PaymentCommand } from '#subscriptions/topics';
import { eventually } from '#testing';

const shop = await openShop(gateway, { runs: false });
const { cards, clock, context, database } = shop;
const { begin } = lives(shop);
const side = await openPhoneSide(shop, operator);
const { buysByCard, leavesCard, quiet, scenario, subscribes, until } = side;

type Person = Awaited<ReturnType<typeof subscribes>>;

/** With `state-machine` running for as long as it takes. */
async function running<Result>(work: () => Promise<Result>): Promise<Result> {
  const worker = shop.cards.worker();
  worker.start();
  try {
    return await work();
  } finally {
    await worker.stop();
  }
}

/** Whom the phone pays, with a card that is saved. */
async function withCard(): Promise<Person> {
  const person = await subscribes();
  await leavesCard(person.msisdn);
  return person;
}

/** What both books have taken of this person for this subscription. */
async function taken(person: Person): Promise<{ readonly phone: number; readonly card: number }> {
  const byBill = await person.bookByBill();
  const card = [...byBill].reduce((sum, [, amount]) => sum + amount, 0);
  return { phone: await person.debited(), card };
}

test('a switch that meets STOP: it is over, whichever came first, and nobody is asked for money again', async () => {
  await running(async () => {
    await begin();
    for (let round = 0; round < 4; round += 1) {
      const person = round % 2 === 0 ? await withCard() : await buysByCard();
      const to = round % 2 === 0 ? 'card' : 'phone';
      const [, cancelled] = await Promise.all([person.switches(to), person.stops()]);
      assert.equal(cancelled, 1);
      await quiet();
      const before = await taken(person);
      await until(new Date(clock.nowMs() + 3 * 86_400_000).toISOString());
      assert.deepEqual(await taken(person), before);
      assert.equal((await person.row()).status, 'cancelled');
    }
  });
});

test('a switch at the very moment of a renewal: the day is paid once, by the one or by the other', async () => {
  await running(async () => {
    for (let round = 0; round < 3; round += 1) {
      await begin();
      const person = await withCard();
      clock.set(new Date('2026-11-21T07:00:00Z'));
      const said = await person.switches('card');
      await quiet();
      const { card, phone } = await taken(person);
      if (said === 'done: switched') {
        const isBefore = phone === 500;
        assert.deepEqual(isBefore ? [500, 19_900] : [1000, 0], [phone, card]);
      } else {
        assert.match(said, /: payment_under_way$/);
        assert.deepEqual([phone, card], [1000, 0]);
      }
      const open = (await person.bills()).filter((bill) => bill.endsWith('open'));
      assert.deepEqual(open, []);
      await person.stops();
    }
  });
});

test('asked for twice at once, it is done once', async () => {
  await running(async () => {
    await begin();
    const person = await buysByCard();
    const said = await Promise.all([person.switches('phone'), person.switches('phone')]);
    const done = said.filter((one) => one === 'done: switched');
    assert.equal(done.length, 1, said.join());
    assert.ok(said.every((one) => one === 'done: switched' || one.endsWith('by_phone_already')));
    await person.stops();
  });
});

test('while a charge by phone is under way nothing is switched; what waits for its end comes after it', async () => {
  await running(async () => {
    await begin();
    const person = await subscribes();
    await until('2026-11-21T06:30:00Z');
    assert.equal(await person.switches('card'), 'done: waiting_for_card');
    const page = await database.transaction((tx) => cards.cardPage(tx, person.subscription));
    await scenario('lost-answer', person.msisdn);
    clock.set(new Date('2026-11-21T07:00:00Z'));
    await eventually(async () => assert.equal(await person.debited(), 1000), { timeoutMs: 60_000 });
    assert.match(await person.switches('card'), /payment_under_way$/);
    await person.pays(undefined, page.payment);
    await quiet();
    clock.advanceMs(61_000);
    await quiet();
    assert.equal((await person.row()).operator, 'card');
    assert.deepEqual(await person.bills(), ['500 PKR paid', '500 PKR paid']);
    await person.stops();
  });
});

/** Puts a switch into the queue of `state-machine`, which nobody reads now. */
async function queued(person: Person, to: 'phone' | 'card'): Promise<void> {
  await database.transaction(async (tx) => {
    const preview = await cards.previewSwitch(tx, person.subscription, { to });
    assert.ok(preview.possible);
    await cards.switchWay(tx, {
      ...{ subscription: person.subscription, to, preview, locale: 'ru' },
      ...{ origin: 'api', actor: 'test', consent: side.yes('as shown') },
    });
  });
}

async function doneOf(person: Person): Promise<readonly string[]> {
  const { rows } = await sql<{ state: string }>`
    select state from subscriptions.way_switch
    where customer_id = ${person.key.customerId} and subscription_id = ${person.key.id} order by id`.execute(
    database.pool,
  );
  return rows.map(({ state }) => state);
}

test('killed between its steps, a switch is carried out once', async (t) => {
  for (const to of ['card', 'phone'] as const) {
    for (const dieAt of [1, 2, 3]) {
      await begin();
      const person = await running(to === 'card' ? withCard : buysByCard);
      await queued(person, to);
      const killed = await runChild(t, shop, { dieAt });
      await running(quiet);
      t.diagnostic(`to ${to}, killed at ${dieAt}: ${killed}`);
      assert.equal((await person.row()).operator, to === 'card' ? 'card' : 'mobilink');
      assert.deepEqual(await doneOf(person), ['done']);
      const story = await person.story();
      assert.equal(story.filter((line) => line.includes(' switched ')).length, 1);
      await person.stops();
    }
  }
});

test('heard again, the same command changes nothing', async () => {
  await begin();
  const person = await running(buysByCard);
  await running(() => person.switches('phone'));
  const { rows } = await sql<{ input: PaymentCommand }>`
    select input from subscriptions.card_command
    where customer_id = ${person.key.customerId} and command = 'switch'`.execute(database.pool);
  const [row] = rows;
  assert.ok(row);
  const before = await person.row();
  await database.transaction((tx) => applyCommands(context, tx, [row.input, row.input]));
  assert.deepEqual(await person.row(), before);
  assert.deepEqual(await doneOf(person), ['done']);
  await person.stops();
});

test('killed after its card was left, a switch that waited for it is carried out once, and what tried the card goes back', async (t) => {
  for (const dieAt of [1, 2, 3, 4]) {
    await begin();
    const person = await subscribes();
    const asked = await running(() => person.switches('card'));
    assert.equal(asked, 'done: waiting_for_card');
    const page = await database.transaction((tx) => cards.cardPage(tx, person.subscription));
    await person.pays(undefined, page.payment, { waits: false });
    const killed = await runChild(t, shop, { dieAt });
    await running(quiet);
    t.diagnostic(`killed at ${dieAt}: ${killed}`);
    assert.equal((await person.row()).operator, 'card');
    assert.deepEqual(await doneOf(person), ['done']);
    assert.equal(await bookOf(shop, page.payment), 0);
    await person.stops();
  }
});

test('money that comes for a phone bill that a switch has closed stands in the bill, and stops nobody behind it', async () => {
  await begin();
  const person = await withCardAnd(async (one) => {
    await one.balance(0);
    await until('2026-11-21T07:10:00Z');
    assert.equal(await one.switches('card'), 'done: switched');
    await quiet();
  });
  const reference = `${person.subscription}/1`;
  const [declined] = await shop.payments.of(person.key.customerId, [reference]);
  assert.ok(declined);
  const payment = paymentId(person.key.customerId, declined.id);
  const heard: PaymentResponse = {
    ...{ payment, reference, msisdn: person.msisdn, amount_minor: 500, currency: 'PKR' },
    ...{ outcome: 'accepted', at: clock.now().toISOString() },
  };
  for (let time = 0; time < 2; time += 1)
    await database.transaction((tx) => settleBills(context, tx, [heard]));
  const { rows } = await sql<{ state: string; reason: string }>`
    select state, reason from subscriptions.bill
    where customer_id = ${person.key.customerId} and subscription_id = ${person.key.id} and period = 1`.execute(
    database.pool,
  );
  assert.deepEqual(rows, [{ state: 'paid', reason: 'after_switch' }]);
  assert.equal((await person.now()).status, 'active');
  await person.stops();
});

/** Somebody with a saved card, after what is done with him while all is running. */
async function withCardAnd(work: (person: Person) => Promise<void>): Promise<Person> {
  return running(async () => {
    const person = await withCard();
    await work(person);
    return person;
  });
}
