import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createFakeClock } from '#clock';
import { sql } from '#database';
import { createHttpServer } from '#http';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { testDatabase } from '#testing';
import { createRequests } from './create-requests.ts';
import { registerRequestRoutes } from './request-http.ts';

const START = new Date('2026-11-20T09:00:00.000Z');
const database = await testDatabase();
const clock = createFakeClock(START);
const requests = createRequests({ database, clock, ids: createIdSource(1) });
const keyring = createKeyring({ database });
const server = await createHttpServer({ log: silentLog(), api: { keyring, database, clock } });
registerRequestRoutes(server.app, requests);
const makeKey = (scopes: string[]) =>
  createApiKey(database, { name: 'test', scopes, now: clock.now() });
const asking = await makeKey(['payouts:request', 'payouts:read']);
const reading = await makeKey(['payouts:read']);
after(() => server.close());

async function ask(body: unknown, key = asking.text) {
  const answer = await server.app.inject({
    ...{ method: 'POST', url: '/v1/payout-requests' },
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.statusCode, body: answer.json() };
}

async function get(path: string, query: Record<string, string> = {}) {
  const answer = await server.app.inject({
    ...{ method: 'GET', url: `/v1/payout-requests${path}`, query },
    headers: { authorization: `Bearer ${reading.text}` },
  });
  return { status: answer.statusCode, body: answer.json() };
}

async function countOf(externalId: string): Promise<number> {
  const { rows } = await sql`select from payouts.request where external_id = ${externalId}`.execute(
    database.pool,
  );
  return rows.length;
}

test('a request is stored as it came, and shown', async () => {
  const metadata = {
    order: 7,
    note: 'a \\u0000 that is none',
    deep: [{ ключ: '☂' }],
    'a\nb': null,
  };
  const taken = await ask({ client_id: 'label 1', external_id: 'shown', metadata });
  assert.equal(taken.status, 202);
  assert.match(taken.body.request, /^preq_[0-9a-v]+$/);
  assert.deepEqual(Object.keys(taken.body), ['request', 'status']);
  const shown = await get(`/${taken.body.request}`);
  assert.deepEqual(shown.body, {
    ...{ request: taken.body.request, client_id: 'label 1', external_id: 'shown', metadata },
    ...{ status: 'new', asked_by: asking.id, created_at: START.toISOString() },
  });
});

test('the same request again gives the same answer, whatever the order of its members', async () => {
  const first = await ask({ client_id: 'a', external_id: 'twice', metadata: { one: 1, two: 2 } });
  const again = await ask({ metadata: { two: 2, one: 1.0 }, external_id: 'twice', client_id: 'a' });
  assert.deepEqual(again, first);
  assert.equal(await countOf('twice'), 1);
});

test('another body under the same external_id is a conflict that names the field', async () => {
  const { body } = await ask({ client_id: 'a', external_id: 'other', metadata: { one: 1 } });
  for (const [field, other] of [
    ['client_id', { client_id: 'b', external_id: 'other', metadata: { one: 1 } }],
    ['metadata', { client_id: 'a', external_id: 'other', metadata: { one: '1' } }],
    ['metadata', { client_id: 'a', external_id: 'other' }],
  ] as const) {
    const refused = await ask(other);
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, 'request_conflict');
    assert.equal(refused.body.errors[0].field, field);
    assert.ok(refused.body.detail.includes(body.request), refused.body.detail);
  }
  assert.equal(await countOf('other'), 1);
});

test('many at once, of which many are the same: each is stored once, and a conflict harms no neighbour', async () => {
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      ask({ client_id: n === 299 ? 'somebody else' : `c${n % 100}`, external_id: `m${n % 100}` }),
    ),
  );
  assert.equal(answers.filter(({ status }) => status === 202).length, 299);
  assert.equal(answers[299]?.status, 409);
  const ids = new Set(answers.slice(0, 299).map(({ body }) => body.request));
  assert.equal(ids.size, 100);
  const { rows } = await sql`select from payouts.request where external_id like 'm%'`.execute(
    database.pool,
  );
  assert.equal(rows.length, 100);
});

test('two processes that take the same requests at once agree, without a deadlock', async () => {
  const names = Array.from({ length: 200 }, (_, n) => `both ${n}`);
  const other = createRequests({ database, clock, ids: createIdSource(2) });
  const take = (by: typeof requests, some: readonly string[]) =>
    Promise.all(
      some.map((externalId) => by.take({ clientId: 'a', externalId, askedBy: asking.id })),
    );
  for (let round = 0; round < 5; round += 1) {
    const some = names.map((name) => `${name} ${round}`);
    const [one, two] = await Promise.all([take(requests, some), take(other, some.toReversed())]);
    assert.deepEqual(two.toReversed(), one);
  }
  assert.equal(database.deadlocks.count, 0);
});

