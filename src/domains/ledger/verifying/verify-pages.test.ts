import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { accountId } from '#ledger/account';
import { fillWithEntries, testLedger } from '#ledger/stage';
import { testDatabase } from '#testing';

/** More than two pages of the verification. */
const MANY = 120_000;
const PAGE = 50_000;
const database = await testDatabase();
const ledger = await testLedger(database);
const [, purse] = await ledger.open([
  { type: 'source', currency: 'RUB' },
  { type: 'purse', currency: 'RUB' },
]);
const id = purse?.id ?? 0n;
await fillWithEntries(database, id, { count: MANY, from: new Date('2026-03-01T10:00:00Z') });

/** Adds to the balance after an entry, and takes it back when `work` is done. */
async function withWrongBalance<Result>(number: number, work: () => Promise<Result>) {
  const add = (by: number) =>
    database.transaction(async (tx) => {
      await sql`set local session_replication_role = replica`.execute(tx);
      await sql`update ledger.entry set balance = balance + ${by}
        where account_id = ${id} and number = ${number}`.execute(tx);
    });
  await add(1);
  const result = await work();
  await add(-1);
  return result;
}

test('an account of many pages verifies', async () => {
  const { entries, findings } = await ledger.verify({ account: id });
  assert.deepEqual([findings, entries], [[], BigInt(MANY)]);
});

for (const number of [PAGE - 1, PAGE, PAGE + 1, PAGE + 2, 2 * PAGE, 2 * PAGE + 1]) {
  test(`a wrong balance after entry ${number} is found, where a page ends or begins`, async () => {
    const { findings } = await withWrongBalance(number, () => ledger.verify({ account: id }));
    const name = accountId(id);
    assert.deepEqual(
      findings.map(({ text }) => text.split(' leaves')[0]),
      [`Entry ${number} of account ${name}`, `Entry ${number + 1} of account ${name}`],
    );
  });
}

test('an entry less at the end of a page is found', async () => {
  const { rows } = await database.transaction(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    return sql<Record<string, unknown>>`
      delete from ledger.entry where account_id = ${id} and number = ${PAGE} returning number`.execute(
      tx,
    );
  });
  assert.equal(rows.length, 1);
  const { findings } = await ledger.verify({ account: id });
  assert.ok(findings.some(({ text }) => text.startsWith(`Entry ${PAGE + 1} of account`)));
  assert.ok(findings.some(({ kind }) => kind === 'transfer_differs'));
});
