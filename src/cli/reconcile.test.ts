import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createSealer } from '#auth';
import { createSystemClock } from '#clock';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { cardGatewayMakers, createGatewayAccounts } from '#payments';
import {
  cryptogramOf,
  standardPublicId,
  startCloudPaymentsSimulator,
} from '#simulators/cloudpayments';
import { temporaryFolder, testDatabase } from '#testing';
import { openCli } from './fixture.ts';

const SECRET = 'a secret that only tests know, long enough';
const API_SECRET = 'secret-of-the-simulated-terminal';

const database = await testDatabase();
const simulator = await startCloudPaymentsSimulator({
  ...{ port: 0, folder: await temporaryFolder() },
  sites: { [standardPublicId]: { apiSecret: API_SECRET } },
});
after(() => simulator.close());
const { folder, kopek } = await openCli({ DATABASE_URL: database.url, KOPEK_SECRET: SECRET });
await saveAccounts(simulator.url);

async function saveAccounts(url: string): Promise<void> {
  const clock = createSystemClock();
  const accounts = await createGatewayAccounts({
    ...{ database, clock, log: silentLog(), metrics: createMetrics() },
    ...{ sealer: createSealer({ secret: SECRET }), makers: cardGatewayMakers(clock) },
  });
  const common = { enabled: true, weight: 1, requestsPerSecond: 100 };
  await database.transaction(async (tx) => {
    await accounts.save(
      tx,
      {
        ...{ ...common, name: 'shop', kind: 'cloudpayments', title: 'The shop' },
        ...{ settings: { public_id: standardPublicId, base_url: url } },
        secrets: { api_secret: API_SECRET },
      },
      'test',
    );
    await accounts.save(
      tx,
      {
        ...{ ...common, name: 'bare', kind: 'processing', title: 'Without a list' },
        settings: { base_url: url, inquiry: 'repeatIsSafe', refunds: true },
        secrets: {},
      },
      'test',
    );
  });
  await accounts.close();
}

/** Somebody pays at the gateway for what Kopek knows nothing of. Answers the gateway's id of it. */
async function pay(url: string): Promise<string> {
  const packet = cryptogramOf({ number: '4000000000003055', expires: '12/59', name: 'A B' });
  const login = Buffer.from(`${standardPublicId}:${API_SECRET}`).toString('base64');
  const answer = await fetch(`${url}/payments/cards/charge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${login}` },
    body: JSON.stringify({
      ...{ Amount: 199, Currency: 'RUB', IpAddress: '203.0.113.7', InvoiceId: 'shop-17' },
      CardCryptogramPacket: packet,
    }),
  });
  const { Model } = (await answer.json()) as { Model: { TransactionId: number } };
  return String(Model.TransactionId);
}

const TODAY = new Date().toISOString().slice(0, 10);

test('a day of a gateway is compared now: what differs is told by its kind, kept, and waits for people', async () => {
  assert.match((await kopek('attention')).out, /Nothing waits for anybody/);
  const before = await kopek('reconcile', 'shop', '--day', TODAY);
  assert.equal(before.code, 0, before.err);
  assert.match(before.out, /0 in the list of shop: the books agree\./);
  const transaction = await pay(simulator.url);
  const found = await kopek('reconcile', 'shop', '--day', TODAY);
  assert.equal(found.code, 5, found.err);
  assert.match(found.out, /^unknown_here +1$/m);
  assert.match(found.out, new RegExp(`✗ ${transaction} .*ours –, theirs 199\\.00 RUB`));
  assert.match(found.out, /1 in the list of shop: 1 differences\./);
  const json = await kopek('reconcile', 'shop', '--day', TODAY, '--json');
  const { differences, listed } = JSON.parse(json.out);
  assert.deepEqual(
    [listed, differences.length, differences[0].theirs_minor, differences[0].subject],
    [1, 1, 19_900, transaction],
  );
  const waits = await kopek('attention');
  assert.equal(waits.code, 0, waits.err);
  assert.match(waits.out, new RegExp(`! .*difference +${transaction} {2}199\\.00 RUB`));
  assert.match(waits.out, /POST \/v1\/gateways\/shop\/differences\/close/);
  const of = JSON.parse((await kopek('attention', '--kind', 'difference', '--json')).out);
  assert.deepEqual([of.length, of[0].gateway], [1, 'shop']);
  const { rows } = await sql<{ actor: string }>`
    select actor from payments.reconciliation where ended_at is not null`.execute(database.pool);
  assert.equal(rows.length, 3);
  for (const { actor } of rows) assert.match(actor, /\(kopek reconcile\)$/);
});

test('what a gateway lists elsewhere is compared from a file, also where it has no list of its own', async () => {
  const bare = await kopek('reconcile', 'bare');
  assert.equal(bare.code, 2);
  assert.match(bare.err, /--file/);
  const head = 'transaction;amount;currency;at';
  await writeFile(join(folder, 'list.csv'), `${head}\n17;199.00;RUB;${TODAY}T00:00:01Z\n`);
  const found = await kopek('reconcile', 'bare', '--day', TODAY, '--file', 'list.csv');
  assert.equal(found.code, 5, found.err);
  assert.match(found.out, /^unknown_here +1\n {2}✗ 17 /m);
  await writeFile(join(folder, 'empty.csv'), `${head}\n`);
  const gone = await kopek('reconcile', 'bare', '--day', TODAY, '--file', 'empty.csv');
  assert.deepEqual(
    [gone.code, gone.out],
    [0, '✓ 0 in the list of bare: the books agree.\n'],
    gone.err,
  );
});

test('what is said wrong is told, and nothing is compared', async () => {
  const count = async () =>
    (await sql`select from payments.reconciliation`.execute(database.pool)).rows.length;
  const before = await count();
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['nobody'], 3, /There is no card gateway nobody/],
    [['shop', '--day', 'yesterday'], 2, /--day is a day/],
    [['shop', '--day', '2026-13-40'], 2, /--day is a day/],
    [['shop', '--day', '2999-01-01'], 2, /has not begun yet/],
    [['shop', '--file', 'absent.csv'], 2, /can not be read/],
  ];
  for (const [args, exit, message] of cases) {
    const { code, err } = await kopek('reconcile', ...args);
    assert.equal(code, exit, err);
    assert.match(err, message);
  }
  const kind = await kopek('attention', '--kind', 'nothing');
  assert.equal(kind.code, 2);
  assert.equal(await count(), before);
});
