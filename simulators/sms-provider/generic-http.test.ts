import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { number, start } from './fixture.ts';

const authorization = 'Bearer password-of-the-simulator';

test('a message is accepted with 202 and found by its id and by our reference', async (t) => {
  const { fixture } = await start(t);
  const { body, status } = await fixture.generic({ text: 'hello', reference: 'sms_1-1' });
  assert.deepEqual(
    [status, body.status, body.reference, body.parts],
    [202, 'accepted', 'sms_1-1', 1],
  );
  await fixture.settle();
  const get = (path: string) =>
    fixture.call(`/generic-http${path}`, { headers: { authorization } });
  assert.equal((await get(`/messages/${body.id}`)).body.status, 'delivered');
  const found = (await get('/messages?reference=sms_1-1')).body.messages as { id: string }[];
  assert.deepEqual(
    found.map(({ id }) => id),
    [body.id],
  );
  assert.deepEqual((await get('/messages?reference=other')).body.messages, []);
  assert.equal((await get('/messages/none')).status, 404);
  assert.deepEqual((await get('/balance')).body, { balance: '1000000.00', currency: 'RUB' });
});

test('callbacks are signed by HMAC over their body', async (t) => {
  const { fixture, receiver } = await start(t);
  await fixture.generic({ text: 'hello', reference: 'r' });
  await fixture.settle();
  await fixture.json('POST', `/handsets/${number}/say`, { text: 'STOP' });
  const received = await receiver.until(3);
  const bodies = received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  assert.deepEqual(
    bodies.map(({ status, text, type }) => [type, status ?? text]),
    [
      ['status', 'sent'],
      ['status', 'delivered'],
      ['message', 'STOP'],
    ],
  );
  for (const { body, headers } of received) {
    const hash = createHmac('sha256', 'secret-of-the-simulator').update(body).digest('hex');
    assert.equal(headers['x-signature'], `sha256=${hash}`);
  }
});

test('what has not left is canceled, what has left is not', async (t) => {
  const { fixture } = await start(t, { deliverMs: { min: 600_000, max: 600_000 } });
  const cancel = (id: unknown) =>
    fixture.call(`/generic-http/messages/${id}`, { method: 'DELETE', headers: { authorization } });
  const { id } = (await fixture.generic({ text: 'a' })).body;
  assert.equal((await cancel(id)).body.status, 'canceled');
  const other = (await fixture.generic({ text: 'b' })).body;
  await fixture.settle();
  assert.equal((await cancel(other.id)).status, 409);
  assert.deepEqual(
    (await fixture.received()).map(({ text }) => text),
    ['b'],
  );
});

test('every refusal has its status and code', async (t) => {
  const { fixture } = await start(t);
  const wanted = {
    throttled: 429,
    temporary: 503,
    'no-money': 402,
    'bad-number': 400,
    'bad-sender': 400,
    'bad-text': 400,
    'stop-list': 403,
    'bad-login': 401,
  };
  for (const [name, expected] of Object.entries(wanted)) {
    await fixture.scenario({ name, provider: 'generic-http', times: 1 });
    assert.equal((await fixture.generic({ text: 'x' })).status, expected, name);
  }
  assert.deepEqual(await fixture.accepted(), []);
});