test('what can not be taken is refused, naming the field', async () => {
  const good = { client_id: 'a', external_id: 'refused' };
  const long = (letters: number) => 'x'.repeat(letters);
  for (const [field, body] of [
    ['client_id', { external_id: 'refused' }],
    ['client_id', { ...good, client_id: '' }],
    ['client_id', { ...good, client_id: long(101) }],
    ['client_id', { ...good, client_id: 7 }],
    ['client_id', { ...good, client_id: null }],
    ['client_id', { ...good, client_id: 'a\u001fb' }],
    ['client_id', { ...good, client_id: 'a\u0000' }],
    ['external_id', { client_id: 'a' }],
    ['external_id', { ...good, external_id: '' }],
    ['external_id', { ...good, external_id: long(201) }],
    ['external_id', { ...good, external_id: 'a\nb' }],
    ['external_id', `{"client_id":"a","external_id":"half \\ud83d"}`],
    ['metadata', { ...good, metadata: 'text' }],
    ['metadata', { ...good, metadata: [] }],
    ['metadata', { ...good, metadata: { text: long(4096) } }],
    ['metadata', { ...good, metadata: { nul: 'a\u0000' } }],
    ['metadata', { ...good, metadata: { 'nul \\\u0000': 1 } }],
    ['metadata', `{"client_id":"a","external_id":"refused","metadata":{"half":"\\udc00"}}`],
    ['amount', { ...good, amount: 100 }],
  ] as const) {
    const refused = await ask(body);
    assert.equal(refused.status, 400, JSON.stringify(body));
    assert.equal(refused.body.errors[0].field, field, JSON.stringify(refused.body));
  }
  assert.equal((await ask('[1]')).status, 400);
  assert.equal((await ask('{"client_id":')).status, 400);
  assert.equal((await ask({ ...good, metadata: { text: long(20_000) } })).status, 413);
  const deep = `${'['.repeat(7000)}${']'.repeat(7000)}`;
  const nested = await ask(`{"client_id":"a","external_id":"refused","metadata":{"deep":${deep}}}`);
  assert.equal(nested.status, 400);
  assert.equal(await countOf('refused'), 0);
});

test('metadata as deep as its length allows is stored', async () => {
  const deep = `${'['.repeat(2000)}${']'.repeat(2000)}`;
  const body = `{"client_id":"a","external_id":"deep","metadata":{"deep":${deep}}}`;
  const taken = await ask(body);
  assert.equal(taken.status, 202);
  assert.deepEqual(await ask(body), taken);
  assert.equal((await get(`/${taken.body.request}`)).status, 200);
});

test('requests are listed in pages, of one client and of one status', async () => {
  for (const n of [1, 2, 3]) await ask({ client_id: 'listed', external_id: `listed ${n}` });
  await sql`update payouts.request set status = 'error', error = 'said', ended_at = created_at
    where external_id = 'listed 2'`.execute(database.pool);
  const names = ({ body }: Awaited<ReturnType<typeof get>>) =>
    body.items.map((one: { external_id: string }) => one.external_id);
  const first = await get('', { client_id: 'listed', limit: '2' });
  assert.deepEqual(names(first), ['listed 3', 'listed 2']);
  const cursor = first.body.next_cursor;
  const second = await get('', { client_id: 'listed', limit: '2', cursor });
  assert.deepEqual(names(second), ['listed 1']);
  assert.equal(second.body.next_cursor, null);
  assert.deepEqual(names(await get('', { client_id: 'listed', status: 'error' })), ['listed 2']);
  assert.deepEqual(names(await get('', { status: 'error' })), ['listed 2']);
  assert.deepEqual(names(await get('', { client_id: 'nobody' })), []);
});

test('unknown ids, statuses and cursors are told', async () => {
  assert.equal((await get('/preq_1')).status, 404);
  assert.equal((await get('/po_1')).status, 400);
  assert.equal((await get('/preq_x')).status, 400);
  const status = await get('', { status: 'paid' });
  assert.equal(status.body.errors[0].field, 'status');
  const cursor = Buffer.from('["a"]').toString('base64url');
  assert.equal((await get('', { cursor })).body.code, 'cursor_invalid');
});

test('reading grants no asking', async () => {
  assert.equal((await ask({ client_id: 'a', external_id: 'no' }, reading.text)).status, 403);
  assert.equal(await countOf('no'), 0);
});
