import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createHttpServer } from '#http';
import { testDatabase } from '#testing';
import { at, MSISDN, payment, runReports } from './fixture.ts';
import { registerReportsRoutes } from './http.ts';

const PLAN = { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] };

const database = await testDatabase();
const running = await runReports(database);
const { clock, log, quiet, reports, tell } = running;
const keyring = createKeyring({ database });
const server = await createHttpServer({ log, api: { keyring, database, clock } });
registerReportsRoutes(server.app, { reports, plans: () => [PLAN] });
const make = (scopes: string[]) =>
  createApiKey(database, { name: 'test', scopes, now: clock.now() }).then(({ text }) => text);
const [key, otherKey] = [await make(['timeline:read']), await make(['payments:read'])];
after(async () => {
  await server.close();
  await running.stop();
});

async function get(query: Record<string, string>, with_ = key) {
  const answer = await server.app.inject({
    method: 'GET',
    url: '/v1/timeline',
    query,
    headers: { authorization: `Bearer ${with_}` },
  });
  return { status: answer.statusCode, body: answer.json() };
}

test('a story comes in pages, in any spelling of the number', async () => {
  await tell(...[1, 2, 3].map((n) => payment(`step_${n}`, { at: at(n) })));
  await quiet();
  const first = await get({ msisdn: '0300 9102250', limit: '2' });
  assert.equal(first.status, 200);
  assert.deepEqual(first.body.items[0], {
    at: at(1),
    kind: 'payment.step_1',
    subject: 'pay_1x3',
    detail: { reference: 'sub_1x2/0', amount_minor: 500, currency: 'PKR', gateway: 'mobilink' },
  });
  const second = await get({ msisdn: MSISDN, limit: '2', cursor: first.body.next_cursor });
  assert.deepEqual(
    second.body.items.map(({ kind }: { kind: string }) => kind),
    ['payment.step_3'],
  );
  assert.equal(second.body.next_cursor, null);
});

test('an unknown number has an empty story', async () => {
  assert.deepEqual((await get({ msisdn: '+923001111111' })).body, { items: [], next_cursor: null });
});

test('what is no number, or no cursor, is told with its field', async () => {
  const number = await get({ msisdn: 'somebody' });
  assert.equal(number.status, 400);
  assert.match(JSON.stringify(number.body), /msisdn/);
  for (const cursor of ['nonsense', Buffer.from('["a","b","c"]').toString('base64url')]) {
    const refused = await get({ msisdn: MSISDN, cursor });
    assert.equal(refused.status, 400);
    assert.equal(refused.body.code, 'cursor_invalid');
  }
});

test('a key without the scope learns nothing', async () => {
  const refused = await get({ msisdn: MSISDN }, otherKey);
  assert.equal(refused.status, 403);
  assert.equal(refused.body.items, undefined);
});
