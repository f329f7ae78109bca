import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BusUnderTest, numbered, range, setStage, writeEffects } from '#bus/conformance-stage';
import { openBus } from '#bus/open-bus';
import { type Database, migrate, openDatabase, sql, startEmbeddedServer } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { eventually, MIGRATIONS, temporaryFolder, testDatabase } from '#testing';

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
  assert.ok(entries < 30 * count, `${entries} index entries were read`);
});

test('the database stopped and killed under load: what was committed has one effect', async (t) => {
  const folder = await temporaryFolder();
  const server = await startEmbeddedServer({ folder, durable: true });
  const database = openDatabase({ url: server.url, log: silentLog() });
  t.after(() =>
    t.after(async () => {
      await database.close();
      await server.stop();
    }),
  );
  await migrate(database, MIGRATIONS);
  const stage = await setStage(t, engineOn(database));
  const group = await stage.group('worker', 1);
  await sql`create table sent (n integer primary key)`.execute(database.pool);
  stage.consume(group, { batchSize: 20, concurrency: 3 }, writeEffects);
  const publisher = keepPublishing(stage, database);
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    await progress(publisher);
    await endServer(folder, signal);
    await startEmbeddedServer({ folder, durable: true });
  }
  await progress(publisher);
  await publisher.stop();
  const { rows } = await sql<{ n: number }>`select n from sent order by n`.execute(database.pool);
  const sent = rows.map(({ n }) => n);
  await stage.waitFor(async () => assert.deepEqual(await stage.effects(), sent));
  const [depth] = await stage.bus.depths();
  assert.deepEqual([depth?.ready, depth?.delayed, depth?.dead], [0, 0, 0]);
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

function keepPublishing(stage: Stage, database: Database) {
  let running = true;
  let committed = 0;
  const work = (async () => {
    for (let from = 0; running; from += 10) {
      try {
        await database.transaction(async (tx) => {
          await stage.bus.publish(tx, stage.topic, numbered(10, { from }));
          await sql`insert into sent select generate_series(${from}::integer, ${from + 9}::integer)`.execute(
            tx,
          );
        });
        committed += 1;
      } catch {
        await new Promise((done) => setTimeout(done, 20)); // it may be committed all the same: `sent` knows
      }
    }
  })();
  return {
    committed: () => committed,
    async stop() {
      running = false;
      await work;
    },
  };
}

async function progress(publisher: { committed(): number }): Promise<void> {
  const before = publisher.committed();
  await eventually(() => assert.ok(publisher.committed() > before + 30), { timeoutMs: 40_000 });
}

async function endServer(folder: string, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  const file = join(folder, 'data', 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8')).split('\n')[0]);
  process.kill(pid, signal);
  if (signal === 'SIGINT') {
    const isThere = () =>
      readFile(file).then(
        () => true,
        () => false,
      );
    await eventually(async () => assert.equal(await isThere(), false), { timeoutMs: 30_000 });
  }
}

async function readIndexReads(database: Database): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(database.pool);
  const { rows } = await sql<{ entries: bigint }>`
    select idx_tup_read as entries from pg_stat_user_indexes where indexrelname = 'bus_parcel_pkey'`.execute(
    database.pool,
  );
  return Number(rows[0]?.entries ?? 0n);
}
