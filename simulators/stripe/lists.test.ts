import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { start } from './fixture.ts';

test('lists go from the youngest in pages, narrowed by time', async (context) => {
  const { client, post } = await start(context);
  const ids: string[] = [];
  for (let n = 1; n <= 7; n += 1) {
    ids.push((await client.paymentIntents.create({ amount: n, currency: 'rub' })).id);
    await post('/clock', { advance_ms: 1_000 });
  }
  const all: string[] = [];
  for await (const { id } of client.paymentIntents.list({ limit: 3 })) all.push(id);
  assert.deepEqual(all, ids.toReversed());
  const third = await client.paymentIntents.retrieve(ids[2] ?? '');
  const since = await client.paymentIntents.list({ created: { gt: third.created } });
  assert.deepEqual(
    since.data.map(({ amount }) => amount),
    [7, 6, 5, 4],
  );
  const until = await client.paymentIntents.list({ created: { lte: third.created } });
  assert.equal(until.data.length, 3);
  const before = await client.paymentIntents.list({ ending_before: ids[0] ?? '', limit: 2 });
  assert.deepEqual(
    before.data.map(({ amount }) => amount),
    [3, 2],
  );
});

test('a search finds by metadata, after a while', async (context) => {
  const { client, post } = await start(context);
  const make = (payment: string) =>
    client.paymentIntents.create({ amount: 500, currency: 'rub', metadata: { payment } });
  await make('pay_1');
  await make('pay_2');
  await post('/clock', { advance_ms: 1_000 });
  const find = async (query: string) =>
    (await client.paymentIntents.search({ query })).data.map(({ metadata }) => metadata.payment);
  assert.deepEqual(await find("metadata['payment']:'pay_1'"), ['pay_1']);
  assert.deepEqual(await find('metadata["payment"]:"pay_2" AND amount>499 AND currency:"rub"'), [
    'pay_2',
  ]);
  assert.deepEqual(await find("status:'succeeded'"), []);
  await assert.rejects(find('payment is pay_1'), Stripe.errors.StripeInvalidRequestError);
  await post('/settings', { searchDelayMs: 60_000 }, 'PUT');
  assert.deepEqual(await find("metadata['payment']:'pay_1'"), []);
  await post('/clock', { advance_ms: 60_000 });
  assert.deepEqual(await find("metadata['payment']:'pay_1'"), ['pay_1']);
});

test('a payment may be decided only after a while', async (context) => {
  const { client, kinds, ledger, post } = await start(context);
  await post('/faults', { name: 'pending', times: 1, delay_ms: 60_000 });
  const { id, status } = await client.paymentIntents.create({
    ...{ amount: 500, currency: 'rub', payment_method: 'pm_card_visa', confirm: true },
  });
  assert.equal(status, 'processing');
  assert.deepEqual(await ledger(), []);
  await post('/clock', { advance_ms: 60_000 });
  assert.equal((await client.paymentIntents.retrieve(id)).status, 'succeeded');
  assert.deepEqual(await ledger(), ['debit 500']);
  assert.deepEqual((await kinds()).at(-1), 'payment_intent.succeeded');
});

test('names of parameters cannot reach behind the form', async (context) => {
  const { client, url } = await start(context);
  const body = 'amount=5&currency=rub&__proto__[amount]=7&metadata[__proto__]=x&metadata[a]=b';
  const answer = await fetch(`${url}/v1/payment_intents`, {
    ...{ method: 'POST', body, headers: { authorization: 'Bearer sk_test_kopek' } },
  });
  const { amount, metadata } = (await answer.json()) as Stripe.PaymentIntent;
  assert.deepEqual([answer.status, amount, metadata.a], [200, 5, 'b']);
  assert.equal((await client.paymentIntents.list()).data.length, 1);
  const deep = `a${'[b]'.repeat(50)}=1`;
  const refused = await fetch(`${url}/v1/payment_intents?${deep}`, {
    headers: { authorization: 'Bearer sk_test_kopek' },
  });
  assert.equal(refused.status, 400);
});
