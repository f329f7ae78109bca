import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Database, prepared, sql } from '#database';
import { testDatabase } from '#testing';

const database = await testDatabase();

/** The statements that the connection of `tx` has planned and kept. */
async function keptBy(tx: Parameters<Parameters<Database['transaction']>[0]>[0]) {
  const { rows } = await sql<{ statement: string }>`
    select statement from pg_prepared_statements`.execute(tx);
  return rows.map((row) => row.statement);
}

test('a prepared statement is kept by its connection, with whatever values, and answers as any other', async () => {
  await database.transaction(async (tx) => {
    const double = async (n: number) =>
      (await prepared<{ twice: number }>`select ${n}::integer * 2 as twice`.execute(tx)).rows[0];
    assert.deepEqual(await double(4), { twice: 8 });
    assert.deepEqual(await double(5), { twice: 10 });
    await sql`select ${1}::integer as unkept`.execute(tx);
    const kept = await keptBy(tx);
    assert.equal(kept.filter((text) => /as twice/.test(text)).length, 1);
    assert.ok(!kept.some((text) => /as unkept/.test(text)));
  });
});

test('a failure of a prepared statement is told as any other, and it works again', async () => {
  const divide = (by: number) =>
    prepared<{ is: number }>`select 1 / ${by}::integer as is`.execute(database.pool);
  await assert.rejects(divide(0), { code: '22012' });
  assert.equal((await divide(1)).rows[0]?.is, 1);
});

test('what looks marked but carries the mark inside is not prepared', async () => {
  await database.transaction(async (tx) => {
    await sql`select ${'/* prepared */ x'}::text as inside`.execute(tx);
    assert.ok(!(await keptBy(tx)).some((text) => /as inside/.test(text)));
  });
});
