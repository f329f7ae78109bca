import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createApiKey } from '#auth';
import { createSystemClock } from '#clock';
import { sql } from '#database';
import { uuidV7 } from '#ids';
import { accountId, createLedger, credit, debit, parseAccountTypes } from '#ledger';
import { silentLog } from '#log';
import { eventually, freePort, temporaryFolder, testDatabase } from '#testing';

const KOPEK = join(import.meta.dirname, '../../bin/kopek.js');
const READY_PATIENCE = { timeoutMs: 40_000 };
const TYPES = `
source: { title: Money comes from here, normal: debit, below-zero: true }
purse: { title: May not go below zero, normal: credit, below-zero: false }
`;
const database = await testDatabase();
const folder = await temporaryFolder();
const ledger = await createLedger({
  ...{ database, clock: createSystemClock(), log: silentLog() },
  types: parseAccountTypes(TYPES, 'test'),
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function verify(...args: string[]): Promise<Ended> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [KOPEK, 'ledger', 'verify', ...args], {
    ...{ cwd: folder, env: { PATH, DATABASE_URL: database.url } },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  return new Promise((done) => child.on('close', (code) => done({ code, out, err })));
}

test('ledger verify tells what it has read, and what does not add up, with exit 5', async () => {
  const [source, purse] = await ledger.open([
    { type: 'source', currency: 'RUB' },
    { type: 'purse', currency: 'RUB' },
  ]);
  assert.ok(source && purse);
  const lines = [debit(source, 500n), credit(purse, 500n)];
  await ledger.submit([{ id: uuidV7(), kind: 'test', reference: '', lines }]);
  await ledger.seal();
  const good = await verify();
  assert.equal(good.code, 0, good.err);
  assert.equal(
    good.out,
    '✓ 2 accounts, 2 entries, 1 blocks, 0 accepted payments: all of it adds up.\n',
  );
  assert.match(good.err, /^\d+ %, accounts\n(\d+ %, \w+\n)*100 %, \w+\n/);

  await sql`update ledger.balance set posted = 501 where account_id = ${purse.id}`.execute(
    database.pool,
  );
  const bad = await verify();
  assert.equal(bad.code, 5);
  assert.match(bad.out, new RegExp(`✗ Account ${accountId(purse.id)} has a balance of 501`));
  assert.match(bad.out, /1 blocks, 0 accepted payments: 2 things do not add up\./);
  await sql`
    insert into payments.payment (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority, not_after,
      state, created_at, closed_at)
    values (1, 2, 'mobilink', '923000000000', 5, 'PKR', 'a bill', 1, now(), 'accepted', now(), now())`.execute(
    database.pool,
  );
  assert.match(
    (await verify()).out,
    /✗ pay_1x2 was accepted and has no transfer\. {2}payment_not_posted/,
  );
  await sql`delete from payments.payment`.execute(database.pool);
  const near = JSON.parse((await verify('--json', '--account', accountId(purse.id))).out);
  assert.equal(near.findings[0].kind, 'balance_differs');
  assert.equal((await verify('--account', accountId(source.id))).code, 0);
  assert.equal((await verify('--account', 'purse')).code, 2);
});

test('serve accounts answers for the ledger at its own port, and seals what is posted there', async (t) => {
  const port = String(await freePort());
  const settings = { DATABASE_URL: database.url, KOPEK_DATA_DIR: folder, ACCOUNTS_PORT: port };
  const types = join(folder, 'types.yaml');
  await writeFile(types, TYPES);
  const child = spawn(process.execPath, [KOPEK, 'serve', 'accounts', '--json'], {
    env: { PATH: process.env.PATH, ...settings, LEDGER_ACCOUNT_TYPES: types },
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  await eventually(() => assert.match(said, /"type":"ready"/), READY_PATIENCE);
  const scopes = ['ledger:read', 'ledger:write'];
  const key = await createApiKey(database, { name: 'test', scopes, now: new Date() });
  const send = async (path: string, body: object) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { authorization: `Bearer ${key.text}`, 'content-type': 'application/json' },
    });
    assert.equal(answer.status, 200, path);
    return (await answer.json()) as { account: string };
  };
  const { account: source } = await send('/v1/accounts', { type: 'source', currency: 'EUR' });
  const { account: purse } = await send('/v1/accounts', { type: 'purse', currency: 'EUR' });
  const lines = [
    { account: source, debit_minor: 5 },
    { account: purse, credit_minor: 5 },
  ];
  const transfer = { id: uuidV7(), kind: 'test', reference: 'a test', lines };
  await send('/v1/transfers', { transfers: [transfer] });
  await eventually(async () => {
    const { rows } = await sql<{ sealed: boolean }>`
      select exists (select from ledger.block where ${transfer.id}::uuid = any (transfers)) as sealed`.execute(
      database.pool,
    );
    assert.deepEqual(rows, [{ sealed: true }]);
  }, READY_PATIENCE);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('ledger without a known word is bad usage', async () => {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [KOPEK, 'ledger', 'mend'], { cwd: folder, env: { PATH } });
  const [code] = await once(child, 'close');
  assert.equal(code, 2);
});
