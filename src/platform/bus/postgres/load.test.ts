import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDatabaseCrashes } from '#bus/conformance-database';
import { type BusUnderTest, numbered, range, setStage, writeEffects } from '#bus/conformance-stage';
import { openBus } from '#bus/open-bus';
import { type Database, openDatabase, sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { testDatabase } from '#testing';

function engineOn(database: Database): BusUnderTest {
  return {
    ...{ name: 'postgres:', url: 'postgres:', database },
    open: (clock) =>
      openBus({
        ...{ url: 'postgres:', database, clock, log: silentLog() },
        ...{ metrics: createMetrics(), source: 'kopek/test' },
      }),
  };
}

const shared = await testDatabase();

test('consumers that together need more connections than there are go on working', async (t) => {
  const database = openDatabase({ url: shared.url, log: silentLog(), connectionsMax: 3 });
  t.after(() => t.after(() => database.close()));
  const stage = await setStage(t, engineOn(database));
  const group = await stage.group();
  const beganMs = performance.now();
  stage.consume(group, { concurrency: 8, batchSize: 5 }, writeEffects);
  await stage.publish(numbered(400));
  await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(400)));
  assert.ok(performance.now() - beganMs < 9000, 'nobody waited for a connection that never came');
});

test('under a snapshot held open the index is not read again from its beginning', async (t) => {
  const stage = await setStage(t, engineOn(shared));
  const group = await stage.group();
  const holder = await shared.connect();
  t.after(() => holder.end());
  await holder.query(
    'begin isolation level repeatable read; select count(*) from platform.bus_parcel',
  );
  const count = 40_000;
  await layParcels(stage, count);
  const before = await readIndexReads(shared);
  stage.consume(group, { batchSize: 200 }, writeEffects);
  await stage.waitFor(async () => assert.equal((await stage.effects()).length, count));
  await holder.query('rollback');
  await stage.waitFor(async () => {
    const entries = (await readIndexReads(shared)) - before;
    assert.ok(entries >= count, 'the statistics have arrived');
  });
  const entries = (await readIndexReads(shared)) - before;
  // From the beginning each time it would be a hundred times the count.
  assert.ok(entries < 60 * count, `${entries} index entries were read`);
});

/** As if each message had been published alone. */
async function layParcels({ topic }: Stage, count: number): Promise<void> {
  await sql`
    insert into platform.bus_parcel (queue, slot, id, size, message_ids, keys, published_at, source, payloads)
    select q.queue, 0, platform.bus_next_id(), 1, gen_random_uuid(), 'k', clock_timestamp(), 'kopek/test',
      json_build_object('n', n)
    from platform.bus_queue q, generate_series(1, ${count}::integer) n where q.topic = ${topic.name}`.execute(
    shared.pool,
  );
}

type Stage = Awaited<ReturnType<typeof setStage>>;

describeDatabaseCrashes(engineOn);

async function readIndexReads(database: Database): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(database.pool);
  const { rows } = await sql<{ entries: bigint }>`
    select idx_tup_read as entries from pg_stat_user_indexes where indexrelname = 'bus_parcel_pkey'`.execute(
    database.pool,
  );
  return Number(rows[0]?.entries ?? 0n);
}
