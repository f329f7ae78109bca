import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { type Heard, listen, start, temporaryFolder } from './fixture.ts';
import { startStripeSimulator } from './index.ts';

const order = {
  ...{ amount: 500, currency: 'rub', payment_method: 'pm_card_visa', confirm: true },
  payment_method_types: ['card'],
};

function eventOf({ body, headers }: Heard): Stripe.Event {
  const signature = headers['stripe-signature'];
  return new Stripe('sk_test_kopek').webhooks.constructEvent(body, signature ?? '', 'whsec_kopek');
}

const typesOf = (heard: readonly Heard[]) => heard.map((one) => eventOf(one).type).toSorted();
const ofPayment = ['charge.succeeded', 'payment_intent.created', 'payment_intent.succeeded'];

test('events come signed, and the account lists the same', async (context) => {
  const { heard, until, url: webhookUrl } = await listen(context);
  const { client } = await start(context, { webhookUrl });
  const { id } = await client.paymentIntents.create(order, { idempotencyKey: 'key-1' });
  await until(() => heard.length === 3);
  assert.deepEqual(typesOf(heard), ofPayment);
  const paid = heard.map(eventOf).find(({ type }) => type === 'payment_intent.succeeded');
  assert.ok(paid?.type === 'payment_intent.succeeded');
  assert.equal(paid.data.object.id, id);
  assert.equal(paid.request?.idempotency_key, 'key-1');
  const listed = await client.events.list({ types: ['payment_intent.succeeded'] });
  assert.deepEqual(
    listed.data.map((event) => event.id),
    [paid.id],
  );
});

test('a refused event comes again, later each time, until it is taken', async (context) => {
  const { heard, refused, until, url: webhookUrl } = await listen(context, 5);
  const { client, post } = await start(context, { webhookUrl });
  await client.paymentIntents.create(order);
  await until(() => refused() === 3);
  while (heard.length < 3) {
    await post('/clock', { advance_ms: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(typesOf(heard), ofPayment);
});

test('after the last attempt it is given up, and a person may send it again', async (context) => {
  const { heard, refused, until, url: webhookUrl } = await listen(context, 3);
  const { client, get, post } = await start(context, {
    ...{ webhookUrl, settings: { noticeRetriesMs: [] } },
  });
  await client.paymentIntents.create(order);
  await until(() => refused() === 3);
  type Told = { readonly id: string; readonly state: string };
  const told = async () => (await get('/notices')).notices as readonly Told[];
  while ((await told()).some(({ state }) => state !== 'given_up')) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [first] = await told();
  await post(`/notices/${first?.id}/resend`);
  assert.equal(heard.map(eventOf)[0]?.id, first?.id);
});

test('by share they come twice, in another order, or never', async (context) => {
  const { heard, until, url: webhookUrl } = await listen(context);
  const { client, post } = await start(context, { webhookUrl, settings: { duplicated: 1 } });
  await client.paymentIntents.create(order);
  await until(() => heard.length === 6);
  assert.deepEqual(typesOf(heard), [...ofPayment, ...ofPayment].toSorted());
  heard.length = 0;
  await post('/settings', { duplicated: 0, reordered: 1, reorderMs: 300 }, 'PUT');
  for (let n = 0; n < 5; n += 1) await client.paymentIntents.create(order);
  await until(() => heard.length === 15);
  const created = (await client.events.list({ limit: 15 })).data.map(({ id }) => id).toReversed();
  assert.notDeepEqual(
    heard.map((one) => eventOf(one).id),
    created,
  );
  heard.length = 0;
  await post('/settings', { reordered: 0, missing: 1 }, 'PUT');
  await client.paymentIntents.create(order);
  await post('/settings', { missing: 0 }, 'PUT');
  await client.paymentIntents.create({ ...order, amount: 501 });
  await until(() => heard.length === 3);
  assert.ok(heard.every(({ body }) => body.includes('"amount":501')));
});

test('an event may come before the answer to what it tells of', async (context) => {
  const { heard, url: webhookUrl } = await listen(context);
  const { client, post } = await start(context, { webhookUrl });
  await post('/faults', { name: 'notice-first' });
  await client.paymentIntents.create(order);
  assert.deepEqual(typesOf(heard), ofPayment);
});

test('what was not taken before a restart comes after it', async (context) => {
  const folder = temporaryFolder();
  const { client, close } = await start(context, {
    ...{ folder, webhookUrl: 'http://127.0.0.1:1/' },
    settings: { noticeDelayMs: { min: 1_000, max: 1_000 } },
  });
  await client.paymentIntents.create(order);
  await close();
  const { heard, until, url: webhookUrl } = await listen(context);
  const simulator = await startStripeSimulator({ port: 0, folder, webhookUrl });
  context.after(() => simulator.close());
  await until(() => heard.length === 3);
  assert.deepEqual(typesOf(heard), ofPayment);
});
