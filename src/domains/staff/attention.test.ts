import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createApiKey, createKeyring } from '#auth';
import { createFakeClock } from '#clock';
import { createHttpServer } from '#http';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import type { AttentionClosing, AttentionItem, AttentionSource } from '#payments';
import { testDatabase } from '#testing';
import { createAttention } from './attention.ts';
import { addAttentionMetrics } from './attention-metrics.ts';
import { registerAttentionRoutes } from './http.ts';

const database = await testDatabase();
const clock = createFakeClock(new Date('2026-11-20T07:00:00Z'));

const itemOf = (source: string, kind: string, number: number, sinceMs: number): AttentionItem => ({
  ...{ place: `${source} ${kind} ${number}`, kind, subject: `it_${number}`, message: 'It waits.' },
  ...{ since: new Date(sinceMs), amountMinor: 5n, currency: 'RUB', actions: [] },
  isClosable: true,
});

const inOrder = (items: readonly AttentionItem[]) =>
  items.toSorted(
    (one, other) =>
      one.since.getTime() - other.since.getTime() ||
      Buffer.compare(Buffer.from(one.place), Buffer.from(other.place)),
  );

/** A domain that tells of these, as a store would. */
function sourceOf(name: string, kinds: readonly string[], items: readonly AttentionItem[]) {
  const closed: AttentionClosing[] = [];
  const source: AttentionSource = {
    ...{ name, kinds },
    async list(_executor, { after: behind, kind, limit }) {
      const ordered = inOrder(items.filter((one) => kind === null || one.kind === kind));
      const mark = behind && { ...itemOf('', '', 0, 0), ...behind };
      const rest = mark
        ? ordered.filter((one) => inOrder([mark, one])[0] === mark && one.place !== mark.place)
        : ordered;
      return rest.slice(0, limit);
    },
    counts: async () =>
      kinds.map((kind) => ({ kind, count: items.filter((one) => one.kind === kind).length })),
    close: async (_tx, closing) => void closed.push(closing),
  };
  return { source, closed };
}

const HOUR_MS = 3_600_000;
const generated = (source: string, kinds: readonly [string, ...string[]]) =>
  fc
    .uniqueArray(
      fc.record({
        number: fc.integer({ min: 0, max: 300 }),
        kind: fc.constantFrom(...kinds),
        hour: fc.integer({ min: 0, max: 5 }),
      }),
      { selector: ({ number }) => number, maxLength: 40 },
    )
    .map((some) =>
      some.map(({ hour, kind, number }) => itemOf(source, kind, number, hour * HOUR_MS)),
    );

const first = sourceOf(
  'payments',
  ['conflict'],
  [1, 2, 3].map((number) => itemOf('payments', 'conflict', number, number * HOUR_MS)),
);
const second = sourceOf(
  'subscriptions',
  ['conflicted'],
  [itemOf('subscriptions', 'conflicted', 9, 2 * HOUR_MS)],
);
const attention = createAttention([first.source, second.source]);
const metrics = createMetrics();
const server = await createHttpServer({
  ...{ log: silentLog(), metrics, api: { database, clock, keyring: createKeyring({ database }) } },
});
registerAttentionRoutes(server.app, { attention, database });
addAttentionMetrics({ attention, database, metrics });
after(() => server.close());
const keyOf = async (scopes: string[]) =>
  (await createApiKey(database, { name: 'ann', scopes, now: clock.now() })).text;
const staff = await keyOf(['attention:read', 'attention:write']);
const reader = await keyOf(['attention:read']);

async function call(method: 'GET' | 'POST', url: string, body?: object, key = staff) {
  const answer = await server.app.inject({
    ...{ method, url: `/v1/attention${url}`, ...(body ? { payload: body } : {}) },
    headers: {
      authorization: `Bearer ${key}`,
      ...(body ? { 'idempotency-key': `${url}${JSON.stringify(body)}` } : {}),
    },
  });
  return { status: answer.statusCode, body: answer.json() };
}

