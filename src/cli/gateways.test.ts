import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createSealer } from '#auth';
import { createSystemClock } from '#clock';
import type { Database } from '#database';
import { Type } from '#http';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createGatewayAccounts, type NewGatewayAccount } from '#payments';
import { temporaryFolder, testDatabase } from '#testing';

const KOPEK = join(import.meta.dirname, '../../bin/kopek.js');
const SECRET = 'a secret that only tests know, long enough';
const KEY = 'a-key-to-look-for';

async function openKopek(t: TestContext, database: Database) {
  const folder = await temporaryFolder(t);
  const { PATH = '' } = process.env;
  return (...args: readonly string[]) => {
    const child = spawn(process.execPath, [KOPEK, 'gateways', ...args], {
      ...{ cwd: folder, env: { PATH, DATABASE_URL: database.url } },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    return new Promise<{ code: number | null; out: string; err: string }>((done) =>
      child.on('close', (code) => done({ code, out, err })),
    );
  };
}

const account: NewGatewayAccount = {
  ...{ name: 'shop', kind: 'cloudpayments', title: 'The shop', enabled: true, weight: 70 },
  ...{ settings: { public_id: 'pk_test' }, secrets: { key: KEY }, requestsPerSecond: 30 },
  ...{ currencies: ['RUB'], amountMinMinor: 100n, amountMaxMinor: 1_500_000n, reserve: 2 },
};

async function saveTwo(t: TestContext, database: Database): Promise<void> {
  const accounts = await createGatewayAccounts({
    ...{ database, clock: createSystemClock(), log: silentLog(), metrics: createMetrics() },
    sealer: createSealer({ secret: SECRET }),
    makers: {
      cloudpayments: {
        settings: Type.Object({ public_id: Type.String() }),
        secrets: Type.Object({ key: Type.String() }),
        make: () => ({ close: async () => {} }) as never,
      },
    },
  });
  t.after(() => accounts.close());
  await database.transaction(async (tx) => {
    await accounts.save(tx, account, 'test');
    const other = { ...account, name: 'off', enabled: false, currencies: undefined };
    await accounts.save(
      tx,
      { ...other, amountMinMinor: undefined, amountMaxMinor: undefined },
      'test',
    );
  });
}

test('accounts are listed and shown, for people and for scripts, and never their credentials', async (t) => {
  const database = await testDatabase(t);
  const kopek = await openKopek(t, database);
  const none = await kopek('list');
  assert.deepEqual([none.code, none.out], [0, '']);
  assert.match(none.err, /There is no gateway account yet/);
  await saveTwo(t, database);

  const list = await kopek('list');
  assert.equal(list.code, 0, list.err);
  assert.match(
    list.out,
    /^shop +cloudpayments +takes +weight 70 {2}The shop · RUB · from 1\.00 RUB/m,
  );
  assert.match(list.out, /up to 15000\.00 RUB · reserve 2$/m);
  assert.match(list.out, /^off +cloudpayments +off /m);
  const show = await kopek('show', 'shop');
  assert.match(show.out, /settings\.public_id +pk_test/);
  assert.match(show.out, /webhook_url +http:.*\/v1\/webhooks\/shop/);

  const listed = await kopek('list', '--json');
  const shown = await kopek('show', 'shop', '--json');
  const [off, shop] = JSON.parse(listed.out);
  assert.deepEqual([off.name, off.enabled], ['off', false]);
  assert.deepEqual(JSON.parse(shown.out), shop);
  assert.equal(shop.amount_max_minor, 1_500_000);
  for (const { err, out } of [list, show, listed, shown]) assert.ok(!(out + err).includes(KEY));
});

test('what is said wrong is told', async (t) => {
  const database = await testDatabase(t);
  const kopek = await openKopek(t, database);
  for (const args of [['whatever'], ['show'], ['list', 'shop']]) {
    const { code, err } = await kopek(...args);
    assert.equal(code, 2, err);
    assert.match(err, /Say: kopek gateways list/);
  }
  const lost = await kopek('show', 'lost');
  assert.equal(lost.code, 3);
  assert.match(lost.err, /There is no gateway account lost/);
});
