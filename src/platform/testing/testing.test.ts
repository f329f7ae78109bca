import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { sql } from '#database';
import { eventually, freePort, temporaryFolder, testDatabase } from '#testing';

const database = await testDatabase();
after(async () => {
  await sql`select 1`.execute(database.pool); // a hook of the file still has the database
});

test('a test database is migrated and empty', async () => {
  const { rows } = await sql<{ migrations: bigint }>`
    select count(*) as migrations from platform.migration`.execute(database.pool);
  assert.ok((rows[0]?.migrations ?? 0n) > 0n);
});

test('two test databases do not see each other', async (t) => {
  const other = await testDatabase(t);
  await sql`create table only_here (id int)`.execute(other.pool);
  const found = await sql<{ name: string | null }>`
    select to_regclass('only_here')::text as name`.execute(database.pool);
  assert.equal(found.rows[0]?.name, null);
});

test('eventually returns the answer as soon as the check passes', async () => {
  let tries = 0;
  const answer = await eventually(
    () => {
      tries += 1;
      assert.equal(tries, 3);
      return 'yes';
    },
    { intervalMs: 1 },
  );
  assert.equal(answer, 'yes');
});

test('eventually gives up with the last failure in its message', async () => {
  const never = eventually(() => assert.fail('not yet'), { timeoutMs: 20, intervalMs: 5 });
  await assert.rejects(never, /after 20 ms and \d+ tries: not yet/);
});

test('a free port refuses connections until somebody listens', async () => {
  const port = await freePort();
  const code = await new Promise((done) =>
    connect(port, '127.0.0.1').once('error', (error: NodeJS.ErrnoException) => done(error.code)),
  );
  assert.equal(code, 'ECONNREFUSED');
});

test('a temporary folder is there during its test only', async (t) => {
  let folder = '';
  await t.test('inside', async (inner) => {
    folder = await temporaryFolder(inner);
    assert.ok(existsSync(folder));
  });
  assert.ok(!existsSync(folder));
});
