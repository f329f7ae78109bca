import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '#clock';
import { sql } from '#database';
import { uuidV7 } from '#ids';
import type { Account } from '#ledger/account';
import { fillWithEntries, move, testLedger } from '#ledger/stage';
import { rowsLookedAt, testDatabase } from '#testing';
import { createReading, type Reading } from './read-ledger.ts';

const START = new Date('2026-03-01T10:00:00Z');
const MINUTE_MS = 60_000;
const MANY = 200_000;
const database = await testDatabase();
const clock = createFakeClock(START);
const ledger = await testLedger(database, clock);
let clients = 0;

async function openAll(...types: string[]): Promise<Account[]> {
  clients += 1;
  const names = types.map((type) => ({ type, currency: 'RUB', clientId: `client ${clients}` }));
  return [...(await ledger.open(names))];
}

test('balances stand on the normal side of their account', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  await ledger.submit([move(source, purse, 500n)]);
  const views = await ledger.accounts({ clientId: source.clientId, limit: 10 });
  assert.deepEqual(
    views.map(({ balanceMinor, normalSide, type }) => [type, normalSide, balanceMinor]),
    [
      // Opened together with the purse whose debts it bears.
      ['debt', 'debit', 0n],
      ['purse', 'credit', 500n],
      ['source', 'debit', 500n],
    ],
  );
});

test('accounts come in pages, by client and by type', async () => {
  const names = Array.from({ length: 5 }, (_, at) => ({
    ...{ type: 'vault', currency: 'USD', clientId: 'pages', label: `${at}` },
  }));
  const opened = await ledger.open(names);
  const first = await ledger.accounts({ clientId: 'pages', type: 'vault', limit: 3 });
  const rest = await ledger.accounts({
    ...{ clientId: 'pages', type: 'vault', after: first.at(-1)?.id ?? 0n, limit: 3 },
  });
  const ids = [...first, ...rest].map(({ id }) => id);
  assert.deepEqual(
    ids,
    opened.map(({ id }) => id).toSorted((left, right) => (left < right ? -1 : 1)),
  );
  assert.deepEqual(await ledger.accounts({ clientId: 'pages', type: 'purse', limit: 3 }), []);
});

test('an account that is not there is told, whatever is asked of it', async () => {
  for (const ask of [
    () => ledger.account(999_999n),
    () => ledger.balanceAt(999_999n, START),
    () => ledger.entries(999_999n, { limit: 1 }),
  ])
    await assert.rejects(ask(), { code: 'account_unknown' });
});

test('what is asked for by ids is found after a start, with its debts', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const fresh = await testLedger(database, clock);
  const found = await fresh.byIds([source.id, purse.id, 999_999n]);
  assert.deepEqual([...found.keys()], [source.id, purse.id]);
  assert.deepEqual(found.get(purse.id), purse);
});

test('the balance at a past instant is what was booked until then; the future is refused', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const opened = clock.now();
  const moments: Date[] = [];
  for (const amount of [100n, 20n, 3n]) {
    clock.advanceMs(MINUTE_MS);
    await ledger.submit([move(source, purse, amount)]);
    moments.push(clock.now());
  }
  const at = (moment: Date) =>
    Promise.all([source, purse].map(({ id }) => ledger.balanceAt(id, moment)));
  assert.deepEqual(await at(opened), [0n, 0n]);
  assert.deepEqual(await at(moments[0] as Date), [100n, 100n]);
  assert.deepEqual(await at(new Date((moments[1] as Date).getTime() - 1)), [100n, 100n]);
  assert.deepEqual(await at(moments[1] as Date), [120n, 120n]);
  assert.deepEqual(await at(clock.now()), [123n, 123n]);
  const future = ledger.balanceAt(purse.id, new Date(clock.nowMs() + 1));
  await assert.rejects(future, { code: 'instant_in_future' });
});

