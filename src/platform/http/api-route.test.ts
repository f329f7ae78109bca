import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createSystemClock } from '#clock';
import { sql } from '#database';
import { AppError } from '#errors';
import { AmountMinor, apiRoute, createHttpServer, Instant, idempotentRoute, Type } from '#http';
import { silentLog } from '#log';
import { testDatabase } from '#testing';

const database = await testDatabase();
await sql`create table charge (amount bigint)`.execute(database.pool);
const now = new Date('2026-03-01T10:00:00Z');
const writer = await createApiKey(database, { name: 'writer', scopes: ['charges:write'], now });
const reader = await createApiKey(database, { name: 'reader', scopes: ['charges:read'], now });

const server = await createHttpServer({
  log: silentLog(),
  api: { keyring: createKeyring({ database }), database, clock: createSystemClock() },
  reference: { title: 'Kopek', version: '1' },
});
after(() => server.close());
const { app } = server;

apiRoute(app, {
  method: 'GET',
  url: '/v1/charges/:id',
  scope: 'charges:read',
  tag: 'charges',
  summary: 'One charge',
  schema: {
    params: Type.Object({ id: Type.String() }),
    response: Type.Object({
      id: Type.String(),
      amount_minor: AmountMinor,
      at: Instant,
      by: Type.String(),
    }),
  },
  handler: async ({ params, principal }) => {
    return { id: params.id, amount_minor: 9007199254740993n, at: now, by: principal.name };
  },
});

idempotentRoute(app, {
  url: '/v1/charges',
  scope: 'charges:write',
  tag: 'charges',
  summary: 'Charge',
  status: 201,
  schema: {
    body: Type.Object({ amount_minor: AmountMinor }),
    response: Type.Object({ number: AmountMinor }),
  },
  handler: async ({ body, tx }) => {
    const amount = BigInt(body.amount_minor);
    await sql`insert into charge values (${amount})`.execute(tx);
    if (amount < 0n) throw new AppError('precondition', 'amount_negative', 'Not below zero.');
    const { rows } = await sql<{ count: bigint }>`select count(*) as count from charge`.execute(tx);
    return { number: rows[0]?.count ?? 0n };
  },
});
await app.ready();

function charge(amount: number, key?: string, text = writer.text) {
  return app.inject({
    method: 'POST',
    url: '/v1/charges',
    payload: { amount_minor: amount },
    headers: {
      authorization: `Bearer ${text}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
  });
}

test('an API route answers the holder of its scope', async () => {
  const answer = await app.inject({
    url: '/v1/charges/abc',
    headers: { authorization: `Bearer ${reader.text}` },
  });
  assert.equal(
    answer.body,
    `{"id":"abc","amount_minor":9007199254740993,"at":"${now.toISOString()}","by":"reader"}`,
  );
});

test('no key, a wrong key and a missing scope are refused before the body is looked at', async () => {
  const none = await app.inject({ method: 'POST', url: '/v1/charges', payload: 'nonsense' });
  assert.deepEqual([none.statusCode, none.json().code], [401, 'key_missing']);
  assert.equal(none.headers['www-authenticate'], 'Bearer');
  assert.equal((await charge(1, 'k', `kpk_${'x'.repeat(32)}`)).json().code, 'key_unknown');
  const scope = await charge(1, 'k', reader.text);
  assert.deepEqual([scope.statusCode, scope.json().details], [403, { scope: 'charges:write' }]);
});

test('an idempotent route needs its key, takes effect once, and answers the same again', async () => {
  const missing = await charge(5);
  assert.deepEqual([missing.statusCode, missing.json().errors[0].field], [400, 'idempotency-key']);
  const first = await charge(5, 'one');
  const again = await charge(5, 'one');
  assert.deepEqual([first.statusCode, first.body], [201, '{"number":1}']);
  assert.deepEqual([again.statusCode, again.body], [201, '{"number":1}']);
  const other = await charge(6, 'one');
  assert.deepEqual([other.statusCode, other.json().code], [422, 'idempotency_key_reused']);
});

test('a refusal is answered again and leaves nothing', async () => {
  const before = (await charge(1, 'count-1')).json().number;
  for (const _ of [1, 2]) {
    const refused = await charge(-1, 'negative');
    assert.deepEqual([refused.statusCode, refused.json().code], [422, 'amount_negative']);
  }
  assert.equal((await charge(1, 'count-2')).json().number, before + 1);
});

test('the reference is OpenAPI 3.1, with scopes, keys and the one Problem', async () => {
  const document = (await app.inject('/openapi.json')).json();
  assert.equal(document.openapi, '3.1.0');
  assert.deepEqual(Object.keys(document.paths).sort(), ['/v1/charges', '/v1/charges/{id}']);
  const { post } = document.paths['/v1/charges'];
  assert.deepEqual(post.security, [{ apiKey: [] }]);
  assert.match(post.description, /charges:write/);
  assert.deepEqual(post.responses['4XX'].content['application/problem+json'].schema, {
    $ref: '#/components/schemas/Problem',
  });
  assert.equal(post.requestBody.content['application/json'].schema.additionalProperties, false);
  assert.ok(post.parameters.some((one: { name: string }) => one.name === 'idempotency-key'));
  assert.ok(document.components.schemas.Problem);
  assert.equal((await app.inject('/docs/')).statusCode, 200);
});
