import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createFakeClock } from '#clock';
import { createHttpServer } from '#http';
import { silentLog } from '#log';
import { testDatabase } from '#testing';
import { registerRequisitesRoutes } from './requisites-http.ts';

const database = await testDatabase();
const clock = createFakeClock(new Date('2026-11-25T20:00:00Z'));
const keyring = createKeyring({ database });
const server = await createHttpServer({ log: silentLog(), api: { keyring, database, clock } });
registerRequisitesRoutes(server.app, { database, clock });
const key = (scope: string) =>
  createApiKey(database, { name: scope, scopes: [scope], now: clock.now() });
const [writer, reader] = [await key('payouts:requisites'), await key('payouts:read')];
after(() => server.close());

const good = { currency: 'EUR', name: 'Anna Music', account: 'GB82 WEST 1234 5698 7654 32' };

async function call(method: 'GET' | 'PUT', body?: object, by = method === 'GET' ? reader : writer) {
  const answer = await server.app.inject({
    ...{ method, url: '/v1/payout-clients/music/requisites' },
    headers: { authorization: `Bearer ${by.text}` },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.statusCode, body: answer.json() };
}

test('requisites are set by currency, and shown with who set them', async () => {
  assert.equal((await call('PUT', good)).status, 200);
  assert.equal((await call('PUT', { ...good, currency: 'JPY', account: '0012345' })).status, 200);
  assert.equal((await call('PUT', { ...good, name: 'Anna Music Ltd' })).status, 200);
  const { items } = (await call('GET')).body;
  assert.deepEqual(
    items.map(({ account, currency, name }: typeof good) => [currency, name, account]),
    [
      ['EUR', 'Anna Music Ltd', 'GB82WEST12345698765432'],
      ['JPY', 'Anna Music', '0012345'],
    ],
  );
  assert.equal(items[0].set_at, '2026-11-25T20:00:00.000Z');
  assert.notEqual(items[0].set_by, '');
});

const wrong = [
  [{ ...good, account: 'GB83WEST12345698765432' }, 'account'],
  [{ ...good, name: '' }, 'name'],
  [{ ...good, bank: 'nobank' }, 'bank'],
  [{ ...good, currency: 'euro' }, 'currency'],
  [{ currency: 'EUR', account: '1' }, 'name'],
  [{ ...good, iban: '1' }, 'iban'],
] as const;

test('what is no account is refused, and the field is named', async () => {
  for (const [body, field] of wrong) {
    const refused = await call('PUT', body);
    assert.equal(refused.status, 400, JSON.stringify(body));
    assert.match(JSON.stringify(refused.body.errors), new RegExp(field));
  }
});

test('who may read may not change where money goes', async () => {
  assert.equal((await call('PUT', good, reader)).status, 403);
});