test('however long its pages are, the list has everything of all sources, once, in order', async () => {
  const histories = fc.record({
    payments: generated('payments', ['conflict', 'dispute']),
    subscriptions: generated('subscriptions', ['conflicted']),
    limit: fc.integer({ min: 1, max: 12 }),
    kind: fc.constantFrom(null, 'dispute', 'conflicted'),
  });
  await fc.assert(
    fc.asyncProperty(histories, async ({ kind, limit, payments, subscriptions }) => {
      const attention = createAttention([
        sourceOf('payments', ['conflict', 'dispute'], payments).source,
        sourceOf('subscriptions', ['conflicted'], subscriptions).source,
      ]);
      const seen: AttentionItem[] = [];
      for (let page: readonly AttentionItem[] = []; ; ) {
        page = await attention.list(database.pool, { after: page.at(-1) ?? null, kind, limit });
        seen.push(...page);
        if (page.length < limit) break;
      }
      const all = [...payments, ...subscriptions].filter((one) => !kind || one.kind === kind);
      assert.deepEqual(seen, inOrder(all));
    }),
  );
});

test('over HTTP it comes in pages, each item with what may be done about it', async () => {
  const page = await call('GET', '?limit=3', undefined, reader);
  assert.deepEqual(
    page.body.items.map(({ subject }: { subject: string }) => subject),
    ['it_1', 'it_2', 'it_9'],
  );
  const rest = await call('GET', `?limit=3&cursor=${page.body.next_cursor}`);
  assert.deepEqual([rest.body.items.length, rest.body.next_cursor], [1, null]);
  const [one] = page.body.items;
  assert.deepEqual(
    [one.amount_minor, one.currency, one.since],
    [5, 'RUB', '1970-01-01T01:00:00.000Z'],
  );
  assert.deepEqual(one.actions, [{ method: 'POST', url: `/v1/attention/${one.item}/close` }]);
  const conflicted = await call('GET', '?kind=conflicted');
  assert.deepEqual(
    [conflicted.body.items.length, conflicted.body.items[0].kind],
    [1, 'conflicted'],
  );
});

test('closing goes to whoever told of it, with who did it and why, once', async () => {
  const { body } = await call('GET', '?kind=conflict&limit=1');
  const url = `/${body.items[0].item}/close`;
  assert.equal((await call('POST', url, { reason: 'seen' }, reader)).status, 403);
  assert.equal((await call('POST', url, { reason: '' })).status, 400);
  assert.equal((await call('POST', url, { reason: 'seen' })).status, 200);
  assert.equal((await call('POST', url, { reason: 'seen' })).status, 200, 'sent again');
  assert.deepEqual(first.closed, [{ place: 'payments conflict 1', actor: 'ann', reason: 'seen' }]);
  assert.deepEqual(second.closed, []);
  for (const place of ['nobody 1', '', 'payments\u0000'])
    assert.ok(
      (await call('POST', `/${Buffer.from(place).toString('base64url')}/close`, { reason: 'seen' }))
        .status >= 400,
    );
});

test('bad input is told with its field', async () => {
  const nul = Buffer.from(JSON.stringify(['2026-11-20T07:00:00Z', 'a\u0000'])).toString(
    'base64url',
  );
  for (const query of ['?kind=nothing', '?limit=0', '?cursor=x', `?cursor=${nul}`])
    assert.equal((await call('GET', query)).status, 400, query);
});

test('each kind is counted, those too of which there is nothing', async () => {
  const text = await metrics.registry.metrics();
  assert.match(text, /kopek_attention\{kind="conflict"\} 3/);
  assert.match(text, /kopek_attention\{kind="conflicted"\} 1/);
});

test('two sources that call a kind the same are a mistake', () => {
  assert.throws(() => createAttention([first.source, first.source]));
});
