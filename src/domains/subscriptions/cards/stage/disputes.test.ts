import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { createNewsContext, createReconciler, type PaymentDispute } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import { endDisputed, runDue } from '#subscriptions/cards/due';
import { billReference, cardReference } from '#subscriptions/subscription';
import { GATEWAY, monthly, openShop } from './fixture.ts';
import { control } from './gateway-hands.ts';
import { type Life, lives } from './life.ts';
import { mustHold } from './must-hold.ts';

const shop = await openShop(gateway);
const { bus, clock, context, database } = shop;
const { begin, buys, decline, quiet, until } = lives(shop);
const reconciler = createReconciler({ ...shop, context: createNewsContext(shop) });
await database.transaction((tx) =>
  shop.cards.addPlan(tx, { ...monthly, code: 'kept', onDispute: 'keep' }),
);

function disputeOf(life: Life, changes: Partial<PaymentDispute> = {}): PaymentDispute {
  return {
    ...{ payment: life.payment, reference: billReference(life.key, 0), msisdn: life.msisdn },
    ...{ gateway: GATEWAY, dispute: 'du_1', kind: 'opened', amount_minor: 19_900 },
    ...{ currency: 'RUB', at: clock.now().toISOString(), ...changes },
  };
}

const hear = (...disputes: readonly PaymentDispute[]) =>
  database.transaction((tx) => endDisputed(context, tx, disputes));

async function paid(changes: Parameters<typeof buys>[0] = {}) {
  const life = await buys(changes);
  await life.pays();
  return life;
}

const ends = async (life: Life) =>
  (await life.story()).filter((line) => line.includes(' cancelled '));

/** The payer's bank takes a payment back at the gateway, and the gateway's list of disputes is read. */
async function chargedBack({ key }: Life): Promise<void> {
  const { rows } = await sql<{ gateway_reference: string }>`
    select gateway_reference from payments.payment
    where customer_id = ${key.customerId} and state = 'accepted' order by id limit 1`.execute(
    database.pool,
  );
  const transactionId = Number(rows[0]?.gateway_reference);
  await control(shop, 'POST', 'chargebacks', { transactionId });
  const now = Date.now();
  const span = { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) };
  await reconciler.reconcile(GATEWAY, span);
  await quiet();
}

test('a payer whose bank takes a payment back is subscribed no more, and never charged again', async () => {
  await begin();
  const life = await paid();
  await until('2026-12-05');
  await chargedBack(life);
  const { endReason, status } = await life.now();
  assert.deepEqual([status, endReason], ['cancelled', 'dispute']);
  await chargedBack(life);
  await until('2027-03-01');
  assert.deepEqual(await life.story(), [
    '11-20 10:00 created pending',
    '11-20 10:00 charged active',
    '12-05 10:00 cancelled cancelled',
  ]);
  const payments = await shop.payments.history(database.pool, {
    ...{ customerId: life.key.customerId, before: null, limit: 10 },
  });
  assert.equal(payments.filter(({ kind }) => kind === 'charge').length, 1);
});

