import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createFakeClock } from '#clock';
import { sql } from '#database';
import { uuidV7 } from '#ids';
import type { Account } from '#ledger/account';
import { move, testLedger } from '#ledger/stage';
import { createLedgerWorker } from '#ledger/worker';
import { silentLog } from '#log';
import { eventually, testDatabase } from '#testing';

const clock = createFakeClock(new Date('2026-03-01T10:00:00.25Z'));
const database = await testDatabase();
const ledger = await testLedger(database, clock);
const [source, purse] = (await ledger.open([
  { type: 'source', currency: 'RUB' },
  { type: 'purse', currency: 'RUB' },
])) as [Account, Account];

interface Block {
  readonly number: bigint;
  readonly transfers: readonly string[];
  readonly previous: Buffer;
  readonly hash: Buffer;
}

async function blocks(): Promise<readonly Block[]> {
  const { rows } = await sql<Block>`
    select number, transfers, previous, hash from ledger.block order by number`.execute(
    database.pool,
  );
  return rows;
}

test('what was posted is sealed in its order, each block over the one before it', async () => {
  const first = move(source, purse, 500n, { metadata: { why: 'a "test"' } });
  const second = move(source, purse, 7n);
  await ledger.submit([first]);
  assert.equal(await ledger.seal(), 1);
  await ledger.submit([second]);
  assert.equal(await ledger.seal(), 1);
  assert.equal(await ledger.seal(), 0);
  const [one, two] = await blocks();
  assert.deepEqual(one?.transfers, [first.id]);
  assert.deepEqual(two?.transfers, [second.id]);
  assert.equal(two?.previous.toString('hex'), one?.hash.toString('hex'));
});

test('the hash is what the documents say, computed without the database', async () => {
  const [block] = await blocks();
  const { rows } = await sql<{ id: string; fingerprint: string }>`
    select id, fingerprint from ledger.transfer where id = ${block?.transfers[0]}`.execute(
    database.pool,
  );
  const leaf = [
    ...[rows[0]?.id, 'test', 'a test', '2026-03-01T10:00:00.250000Z'],
    ...[
      `${source.id},${purse.id}`,
      '-500,500',
      rows[0]?.fingerprint,
      '',
      '{"why": "a \\"test\\""}',
    ],
  ].join('\n');
  const sha256 = (...parts: (string | Buffer)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(1n);
  const expected = sha256(Buffer.alloc(0), number, sha256(leaf));
  assert.equal(block?.hash.toString('hex'), expected.toString('hex'));
});

test('a block has at most a thousand transfers, and a turn some ten thousand', async () => {
  const set = (count: number) => Array.from({ length: count }, () => move(source, purse, 1n));
  for (const count of [700, 1000, 900]) await ledger.submit(set(count));
  const before = (await blocks()).length;
  assert.equal(await ledger.seal(), 2600);
  const sizes = (await blocks()).slice(before).map(({ transfers }) => transfers.length);
  assert.deepEqual(sizes, [1000, 1000, 600]);
});

test('many sealers at once make one chain with each transfer in it once', async () => {
  let posting = true;
  const sealers = Array.from({ length: 4 }, async () => {
    while (posting) await ledger.seal();
  });
  for (let turn = 0; turn < 30; turn += 1)
    await Promise.all(Array.from({ length: 5 }, () => ledger.submit([move(source, purse, 1n)])));
  posting = false;
  await Promise.all(sealers);
  while ((await ledger.seal()) > 0);
  assert.deepEqual((await ledger.verify()).findings, []);
  const { rows } = await sql<{ waiting: bigint }>`
    select count(*) as waiting from ledger.unsealed`.execute(database.pool);
  assert.equal(rows[0]?.waiting, 0n);
});

test('the worker seals and gives back what nobody has ended, by itself', async () => {
  const hold = {
    ...{ id: uuidV7(), kind: 'test', reference: '', parts: [{ account: purse, amountMinor: 5n }] },
    expiresAt: new Date(clock.nowMs() + 1000),
  };
  await database.transaction((tx) => ledger.reserve(tx, [hold]));
  await ledger.submit([move(source, purse, 1n)]);
  clock.advanceMs(1000);
  const worker = createLedgerWorker({ ledger, log: silentLog() });
  worker.start();
  await eventually(async () => {
    assert.equal((await ledger.hold(hold.id)).state, 'expired');
    assert.equal(await ledger.seal(), 0);
  });
  await worker.stop();
});
