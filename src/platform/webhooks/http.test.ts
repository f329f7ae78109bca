import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { sql } from '#database';
import { createHttpServer } from '#http';
import { eventually, testDatabase } from '#testing';
import { answerWith, openWebhooks, SCOPE, startReceiver } from './fixture.ts';
import { registerWebhookRoutes, verifySignature } from './index.ts';

const PATIENCE = { timeoutMs: 30_000 };
const database = await testDatabase();
const stage = openWebhooks(database);
const { clock, enqueue, eventOf, log, webhooks } = stage;
const receiver = await startReceiver();
const server = await createHttpServer({
  log,
  api: { keyring: createKeyring({ database }), database, clock },
});
registerWebhookRoutes(server.app, { webhooks, scopeOf: ({ name }) => name });
stage.deliver({ after }, {});
after(async () => {
  await server.close();
  await receiver.close();
});
const keyOf = async (name: string, ...scopes: string[]) =>
  (await createApiKey(database, { name, scopes, now: clock.now() })).text;
const shop = await keyOf(SCOPE, 'webhooks:read', 'webhooks:write');
const stranger = await keyOf('stranger', 'webhooks:read', 'webhooks:write');
const reader = await keyOf(SCOPE, 'webhooks:read');

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

async function call(method: Method, path: string, more: { body?: object; key?: string } = {}) {
  const answer = await server.app.inject({
    ...{ method, url: `/v1/webhooks${path}` },
    headers: { authorization: `Bearer ${more.key ?? shop}` },
    ...(more.body ? { payload: more.body } : {}),
  });
  return { status: answer.statusCode, body: answer.json() };
}

const make = async (path: string, more: object = {}) =>
  (await call('POST', '/endpoints', { body: { url: receiver.url + path, ...more } })).body;

test('an endpoint is made, shown without its secret, changed, listed page by page, and deleted', async () => {
  const made = await call('POST', '/endpoints', {
    body: { url: 'https://shop.test/hook#x', event_types: ['message.*'], description: 'orders' },
  });
  assert.equal(made.status, 201);
  const { secret, ...shown } = made.body;
  assert.match(secret, /^whsec_/);
  assert.deepEqual((await call('GET', `/endpoints/${shown.id}`)).body, shown);
  assert.deepEqual(
    [shown.url, shown.enabled, shown.event_types],
    ['https://shop.test/hook', true, ['message.*']],
  );
  const changed = await call('PATCH', `/endpoints/${shown.id}`, {
    body: { enabled: false, description: 'none', event_types: ['*'] },
  });
  assert.deepEqual(
    [changed.body.enabled, changed.body.disabled_reason, changed.body.description],
    [false, 'asked', 'none'],
  );
  const other = await make('/second', { event_types: ['never.sent'] });
  const first = await call('GET', '/endpoints?limit=1');
  const second = await call('GET', `/endpoints?limit=1&cursor=${first.body.next_cursor}`);
  assert.deepEqual([first.body.items[0].id, second.body.items[0].id], [shown.id, other.id]);
  assert.equal(second.body.next_cursor, null);
  for (const { id } of [shown, other])
    assert.deepEqual((await call('DELETE', `/endpoints/${id}`)).body, { deleted: true });
  assert.equal((await call('GET', `/endpoints/${shown.id}`)).body.code, 'webhook_endpoint_unknown');
  const { rows } = await sql<{ line: string }>`
    select row_to_json(e)::text as line from platform.webhook_endpoint e`.execute(database.pool);
  assert.ok(rows.every(({ line }) => !line.includes(secret.slice(6))));
});

test('what makes no sense is refused by its name', async () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ url: 'ftp://x/' }, 'url'],
    [{ url: 'https://shop.test/', event_types: ['*', 'No Type'] }, 'event_types.1'],
    [{ url: 'https://shop.test/', event_types: [] }, 'event_types'],
    [{}, 'url'],
    [{ url: 'https://shop.test/', secret: 'mine' }, 'secret'],
  ];
  for (const [body, field] of cases) {
    const { body: problem, status } = await call('POST', '/endpoints', { body });
    assert.equal(status, 400);
    assert.ok(
      problem.errors.some((one: { field: string }) => one.field === field),
      JSON.stringify(problem),
    );
  }
  assert.equal((await call('GET', '/endpoints/nothing')).body.code, 'id_malformed');
  assert.equal((await call('GET', '/deliveries/whd_1')).body.code, 'webhook_delivery_unknown');
  assert.equal(
    (await call('POST', '/endpoints', { body: { url: 'https://x.test/' }, key: reader })).status,
    403,
  );
});