test('a plan that keeps its disputed subscribers goes on as if nothing had been said', async () => {
  await begin();
  const life = await paid({ plan: 'kept' });
  await hear(disputeOf(life), disputeOf(life, { kind: 'lost' }));
  await until('2026-12-21');
  const { priced, status } = await life.now();
  assert.deepEqual([status, priced.period.number], ['active', 1]);
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('what is won, and what it cost, end nothing; what is won later brings nothing back', async () => {
  await begin();
  const life = await paid();
  await hear(disputeOf(life, { kind: 'won' }), disputeOf(life, { kind: 'fee' }));
  assert.equal((await life.now()).status, 'active');
  await hear(disputeOf(life));
  await hear(disputeOf(life, { kind: 'won' }));
  await until('2027-01-05');
  assert.equal((await life.now()).status, 'cancelled');
  assert.equal((await ends(life)).length, 1);
});

test('told again and again, by several at once, it ends once', async () => {
  await begin();
  const life = await paid();
  const told = [disputeOf(life), disputeOf(life), disputeOf(life, { kind: 'lost' })];
  await Promise.all([hear(...told), hear(...told), hear(disputeOf(life))]);
  assert.equal((await ends(life)).length, 1);
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from sms.message where reference = ${life.subscription} and kind = 'unsubscribed'`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.count, 1n);
});

test('a dispute of any period, and of the payment that tried a card, ends it', async () => {
  await begin();
  const [second, tried] = [await paid(), await paid()];
  await until('2026-12-21');
  await hear(disputeOf(second, { reference: billReference(second.key, 1) }));
  await hear(disputeOf(tried, { reference: cardReference(tried.key) }));
  for (const life of [second, tried]) assert.equal((await life.now()).status, 'cancelled');
});

test('whatever it is waiting for, it ends: paused, in grace, on hold', async () => {
  await begin();
  const paused = await paid();
  assert.equal(await paused.says('pause', { days: 30 }), 'done: paused');
  await hear(disputeOf(paused));
  assert.equal((await paused.now()).status, 'cancelled');

  const held = await paid();
  await until('2026-12-19');
  await decline(5041);
  await until('2026-12-21');
  assert.equal((await held.now()).status, 'grace');
  const late = await paid();
  await until('2027-01-05');
  assert.equal((await held.now()).status, 'hold');
  await hear(disputeOf(held), disputeOf(late));
  for (const life of [paused, held, late]) {
    assert.equal((await life.now()).status, 'cancelled');
    await mustHold(database, life);
  }
});

test('what is of no subscription by card is nobody’s business here', async () => {
  await begin();
  const life = await paid();
  await hear(
    disputeOf(life, { reference: 'order-17' }),
    disputeOf(life, { reference: `surplus of ${life.payment}` }),
    disputeOf(life, { reference: 'sub_1x1/0' }),
  );
  assert.equal((await life.now()).status, 'active');
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
});

test('a dispute and a renewal at one moment: it ends, and what was charged for the new period goes back', async () => {
  await begin();
  const all = [await paid(), await paid(), await paid()];
  await until('2026-12-19');
  clock.set(new Date('2026-12-20T06:00:00Z'));
  await Promise.all([
    runDue(context),
    ...all.map((life) => hear(disputeOf(life))),
    runDue(context),
  ]);
  await quiet();
  await until('2027-02-01');
  for (const life of all) {
    const { endReason, status } = await life.now();
    assert.deepEqual([status, endReason], ['cancelled', 'dispute']);
    const [first, ...later] = await life.book();
    assert.equal(first, 19_900, 'what is disputed is between the banks');
    const renewed = (await life.story()).some((line) => line.includes(' renewed '));
    // A renewal that was paid before it was heard of is a period that was had.
    for (const taken of later) assert.equal(taken, renewed ? 19_900 : 0);
  }
});

test('a dispute and a cancel at one moment have one end', async () => {
  await begin();
  const life = await paid();
  clock.set(new Date('2026-12-05T07:00:00Z'));
  const cancelling = life.says('cancel', { timing: 'now', unused: 'refund' });
  await Promise.all([cancelling, hear(disputeOf(life)), hear(disputeOf(life))]);
  await quiet();
  assert.equal((await ends(life)).length, 1);
  const { endReason } = await life.now();
  const said = await cancelling;
  assert.equal(said, endReason === 'dispute' ? 'refused: ended' : 'done: cancelled_with_refund');
});

test('who hears of disputes is declared before anybody tells of one', async () => {
  const depths = await bus.depths();
  const heard = depths.filter(({ topic }) => topic === 'payment_disputes');
  assert.deepEqual(
    heard.map(({ dead, group, ready }) => [group, ready, dead]),
    [['state-machine', 0, 0]],
  );
});
