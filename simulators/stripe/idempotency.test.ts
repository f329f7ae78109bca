import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { start } from './fixture.ts';

const order = {
  ...{ amount: 500, currency: 'rub', payment_method: 'pm_card_visa', confirm: true },
  ...{ payment_method_types: ['card'], metadata: { payment: 'pay_1' } },
};
const key = { idempotencyKey: 'pay_1' };
const isStatus = (status: number) => (error: unknown) => {
  assert.ok(error instanceof Stripe.errors.StripeError, String(error));
  assert.equal(error.statusCode, status);
  return true;
};

test('the same key and parameters get the same answer', async (context) => {
  const { client, ledger } = await start(context);
  const first = await client.paymentIntents.create(order, key);
  const second = await client.paymentIntents.create(order, key);
  assert.equal(second.id, first.id);
  assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
  assert.equal(second.lastResponse.requestId, first.lastResponse.requestId);
  assert.deepEqual(await ledger(), ['debit 500']);
});

test('the same key with other parameters is an error', async (context) => {
  const { client, ledger } = await start(context);
  await client.paymentIntents.create(order, key);
  await assert.rejects(
    client.paymentIntents.create({ ...order, amount: 501 }, key),
    (error: unknown) => error instanceof Stripe.errors.StripeIdempotencyError,
  );
  assert.deepEqual(await ledger(), ['debit 500']);
});

test('a decline is remembered too; wrong parameters are not', async (context) => {
  const { client, post } = await start(context);
  await post('/faults', { name: 'decline', times: 1, code: 'lost_card' });
  for (let n = 0; n < 2; n += 1) {
    await assert.rejects(
      client.paymentIntents.create(order, key),
      (error: unknown) =>
        error instanceof Stripe.errors.StripeCardError && error.decline_code === 'lost_card',
    );
  }
  const other = { idempotencyKey: 'pay_2' };
  await assert.rejects(client.paymentIntents.create({ ...order, amount: 0 }, other), isStatus(400));
  assert.equal((await client.paymentIntents.create(order, other)).status, 'succeeded');
});

test('a 500 is remembered, whether it was paid or not: only a look tells', async (context) => {
  const { client, ledger, post } = await start(context);
  await post('/faults', { name: 'error-after', times: 1 });
  for (let n = 0; n < 2; n += 1) {
    await assert.rejects(client.paymentIntents.create(order, key), isStatus(500));
  }
  assert.deepEqual(await ledger(), ['debit 500']);
  const { data } = await client.paymentIntents.search({ query: "metadata['payment']:'pay_1'" });
  assert.deepEqual(
    data.map(({ status }) => status),
    ['succeeded'],
  );
  const other = { idempotencyKey: 'pay_2' };
  await post('/faults', { name: 'error-before', times: 1 });
  for (let n = 0; n < 2; n += 1) {
    await assert.rejects(client.paymentIntents.create(order, other), isStatus(500));
  }
  assert.deepEqual(await ledger(), ['debit 500']);
});

test('a key is forgotten after a day', async (context) => {
  const { client, ledger, post } = await start(context);
  await client.paymentIntents.create(order, key);
  await post('/clock', { advance_ms: 24 * 3_600_000 - 60_000 });
  await client.paymentIntents.create(order, key);
  assert.deepEqual(await ledger(), ['debit 500']);
  await post('/clock', { advance_ms: 60_000 });
  await client.paymentIntents.create(order, key);
  assert.deepEqual(await ledger(), ['debit 500', 'debit 500']);
});

test('a key under way is in use', async (context) => {
  const { client, ledger, post } = await start(context);
  await post('/faults', { name: 'late', times: 1, delay_ms: 1_500 });
  const both = await Promise.allSettled([
    client.paymentIntents.create(order, key),
    client.paymentIntents.create(order, key),
  ]);
  const statuses = both.map((one) => (one.status === 'fulfilled' ? 200 : one.reason.statusCode));
  assert.deepEqual(statuses.toSorted(), [200, 409]);
  assert.deepEqual(await ledger(), ['debit 500']);
});

test('a lost answer: the repetition gets what was done', async (context) => {
  const { client, ledger, post } = await start(context);
  await post('/faults', { name: 'hang-after', times: 1 });
  await assert.rejects(client.paymentIntents.create(order, { ...key, timeout: 2_000 }));
  assert.deepEqual(await ledger(), ['debit 500']);
  assert.equal((await client.paymentIntents.create(order, key)).status, 'succeeded');
  // The client itself repeats once what was hung up on.
  await post('/faults', { name: 'drop-after', times: 1 });
  await client.paymentIntents.create(order, { idempotencyKey: 'pay_2' });
  assert.deepEqual(await ledger(), ['debit 500', 'debit 500']);
});

test('503 and 429 do nothing and are not remembered', async (context) => {
  const { client, ledger, post } = await start(context);
  await post('/faults', { name: 'unavailable', times: 1 });
  await assert.rejects(client.paymentIntents.create(order, key), isStatus(503));
  await post('/settings', { tps: 0 }, 'PUT');
  await assert.rejects(
    client.paymentIntents.create(order, key),
    (error: unknown) => error instanceof Stripe.errors.StripeRateLimitError,
  );
  await post('/settings', { tps: null }, 'PUT');
  assert.deepEqual(await ledger(), []);
  assert.equal((await client.paymentIntents.create(order, key)).status, 'succeeded');
});