test('at any instant of any history the balance is the sum of what was booked until then', async () => {
  const step = fc.record({ forMs: fc.nat(3), amount: fc.integer({ min: -40, max: 60 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const [source, other] = (await openAll('source', 'other')) as [Account, Account];
      const beganMs = clock.nowMs();
      const booked: { readonly atMs: number; readonly amount: bigint }[] = [];
      for (const { amount, forMs } of steps.filter((one) => one.amount !== 0)) {
        clock.advanceMs(forMs);
        const [from, to] = amount > 0 ? [source, other] : [other, source];
        await ledger.submit([move(from, to, BigInt(Math.abs(amount)))]);
        booked.push({ atMs: clock.nowMs(), amount: BigInt(amount) });
      }
      for (let atMs = beganMs - 1; atMs <= clock.nowMs(); atMs += 1) {
        const until = booked.filter((one) => one.atMs <= atMs);
        const expected = until.reduce((sum, one) => sum + one.amount, 0n);
        assert.equal(await ledger.balanceAt(other.id, new Date(atMs)), expected);
      }
    }),
    { numRuns: 20 },
  );
});

test('entries come in pages, the newest first, with their transfers', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfers = [1n, 2n, 3n].map((amount) =>
    move(source, purse, amount, { metadata: { amount: Number(amount) } }),
  );
  await ledger.submit(transfers);
  const first = await ledger.entries(source.id, { limit: 2 });
  assert.deepEqual(
    first.map(({ amountMinor, balanceMinor, number }) => [number, amountMinor, balanceMinor]),
    [
      [3n, -3n, 6n],
      [2n, -2n, 3n],
    ],
  );
  assert.deepEqual(first[0]?.metadata, { amount: 3 });
  const rest = await ledger.entries(source.id, { before: 2n, limit: 2 });
  assert.deepEqual(
    rest.map(({ number, transfer }) => [number, transfer]),
    [[1n, transfers[0]?.id]],
  );
});

test('transfers come as they stand in the journal, in the order asked for', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const [other] = (await openAll('purse')) as [Account];
  const funds = move(source, purse, 70n);
  const some = move(purse, other, 100n, { upTo: true });
  await ledger.submit([funds, some]);
  const [first, second, ...none] = await ledger.transfers([some.id, uuidV7(), funds.id]);
  assert.deepEqual(first?.lines, [
    { account: purse.id, amountMinor: -70n },
    { account: other.id, amountMinor: 70n },
  ]);
  assert.deepEqual([second?.id, none], [funds.id, []]);
});

test(`an account of ${MANY} entries is read as fast as a small one: a few rows, found by number`, async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  await database.transaction(async (tx) => {
    await fillWithEntries({ ...database, pool: tx }, purse.id, { count: MANY, from: START });
    // Statistics that are taken in the midst of it know many pages and hardly a row.
    await sql`analyze ledger.transfer`.execute(database.pool);
  });
  await sql`analyze ledger.entry`.execute(database.pool);
  clock.set(new Date(START.getTime() + MANY * 1000));
  const at = new Date(START.getTime() + 123_456_000);
  const { result, rows } = await countRowsRead((reading) => reading.balanceAt(purse.id, at));
  assert.equal(result, 123_456n);
  assert.ok(rows > 10 && rows < 40, `${rows} rows were read`);
  const page = await countRowsRead((reading) =>
    reading.entries(purse.id, { before: 100_000n, limit: 51 }),
  );
  assert.deepEqual([page.result[0]?.number, page.result.length], [99_999n, 51]);
  assert.ok(page.rows > 50 && page.rows <= 120, `${page.rows} rows were read`);
  const small = await ledger.entries(source.id, { limit: 1 });
  assert.deepEqual(small, []);
});

/** Rows of the journal that `work` has read. */
async function countRowsRead<Result>(work: (reading: Reading) => Promise<Result>) {
  return rowsLookedAt(database, ['ledger.entry', 'ledger.transfer'], (tx) =>
    work(createReading({ database: { ...database, pool: tx }, clock })),
  );
}
