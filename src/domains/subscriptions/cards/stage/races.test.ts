import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import type { PaymentResponse } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import { applyCommands } from '#subscriptions/cards/apply-commands';
import { runDue, settleCards } from '#subscriptions/cards/due';
import { stopSubscriptions } from '#subscriptions/stop-subscriptions';
import { billReference } from '#subscriptions/subscription';
import { openShop } from './fixture.ts';
import { lives } from './life.ts';
import { mustHold } from './must-hold.ts';

const shop = await openShop(gateway);
const { cards, clock, context, database } = shop;
const { begin, buys, decline, quiet, until } = lives(shop);

test('cancel and repay at once have one outcome: who is cancelled is not charged', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  await until('2026-12-19');
  await decline(5051);
  await until('2026-12-20');
  assert.equal((await life.now()).status, 'grace');
  const [cancelled, repaid] = await Promise.all([
    life.says('cancel', { timing: 'now' }),
    life.says('repay'),
  ]);
  assert.equal(cancelled, 'done: cancelled');
  assert.ok(repaid === 'refused: ended' || repaid === 'done: charging', repaid);
  await quiet();
  await until('2027-03-01');
  const { status } = await life.now();
  assert.equal(status, 'cancelled');
  // Repaid first, it was paid for; cancelled first, what was under way goes back.
  await mustHold(database, life);
});

test('a double command is carried out once', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  const command = {
    ...{ id: 'cmd_1', subscription: life.subscription, command: 'pause' as const, days: 5 },
    ...{ origin: 'api', actor: 'test', at: clock.now().toISOString() },
  };
  for (let time = 0; time < 2; time += 1)
    await database.transaction((tx) => applyCommands(context, tx, [command, command]));
  const story = await life.story();
  assert.equal(story.filter((line) => line.includes(' paused ')).length, 1);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('a response that is heard again changes nothing', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  const before = await life.now();
  const heard: PaymentResponse = {
    ...{ payment: life.payment, reference: billReference(life.key, 0), msisdn: life.msisdn },
    ...{
      amount_minor: 19_900,
      currency: 'RUB',
      outcome: 'accepted',
      at: clock.now().toISOString(),
    },
  };
  await database.transaction((tx) => settleCards(context, tx, [heard]));
  await database.transaction((tx) => settleCards(context, tx, [{ ...heard, outcome: 'declined' }]));
  assert.deepEqual(await life.now(), before);
  assert.equal((await life.story()).length, 2);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('what is conflicted waits for people: nothing is charged, and nothing is closed', async () => {
  await begin();
  const life = await buys();
  const conflict: PaymentResponse = {
    ...{ payment: life.payment, reference: billReference(life.key, 0), msisdn: life.msisdn },
    ...{ amount_minor: 1, currency: 'RUB', outcome: 'conflicted', at: clock.now().toISOString() },
  };
  await database.transaction((tx) => settleCards(context, tx, [conflict]));
  await until('2026-12-01');
  const { attention, dueAt, status } = await life.now();
  assert.deepEqual([status, dueAt, attention], ['pending', null, `conflicted: ${life.payment}`]);
  assert.equal(await life.says('cancel'), 'done: cancelled');
});

test('a card that is taken away right before the renewal: it is not charged, and its holder is asked', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  const [card] = await cards.cards(database.pool, life.msisdn);
  assert.ok(card);
  await until('2026-12-19');
  const act = { msisdn: life.msisdn, card: card.card, actor: 'test', reason: 'asked' };
  const removing = database.transaction((tx) => cards.removeCard(tx, act));
  clock.set(new Date('2026-12-20T06:00:00Z'));
  await Promise.all([removing, runDue(context)]);
  await quiet();
  const { card: left, status } = await life.now();
  assert.equal(left, null);
  // Whoever came first: a charge that was under way by then has happened, else there is none.
  const [, renewal = 0] = await life.book();
  assert.ok((status === 'active' && renewal === 19_900) || (status === 'grace' && renewal === 0));
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('STOP ends a subscription that is paid by card as any other, and nothing is charged again', async () => {
  await begin();
  const life = await buys();
  await life.pays();
  await until('2026-12-19');
  const { cancelled } = await database.transaction((tx) =>
    stopSubscriptions(context, tx, {
      ...{ msisdn: life.msisdn, channel: 'sms', evidence: 'STOP', saidAt: clock.now() },
    }),
  );
  assert.equal(cancelled, 1);
  await until('2027-02-01');
  assert.deepEqual((await life.story()).slice(2), [
    '12-17 10:00 charge_coming active',
    '12-19 10:00 cancelled cancelled',
  ]);
  assert.deepEqual(await life.book(), [19_900]);
});

test('two copies look for what is due at once: each subscription is renewed once', async () => {
  await begin();
  const all = [];
  for (let index = 0; index < 4; index += 1) {
    const life = await buys();
    await life.pays();
    all.push(life);
  }
  await until('2026-12-19');
  clock.set(new Date('2026-12-20T06:00:00Z'));
  await Promise.all([runDue(context), runDue(context), runDue(context)]);
  await quiet();
  for (const life of all) assert.deepEqual(await life.book(), [19_900, 19_900]);
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from subscriptions.bill where state = 'open'`.execute(database.pool);
  assert.equal(rows[0]?.count, 0n);
});

test('who comes again while his first payment is incomplete begins again; the page before can’t be paid', async () => {
  await begin();
  const first = await buys();
  const second = await buys({ msisdn: first.msisdn });
  assert.notEqual(first.subscription, second.subscription);
  assert.equal((await first.now()).endReason, 'replaced');
  await assert.rejects(first.pays());
  await second.pays();
  assert.equal((await second.now()).status, 'active');
  await assert.rejects(buys({ msisdn: first.msisdn }), { code: 'already_subscribed' });
});

test('a payment that was stopped for another reason than ours leaves nothing alive and forgotten', async () => {
  await begin();
  const life = await buys();
  const reference = billReference(life.key, 0);
  const { withdrawn } = await database.transaction((tx) =>
    shop.payments.withdraw(tx, {
      ...{ customerId: life.key.customerId, gateway: 'cloudpayments', references: [reference] },
      reason: 'stopped by staff',
    }),
  );
  assert.deepEqual(withdrawn, [life.payment]);
  const heard: PaymentResponse = {
    ...{ payment: life.payment, reference, msisdn: life.msisdn, amount_minor: 19_900 },
    ...{ currency: 'RUB', outcome: 'withdrawn', at: clock.now().toISOString() },
  };
  await database.transaction((tx) => settleCards(context, tx, [heard]));
  assert.deepEqual((await life.now()).endReason, 'first_payment_incomplete');
  await mustHold(database, life);
});
