import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { migrate, openDatabase, pendingMigrations, sql } from '#database';
import { silentLog } from '#log';
import { MIGRATIONS, temporaryFolder, testDatabase } from '#testing';

/** A folder of migrations, and a database that has seen none of them. */
async function stage(t: TestContext) {
  const database = await testDatabase(t);
  await sql`delete from platform.migration`.execute(database.pool);
  const folder = await temporaryFolder(t);
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  await write('0001_a.sql', 'create table public.first (id int);');
  await write('0002_b.sql', 'alter table public.first add column name text;');
  await write('README.md', 'no migration');
  return { database, folder, write };
}

test('migrations are applied once each, in the order of their names', async (t) => {
  const { database, folder, write } = await stage(t);
  assert.deepEqual(await pendingMigrations(database, folder), ['0001_a.sql', '0002_b.sql']);
  assert.deepEqual(await migrate(database, folder), {
    applied: ['0001_a.sql', '0002_b.sql'],
    total: 2,
  });
  assert.deepEqual(await migrate(database, folder), { applied: [], total: 2 });
  await write('0003_c.sql', 'create index on public.first (name);');
  assert.deepEqual(await pendingMigrations(database, folder), ['0003_c.sql']);
  assert.deepEqual((await migrate(database, folder)).applied, ['0003_c.sql']);
});

test('one that fails leaves nothing of itself, names itself, and can be mended', async (t) => {
  const { database, folder, write } = await stage(t);
  await write('0002_b.sql', 'create table public.second (id int); select 1 / 0;');
  await assert.rejects(migrate(database, folder), {
    code: 'migration_failed',
    message: /0002_b\.sql.*division by zero/,
  });
  const { rows } = await sql<{ found: string | null }>`
    select to_regclass('public.second')::text as found`.execute(database.pool);
  assert.equal(rows[0]?.found, null);
  await write('0002_b.sql', 'create table public.second (id int);');
  assert.deepEqual((await migrate(database, folder)).applied, ['0002_b.sql']);
});

test('a file that was changed after it had been applied is refused, and nothing runs', async (t) => {
  const { database, folder, write } = await stage(t);
  await migrate(database, folder);
  await write('0001_a.sql', 'create table public.first (id bigint);');
  await write('0003_c.sql', 'create table public.third (id int);');
  const expected = { code: 'migration_edited', kind: 'precondition', message: /0001_a\.sql/ };
  await assert.rejects(migrate(database, folder), expected);
  await assert.rejects(pendingMigrations(database, folder), expected);
  const { rows } = await sql<{ found: string | null }>`
    select to_regclass('public.third')::text as found`.execute(database.pool);
  assert.equal(rows[0]?.found, null);
});

test('a database that is newer than the code is refused, and says which migration it has', async (t) => {
  const { database, folder } = await stage(t);
  await migrate(database, folder);
  await rm(join(folder, '0002_b.sql'));
  await assert.rejects(migrate(database, folder), {
    code: 'database_newer',
    message: /0002_b\.sql.*knows 0001_a\.sql/,
  });
});

test('of processes that migrate at once each migration is applied by one', async (t) => {
  const { database, folder } = await stage(t);
  const reports = await Promise.all(Array.from({ length: 4 }, () => migrate(database, folder)));
  const applied = reports.flatMap((report) => report.applied);
  assert.deepEqual(applied.toSorted(), ['0001_a.sql', '0002_b.sql']);
});

test('an empty database takes the migrations of this house', async (t) => {
  const template = await testDatabase(t);
  const name = `kopek_test_${process.pid}_empty`;
  await sql.raw(`create database ${name}`).execute(template.pool);
  const url = new URL(template.url);
  url.pathname = `/${name}`;
  const empty = openDatabase({ url: url.href, log: silentLog() });
  t.after(() => empty.close());
  const { applied, total } = await migrate(empty, MIGRATIONS);
  assert.equal(applied.length, total);
  assert.ok(applied.every((file) => /^\d{4}_[a-z]+_\w+\.sql$/.test(file)));
});
