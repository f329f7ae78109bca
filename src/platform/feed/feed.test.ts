import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import {
  behindPosition,
  FEED_START,
  type FeedPosition,
  inFeedOrder,
  readFeedCursor,
  writeFeedCursor,
} from '#feed';
import { eventually, testDatabase } from '#testing';

const database = await testDatabase();
const columns = { transaction: 'happening.written_by', id: 'happening.id' };
await sql`create table happening (
  id bigint generated always as identity primary key,
  written_by xid8 not null default pg_current_xact_id(), name text not null)`.execute(
  database.pool,
);
await sql`create index on happening (written_by, id)`.execute(database.pool);

interface Row {
  readonly id: bigint;
  readonly name: string;
  readonly transaction: string;
}

async function read(position: FeedPosition, limit = 100) {
  const { rows } = await sql<Row>`
    select id, name, written_by as transaction from happening
    where ${behindPosition(columns, position)} order by ${inFeedOrder(columns)} limit ${limit}`.execute(
    database.pool,
  );
  const last = rows.at(-1);
  const next = last ? { transaction: BigInt(last.transaction), id: last.id } : position;
  return { names: rows.map(({ name }) => name), next };
}

const write = 'insert into happening (name) values ($1)';

test('a transaction that began to write first and commits last is not skipped, and comes first', async () => {
  const [older, newer] = [await database.connect(), await database.connect()];
  await older.query('begin');
  await older.query(write, ['older']);
  await newer.query(write, ['newer']);
  // Whoever went by ids would read `newer` now, and never `older`.
  const { rows } = await sql<Row>`select * from happening`.execute(database.pool);
  assert.deepEqual(
    rows.map(({ id, name }) => [id, name]),
    [[2n, 'newer']],
  );
  const before = await read(FEED_START);
  assert.deepEqual(before.names, []);
  await older.query('commit');
  // Another test file on this server may hold the feed for a moment: numbers of transactions are the server's.
  const after = await eventually(
    async () => {
      const page = await read(before.next);
      assert.deepEqual(page.names, ['older', 'newer']);
      return page;
    },
    { timeoutMs: 60_000 },
  );
  assert.deepEqual((await read(after.next)).names, []);
  await Promise.all([older.end(), newer.end()]);
});

test('many that write at once, some of whom take it back: the reader gets each that is there once', async () => {
  const start = (await read(FEED_START)).next;
  let isOver = false;
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let turn = 0; turn < 25; turn += 1) {
      const write = database.transaction(async (tx) => {
        for (const part of ['a', 'b'])
          await sql`insert into happening (name) values (${`${writer}/${turn}${part}`})`.execute(
            tx,
          );
        await sql`select pg_sleep(${Math.random() / 200})`.execute(tx);
        if (turn % 5 === 4) throw new Error('taken back');
      });
      await write.catch(() => {});
    }
  });
  const reading = (async () => {
    const names: string[] = [];
    let position = start;
    const goOn = async () => {
      const page = await read(readFeedCursor(writeFeedCursor(position)), 7);
      names.push(...page.names);
      position = page.next;
    };
    while (!isOver) await goOn();
    await eventually(
      async () => {
        await goOn();
        assert.ok(names.length >= 6 * 20 * 2);
      },
      { timeoutMs: 60_000 },
    );
    await goOn();
    return names;
  })();
  await Promise.all(writers);
  isOver = true;
  const names = await reading;
  assert.equal(names.length, 6 * 20 * 2);
  assert.equal(new Set(names).size, names.length);
  for (let writer = 0; writer < 6; writer += 1) {
    const own = names.filter((name) => name.startsWith(`${writer}/`));
    const turns = own.map((name) => Number.parseInt(name.split('/')[1] ?? '', 10));
    assert.deepEqual(
      turns,
      turns.toSorted((a, b) => a - b),
      'of one writer in the order of its writing',
    );
  }
});

test('a page is read by its index, however long the table', async () => {
  await sql`insert into happening (name) select 'old' from generate_series(1, 20000)`.execute(
    database.pool,
  );
  await sql`analyze happening`.execute(database.pool);
  const { rows } = await sql<{ 'QUERY PLAN': string }>`
    explain select id from happening
    where ${behindPosition(columns, { transaction: 1n, id: 1n })} order by ${inFeedOrder(columns)} limit 10`.execute(
    database.pool,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  assert.match(plan, /Index (Only )?Scan/);
  assert.doesNotMatch(plan, /Sort/);
});

test('a cursor keeps all digits, and what is none is refused by name', () => {
  const position = { transaction: 2n ** 63n + 1n, id: 2n ** 62n + 1n };
  assert.deepEqual(readFeedCursor(writeFeedCursor(position)), position);
  assert.deepEqual(readFeedCursor(undefined), FEED_START);
  const spelled = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  for (const odd of [
    '',
    'x',
    spelled('1'),
    spelled('-1', '1'),
    spelled('1', '9'.repeat(20)),
    spelled('1', 'x'),
  ])
    assert.throws(() => readFeedCursor(odd), { code: 'cursor_invalid', kind: 'invalid' });
});
