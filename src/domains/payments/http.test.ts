import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createHttpServer } from '#http';
import { registerPaymentRoutes } from './http.ts';
import { openPaymentsHouse } from './stage/index.ts';

const house = await openPaymentsHouse();
const { clock, database, log } = house;
const keyring = createKeyring({ database });
const server = await createHttpServer({ log, api: { keyring, database, clock } });
registerPaymentRoutes(server.app, house);
after(() => server.close());
const make = (scopes: string[]) =>
  createApiKey(database, { name: 'test', scopes, now: clock.now() }).then(({ text }) => text);
const key = await make(['payments:read', 'payments:refund']);
const reader = await make(['payments:read']);

async function get(payment: string, with_ = key) {
  const answer = await server.app.inject({
    ...{ method: 'GET', url: `/v1/payments/${payment}` },
    headers: { authorization: `Bearer ${with_}` },
  });
  return { status: answer.statusCode, body: answer.json() };
}

async function refund(
  payment: string,
  body: object,
  { idempotencyKey = randomUUID(), with_ = key }: { idempotencyKey?: string; with_?: string } = {},
) {
  const answer = await server.app.inject({
    ...{ method: 'POST', url: `/v1/payments/${payment}/refund`, payload: body },
    headers: { authorization: `Bearer ${with_}`, 'idempotency-key': idempotencyKey },
  });
  return { status: answer.statusCode, body: answer.json() };
}

test('a refund by the API: the whole rest unless told, and the charge tells it', async () => {
  const charge = await house.charged(500n);
  const part = await refund(charge, { amount_minor: 200, reason: 'asked by phone' });
  assert.equal(part.status, 202);
  assert.equal(part.body.refunded_minor, 200);
  await house.ended(part.body.refunds[0].payment, { outcome: 'accepted' });
  const rest = await refund(charge, { reason: 'the rest' });
  assert.deepEqual(
    rest.body.refunds.map((one: Record<string, unknown>) => [
      ...[one.kind, one.amount_minor, one.state, one.refund_of, one.refund_reason],
    ]),
    [
      ['refund', 300, 'new', charge, 'the rest'],
      ['refund', 200, 'accepted', charge, 'asked by phone'],
    ],
  );
  assert.deepEqual((await get(charge)).body, rest.body);
  const [one] = rest.body.refunds;
  const shown = await get(one.payment);
  assert.deepEqual([shown.status, shown.body.kind, shown.body.refunds], [200, 'refund', []]);
});

test('the same key asks once', async () => {
  const charge = await house.charged(500n);
  const idempotencyKey = randomUUID();
  const first = await refund(charge, { amount_minor: 100, reason: 'x' }, { idempotencyKey });
  const again = await refund(charge, { amount_minor: 100, reason: 'x' }, { idempotencyKey });
  assert.deepEqual(again, first);
  const other = await refund(charge, { amount_minor: 101, reason: 'x' }, { idempotencyKey });
  assert.equal(other.status, 422);
  assert.equal((await house.refundsOf(charge)).length, 1);
});

test('a refusal says what is wrong', async () => {
  const charge = await house.charged(500n);
  const codes = async (payment: string, body: object) => {
    const { status, body: problem } = await refund(payment, body);
    return [status, problem.code];
  };
  assert.deepEqual(await codes('pay_1x1', { reason: 'x' }), [404, 'payment_unknown']);
  assert.deepEqual(await codes(await house.asked(), { reason: 'x' }), [
    422,
    'payment_not_accepted',
  ]);
  const much = await refund(charge, { amount_minor: 501, reason: 'x' });
  assert.deepEqual([much.status, much.body.code], [422, 'refund_exceeds_charge']);
  assert.match(JSON.stringify(much.body), /amount_minor.*must be 1 to 500/);
  await refund(charge, { amount_minor: 1, reason: 'x' });
  assert.deepEqual(await codes(charge, { reason: 'x' }), [409, 'refund_open']);
  assert.deepEqual((await get('pay_1x1')).status, 404);
  for (const bad of [
    ...[{}, { reason: '' }, { reason: 'x', amount_minor: 0 }, { reason: 'x', amount_minor: -1 }],
    ...[
      { reason: 'x', amount_minor: 1.5 },
      { reason: 'x', amount_minor: 1e16 },
    ],
    ...[{ reason: 'x\u0000' }, { reason: 'x', amount: 1 }, { reason: 'x', amount_minor: '1' }],
  ]) {
    assert.equal((await refund(charge, bad)).status, 400, JSON.stringify(bad));
  }
  assert.equal((await house.refundsOf(charge)).length, 1);
});

test('a key that may read may not give back', async () => {
  const charge = await house.charged(500n);
  assert.equal((await get(charge, reader)).status, 200);
  assert.equal((await refund(charge, { reason: 'x' }, { with_: reader })).status, 403);
  assert.deepEqual(await house.refundsOf(charge), []);
});
