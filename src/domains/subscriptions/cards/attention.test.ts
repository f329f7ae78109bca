import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import type { PaymentResponse } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import { billReference } from '#subscriptions/subscription';
import { setAttention } from './cases/index.ts';
import { settleCards } from './due/index.ts';
import { type Life, lives, mustHold, openShop } from './stage/index.ts';

/** Our request is wrong, says the gateway. */
const FAULTY = 5761;

const shop = await openShop(gateway);
const { cards, clock, context, database } = shop;
const { attention } = cards;
const { begin, buys, decline, quiet, until } = lives(shop);

const waiting = (kind: string | null = null) =>
  attention.list(database.pool, { after: null, kind, limit: 100 });
const close = (place: string) =>
  database.transaction((tx) =>
    attention.close(tx, { place, actor: 'ann', reason: 'looked at it' }),
  );

async function paid(): Promise<Life> {
  const life = await buys();
  await life.pays();
  return life;
}

async function conflicts(life: Life): Promise<void> {
  const heard: PaymentResponse = {
    ...{ payment: life.payment, reference: billReference(life.key, 0), msisdn: life.msisdn },
    ...{ amount_minor: 1, currency: 'RUB', outcome: 'conflicted', at: clock.now().toISOString() },
  };
  await database.transaction((tx) => settleCards(context, tx, [heard]));
}

test('a subscription that stands still is told with what it owes, since when, and what may be done; closed, it goes on', async () => {
  await begin();
  const life = await paid();
  await until('2026-12-19');
  await decline(FAULTY);
  await until('2026-12-21');
  const [one, ...more] = await waiting();
  assert.ok(one);
  assert.deepEqual(more, []);
  const { amountMinor, kind, since, subject } = one;
  assert.deepEqual([kind, subject, amountMinor], ['request_faulty', life.subscription, 19_900n]);
  assert.equal(since.toISOString(), '2026-12-20T06:00:00.000Z');
  assert.deepEqual(
    one.actions.map(({ url }) => url),
    [`/v1/subscriptions/${life.subscription}/cancel`],
  );
  assert.deepEqual(await attention.counts(database.pool), [{ kind: 'request_faulty', count: 1 }]);
  await close(one.place);
  assert.deepEqual(await waiting(), []);
  await quiet();
  assert.deepEqual(await life.book(), [19_900, 0, 19_900], 'it is charged again, once');
  await mustHold(database, life);
  await assert.rejects(close(one.place), { code: 'attention_unknown' });
  const { rows } = await sql<{ actor: string; attention: string; reason: string }>`
    select attention, actor, reason from subscriptions.attention_closing`.execute(database.pool);
  assert.deepEqual(rows, [{ attention: 'request_faulty', actor: 'ann', reason: 'looked at it' }]);
});

test('a conflict is told with its payment; closed by two at once it is closed once, and its time passes again', async () => {
  await begin();
  const life = await buys();
  const before = clock.now();
  await conflicts(life);
  clock.set(new Date('2026-11-20T09:00:00Z'));
  await conflicts(life);
  const [one] = await waiting('conflicted');
  assert.ok(one);
  assert.deepEqual([one.since, one.payment], [before, life.payment]);
  assert.equal(one.actions[0]?.url, `/v1/payments/${life.payment}/settle`);
  const closed = await Promise.allSettled([close(one.place), close(one.place)]);
  assert.equal(closed.filter(({ status }) => status === 'fulfilled').length, 1);
  await until('2026-11-22');
  assert.equal((await life.now()).status, 'expired');
  await mustHold(database, life);
});

test('what has ended and could not be given back stays in the list until somebody closes it', async () => {
  await begin();
  const life = await paid();
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
  const what = { attention: `refund_impossible: ${life.payment}`, now: clock.now() };
  await database.transaction((tx) => setAttention(tx, life.key, what));
  const [one] = await waiting('refund_impossible');
  assert.ok(one);
  assert.deepEqual(
    one.actions.map(({ url }) => url),
    [`/v1/payments/${life.payment}/refund`],
  );
  await close(one.place);
  const { attention: left, dueAt, status } = await life.now();
  assert.deepEqual([left, dueAt, status], [null, null, 'cancelled']);
});

test('a place that is none is told so', async () => {
  for (const place of [
    '',
    'subscriptions',
    'subscriptions 1',
    'subscriptions 1 1',
    'subscriptions x y',
  ])
    await assert.rejects(close(place), { code: 'attention_unknown' });
});