test('nobody sees, changes or replays what is another’s', async () => {
  const { id } = await make('/mine', { event_types: ['never.sent'] });
  const { body } = await call('POST', `/endpoints/${id}/test`);
  await eventually(
    async () =>
      assert.equal((await call('GET', `/deliveries/${body.delivery}`)).body.state, 'delivered'),
    PATIENCE,
  );
  const tries = [
    ['GET', `/endpoints/${id}`],
    ['PATCH', `/endpoints/${id}`, { enabled: false }],
    ['DELETE', `/endpoints/${id}`],
    ['POST', `/endpoints/${id}/rotate-secret`, {}],
    ['POST', `/endpoints/${id}/test`],
    ['GET', `/deliveries/${body.delivery}`],
    ['POST', `/deliveries/${body.delivery}/replay`],
  ] as const;
  for (const [method, path, sent] of tries) {
    const answer = await call(method, path, { key: stranger, ...(sent ? { body: sent } : {}) });
    assert.equal(answer.status, 404, `${method} ${path}`);
  }
  assert.deepEqual((await call('GET', '/deliveries', { key: stranger })).body.items, []);
  const replayed = await call('POST', '/deliveries/replay', {
    key: stranger,
    body: { state: 'delivered' },
  });
  assert.deepEqual(replayed.body, { replayed: 0 });
});

test('a rotated secret signs at once, and the one before until its overlap ends', async () => {
  const { id, secret } = await make('/rotated', { event_types: ['never.sent'] });
  const rotated = (
    await call('POST', `/endpoints/${id}/rotate-secret`, { body: { overlap_hours: 2 } })
  ).body.secret;
  assert.notEqual(rotated, secret);
  const signedBy = async () => {
    const { body } = await call('POST', `/endpoints/${id}/test`);
    const heard = await eventually(async () => {
      const { webhook_id: webhookId } = (await call('GET', `/deliveries/${body.delivery}`)).body;
      return receiver.heard.find((one) => one.id === webhookId) ?? assert.fail('not heard');
    }, PATIENCE);
    const nowSeconds = Date.now() / 1000;
    return [rotated, secret].map((one) =>
      verifySignature(heard, { signature: heard.signature, secret: one, nowSeconds }),
    );
  };
  assert.deepEqual(await signedBy(), [true, true]);
  clock.advanceMs(2 * 3_600_000);
  assert.deepEqual(await signedBy(), [true, false]);
});

test('deliveries are listed and filtered, shown with their log, and replayed by id, by time and when dead', async () => {
  const { id } = await make('/log', { event_types: ['order.*'] });
  let status = 410;
  receiver.answer = ({ path }, response) =>
    answerWith(path === '/log' ? status : 200)({} as never, response);
  await enqueue(eventOf({ type: 'order.made', key: 'order-1' }));
  const list = async (query: string) =>
    (await call('GET', `/deliveries?endpoint=${id}${query}`)).body.items;
  await eventually(async () => assert.equal((await list('&state=dead')).length, 1), PATIENCE);
  const [dead] = await list('');
  const shown = (await call('GET', `/deliveries/${dead.id}`)).body;
  assert.deepEqual([shown.reason, shown.log.length, shown.log[0].status], ['gone', 1, 410]);
  assert.equal(JSON.parse(shown.body).type, 'order.made');
  status = 200;
  await call('PATCH', `/endpoints/${id}`, { body: { enabled: true } });
  assert.deepEqual((await call('POST', `/deliveries/${dead.id}/replay`)).body, { replayed: 1 });
  await eventually(async () => assert.equal((await list('&state=delivered')).length, 1), PATIENCE);
  const heard = receiver.heard.filter(({ path }) => path === '/log');
  assert.deepEqual(
    heard.map((one) => one.id),
    [shown.webhook_id, shown.webhook_id],
  );
  const from = new Date(clock.nowMs() - 1).toISOString();
  const to = new Date(clock.nowMs() + 1).toISOString();
  const all = { endpoint: id, state: 'delivered', from, to };
  assert.deepEqual(
    (await call('POST', '/deliveries/replay', { body: { ...all, to: from } })).body,
    { replayed: 0 },
  );
  assert.deepEqual((await call('POST', '/deliveries/replay', { body: all })).body, { replayed: 1 });
  await eventually(
    () => assert.equal(receiver.heard.filter(({ path }) => path === '/log').length, 3),
    PATIENCE,
  );
  assert.equal((await list('&key=order-1&type=order.made')).length, 1);
  assert.equal((await list('&key=other')).length, 0);
});

test('what is still on its way is not replayed', async () => {
  const { id } = await make('/slow', { event_types: ['slow.made'] });
  await call('PATCH', `/endpoints/${id}`, { body: { enabled: false } });
  const { body } = await call('POST', `/endpoints/${id}/test`);
  const refused = await call('POST', `/deliveries/${body.delivery}/replay`);
  assert.deepEqual([refused.status, refused.body.code], [409, 'webhook_delivery_waiting']);
});
