import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, type TestContext, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createFakeClock } from '#clock';
import { AppError } from '#errors';
import { createHttpServer } from '#http';
import { uuidV7 } from '#ids';
import { accountId, registerContractRoutes, registerLedgerRoutes } from '#ledger';
import { silentLog } from '#log';
import { describeAccountSystem, earn, START, standardLedger } from '#payouts/stage';
import { freePort, testDatabase } from '#testing';
import { createAccountsOverHttp } from './accounts-over-http.ts';

const database = await testDatabase();
const clock = createFakeClock(START);
const ledger = await standardLedger(database, clock);
const keyring = createKeyring({ database });
const server = await createHttpServer({ log: silentLog(), api: { keyring, database, clock } });
registerLedgerRoutes(server.app, { ledger, database });
registerContractRoutes(server.app, { ledger, clock });
const { url } = await server.listen(0, '127.0.0.1');
const scopes = ['ledger:read', 'ledger:write'];
const { text: key } = await createApiKey(database, { name: 'gates', scopes, now: clock.now() });
const accounts = createAccountsOverHttp({ url, key });
after(async () => {
  await accounts.close();
  await server.close();
});

describeAccountSystem({
  name: 'over HTTP',
  setStage: async () => ({ database, ledger, accounts }),
});

/** Somebody who stands where the system of accounts should. */
async function standIn(t: TestContext, listener: RequestListener, timeoutMs = 4000) {
  const other = createServer(listener);
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as AddressInfo;
  const there = createAccountsOverHttp({ url: `http://127.0.0.1:${port}/base/`, key, timeoutMs });
  t.after(async () => {
    await there.close();
    other.closeAllConnections();
    other.close();
  });
  return there;
}

const isUnavailable = (error: unknown) =>
  error instanceof AppError &&
  error.kind === 'unavailable' &&
  error.code === 'accounts_unavailable';

test('nobody there, or a key that is not known there, is no answer and no refusal', async (t) => {
  const nobody = createAccountsOverHttp({ url: `http://127.0.0.1:${await freePort()}`, key });
  const stranger = createAccountsOverHttp({ url, key: 'kpk_unknown' });
  const { text } = await createApiKey(database, { name: 'x', scopes: [], now: clock.now() });
  const unprivileged = createAccountsOverHttp({ url, key: text });
  const astray = createAccountsOverHttp({ url: `${url}/elsewhere`, key });
  for (const one of [nobody, stranger, unprivileged, astray]) {
    t.after(() => one.close());
    await assert.rejects(one.payoutAccounts('a'), isUnavailable);
  }
});

test('an answer that drips for ever is none', async (t) => {
  const there = await standIn(
    t,
    (_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    },
    300,
  );
  await assert.rejects(there.payoutAccounts('a'), isUnavailable);
});

test('what nobody can read is no answer', async (t) => {
  const item = { account: 'acc_1', type: 'payout', client_id: 'a', currency: 'RUB', label: '' };
  for (const [status, body] of [
    [200, 'surely no JSON'],
    [200, '{}'],
    [200, { items: [{ ...item, available_minor: 1.5 }], next_cursor: null }],
    [200, { items: [{ ...item, available_minor: '7' }], next_cursor: null }],
    [200, { items: [{ ...item, account: 7, available_minor: 7 }], next_cursor: null }],
    [302, ''],
    [404, '<html>nothing here</html>'],
    [500, { code: 'internal', detail: 'oh' }],
    [503, ''],
  ] as const) {
    const there = await standIn(t, (request, response) => {
      assert.ok(request.url?.startsWith('/base/v1/accounts?'));
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await assert.rejects(there.payoutAccounts('a'), isUnavailable, JSON.stringify(body));
  }
});

test('accounts of somebody else, or of another type, are refused', async (t) => {
  const item = { account: 'acc_1', type: 'payout', client_id: 'a', currency: 'RUB', label: '' };
  for (const wrong of [{ client_id: 'b' }, { type: 'revenue' }]) {
    const page = { items: [{ ...item, ...wrong, available_minor: 7 }], next_cursor: null };
    const there = await standIn(t, (_request, response) => {
      response.writeHead(200).end(JSON.stringify(page));
    });
    await assert.rejects(
      there.payoutAccounts('a'),
      (error) => error instanceof AppError && error.code === 'accounts_refused',
    );
  }
});

test('a movement that was made, but whose answer was torn off, is the same one when it is asked for again', async (t) => {
  const own = await earn(ledger, { clientId: 'torn', amountMinor: 80n });
  let torn = 0;
  const there = await standIn(t, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await fetch(`${url}${request.url?.replace('/base', '')}`, {
      method: request.method ?? 'GET',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: chunks.length > 0 ? Buffer.concat(chunks) : null,
    });
    const text = await answer.text();
    if (request.url?.endsWith('/transfers') && torn < 2) {
      torn += 1;
      // Once before the answer begins, and once in the midst of it.
      if (torn === 2) response.writeHead(200, { 'content-length': text.length }).write('{"tra');
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status).end(text);
  });
  const order = {
    ...{ transferId: uuidV7(), movement: 'reserve' as const, amountMinor: 100n, reference: 'po_1' },
    account: { account: accountId(own.id), clientId: 'torn', currency: 'RUB', label: '' },
  };
  await assert.rejects(there.move(order), isUnavailable);
  await assert.rejects(there.move(order), isUnavailable);
  await earn(ledger, { clientId: 'torn', amountMinor: 5n });
  assert.deepEqual(await there.move(order), { outcome: 'moved', amountMinor: 80n });
  const [payout] = await accounts.payoutAccounts('torn');
  assert.equal(payout?.balanceMinor, 5n);
});
