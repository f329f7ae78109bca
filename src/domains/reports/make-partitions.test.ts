import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import { eventually, testDatabase } from '#testing';
import { at, kindsOf, MSISDN, payment, runReports } from './fixture.ts';
import { makePartitions } from './make-partitions.ts';
import { PARTITIONED, readPartitions } from './store-partitions.ts';

const database = await testDatabase();
const running = await runReports(database);
after(() => running.stop());
const { clock, quiet, reports, tell } = running;

async function countIn(table: string): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count from ${sql.table(`reports.${table}`)}`.execute(database.pool);
  return Number(rows[0]?.count);
}

test('a start makes the partitions of this month and the next two', async () => {
  const names = await readPartitions(database.pool);
  for (const table of PARTITIONED) {
    for (const month of ['2026_11', '2026_12', '2027_01'])
      assert.ok(names.has(`${table}_${month}`));
  }
});

test('rows go to the partition of their month', async () => {
  await tell(payment('accepted'));
  await quiet();
  assert.equal(await countIn('timeline_2026_11'), 1);
  assert.equal(await countIn('timeline_rest'), 0);
});

test('what the net has caught moves when its partition is made, and stays in the story', async () => {
  const later = '2027-02-03T04:05:06.000Z';
  await tell(
    payment('declined', { at: later }),
    payment('expired', { at: '2031-01-01T00:00:00Z' }),
  );
  await quiet();
  assert.equal(await countIn('timeline_rest'), 2);
  clock.set(new Date('2026-12-31T23:59:59Z'));
  await eventually(async () => assert.equal(await countIn('timeline_2027_02'), 1));
  assert.equal(await countIn('timeline_rest'), 1);
  const story = await reports.story(MSISDN, { limit: 10 });
  assert.deepEqual(kindsOf(story), ['payment.accepted', 'payment.declined', 'payment.expired']);
});

test('several processes that start at once make each partition once', async () => {
  clock.set(new Date('2028-01-01T00:00:00Z'));
  const made = await Promise.all([1, 2, 3, 4].map(() => makePartitions(running)));
  assert.ok(new Set(made.flat()).size === made.flat().length);
  assert.ok((await readPartitions(database.pool)).has('hit_2028_03'));
});

test('a writer of an old month does not keep a new one from being made, nor is it kept', async () => {
  clock.set(new Date('2029-01-01T00:00:00Z'));
  await database.transaction(async (tx) => {
    await sql`insert into reports.user_action (at, hit, action) values (${at(0)}, 'hit_1', 'access')`.execute(
      tx,
    );
    await eventually(async () =>
      assert.ok((await readPartitions(database.pool)).has('user_action_2029_03')),
    );
  });
});
