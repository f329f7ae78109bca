import assert from 'node:assert/strict';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Type } from 'typebox';
import { LANES, laneOf } from '#bus/key-hash';
import { openBus } from '#bus/open-bus';
import { defineTopic } from '#bus/topic';
import { createSystemClock } from '#clock';
import { type Database, migrate, openDatabase, sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { eventually, MIGRATIONS, temporaryFolder, testDatabase } from '#testing';
import {
  cutParcels,
  declareQueue,
  insertMessages,
  PARCEL_MOST,
  type QueueRow,
  type TakenRow,
  takeFresh,
  takeThese,
} from './store.ts';

const database = await testDatabase();
const NOW = new Date('2026-03-01T09:00:00Z');
let queues = 0;
let olds = 0;

async function newQueue(): Promise<QueueRow> {
  queues += 1;
  return declareQueue(database.pool, {
    ...{ topic: `parcels.${queues}`, group_name: 'worker', ordered: false },
    ...{ lanes: 16, attempts_max: 3, engine: 'postgres', priorities: 1 },
  });
}

interface Publication {
  readonly from: number;
  readonly count: number;
  readonly slot?: number;
}

async function lay(queue: QueueRow, { count, from, slot = 0 }: Publication): Promise<void> {
  const messages = Array.from({ length: count }, (_, at) => ({
    ...{ topic: queue.topic, id: uuidOf(from + at), key: `k${from + at}` },
    ...{ slot, lane: undefined, dueAt: undefined },
    traceparent: (from + at) % 3 === 0 ? `t${from + at}` : undefined,
    payload: JSON.stringify({ n: from + at, text: 'x'.repeat(((from + at) * 37) % 300) }),
  }));
  await database.transaction((tx) =>
    insertMessages(tx, { messages, publishedAt: NOW, source: 'kopek/test' }),
  );
}

const uuidOf = (n: number) => `018f2f3e-0000-7000-8000-${String(n).padStart(12, '0')}`;
const numberOf = (row: TakenRow) => Number(row.message_id.slice(-12));

/** Every column of a message must have stayed with it, however often its parcel was cut. */
function assertWhole(rows: readonly TakenRow[]): void {
  for (const row of rows) {
    const n = numberOf(row);
    assert.equal(row.key, `k${n}`);
    assert.equal(row.traceparent, n % 3 === 0 ? `t${n}` : null);
    assert.equal((JSON.parse(row.payload) as { n: number }).n, n);
  }
}

const take = (queue: QueueRow, most: number, slots = [0]) =>
  database.transaction((tx) =>
    takeFresh(tx, { queue: queue.queue, slots, floors: slots.map(() => 0n), most }),
  );

async function sizesOf(queue: QueueRow): Promise<readonly number[]> {
  const { rows } = await sql<{ size: number }>`
    select size from platform.bus_parcel where queue = ${queue.queue} order by slot, id`.execute(
    database.pool,
  );
  return rows.map(({ size }) => size);
}

test('messages that are published together lie together, and no more than fit', async () => {
  const queue = await newQueue();
  await lay(queue, { from: 0, count: 3 });
  await lay(queue, { from: 3, count: 1 });
  assert.deepEqual(await sizesOf(queue), [3, 1]);
  await lay(queue, { from: 4, count: 500 });
  const sizes = await sizesOf(queue);
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    504,
  );
  assert.ok(Math.max(...sizes) <= PARCEL_MOST);
  const { rows } = await sql<{ bytes: bigint }>`
    select max(length(payloads) + length(keys) + length(message_ids)) as bytes from platform.bus_parcel
    where queue = ${queue.queue}`.execute(database.pool);
  assert.ok((rows[0]?.bytes ?? 0n) < 8000n);
});

test('whatever sizes are published, taken and cut: each message comes once, whole and in order', async () => {
  const step = fc.oneof(
    fc.record({ lay: fc.integer({ min: 1, max: 150 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 130 }) }),
    fc.record({ cut: fc.integer({ min: 1, max: 63 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const queue = await newQueue();
      const taken: TakenRow[] = [];
      let laid = 0;
      for (const one of steps) {
        if ('lay' in one) {
          await lay(queue, { from: laid, count: one.lay });
          laid += one.lay;
        } else if ('cut' in one) {
          const head = { queue: queue.queue, slots: [0], floors: [0n], most: one.cut };
          await cutParcels(database.pool, head);
          assert.ok((await sizesOf(queue)).slice(0, 8).every((size) => size <= one.cut));
        } else {
          const rows = await take(queue, one.take);
          assert.equal(rows.length, Math.min(one.take, laid - taken.length));
          taken.push(...rows);
        }
      }
      taken.push(...(await take(queue, 10_000)));
      assert.deepEqual(
        taken.map(numberOf),
        Array.from({ length: laid }, (_, n) => n),
      );
      assert.equal(new Set(taken.map((row) => row.id)).size, laid);
      assertWhole(taken);
    }),
    { numRuns: 40 },
  );
});

test('some of what failed is taken again, and the rest of its parcel stays where it was', async () => {
  const some = fc.subarray(
    Array.from({ length: 90 }, (_, n) => n),
    { minLength: 1 },
  );
  await fc.assert(
    fc.asyncProperty(some, async (wanted) => {
      const queue = await newQueue();
      await lay(queue, { from: 0, count: 90 });
      const seen: TakenRow[] = [];
      const failing = database.transaction(async (tx) => {
        const all = { queue: queue.queue, slots: [0], floors: [0n], most: 90 };
        seen.push(...(await takeFresh(tx, all)));
        throw new Error('no');
      });
      await assert.rejects(failing, /no/);
      const chosen = seen.filter((row) => wanted.includes(numberOf(row)));
      const again = await database.transaction((tx) => takeThese(tx, queue, chosen));
      assert.deepEqual(again.map(numberOf).sort(ascending), wanted);
      assertWhole(again);
      const rest = await take(queue, 100);
      assert.deepEqual(
        rest.map(numberOf),
        seen.map(numberOf).filter((n) => !wanted.includes(n)),
      );
      assertWhole(rest);
      const ids = new Map([...again, ...rest].map((row) => [numberOf(row), row.id]));
      for (const row of seen) assert.equal(ids.get(numberOf(row)), row.id);
    }),
    { numRuns: 25 },
  );
});

test('messages that waited before there were parcels are taken after the migration', async (t) => {
  const old = await databaseBefore('0004_platform_bus_parcels.sql');
  t.after(() => t.after(() => old.close()));
  await sql`insert into platform.bus_queue (topic, group_name, ordered, lanes, attempts_max)
    values ('old', 'worker', false, 16, 3)`.execute(old.pool);
  await sql`insert into platform.bus_message (queue, slot, message_id, key, published_at, source, payload)
    select 1, 0, gen_random_uuid(), 'k' || n, ${NOW}, 'kopek/old', json_build_object('n', n)
    from generate_series(1, 20) n`.execute(old.pool);
  await migrate(old, MIGRATIONS);
  const rows = await old.transaction((tx) =>
    takeFresh(tx, { queue: 1, slots: [0], floors: [0n], most: 15 }),
  );
  assert.deepEqual(
    rows.map((row) => JSON.parse(row.payload).n),
    Array.from({ length: 15 }, (_, at) => at + 1),
  );
  const bus = await openBus({
    ...{ url: 'postgres:', database: old, clock: createSystemClock(), log: silentLog() },
    ...{ metrics: createMetrics(), source: 'kopek/test' },
  });
  const [depth] = await bus.depths();
  await bus.close();
  assert.equal(depth?.ready, 5);
});

test('what waited in an ordered queue comes before what is published after the migration', async (t) => {
  const old = await databaseBefore('0004_platform_bus_parcels.sql');
  t.after(() => t.after(() => old.close()));
  const topic = defineTopic<{ n: number }>('old.ordered', {
    ...{ schema: Type.Object({ n: Type.Integer() }), description: 'numbers', ordered: true },
  });
  // The database had laid the key into another lane than we do.
  const slot = (laneOf('k') + 1) % LANES;
  await sql`insert into platform.bus_queue (topic, group_name, ordered, lanes, attempts_max)
    values (${topic.name}, 'worker', true, ${LANES}, 3)`.execute(old.pool);
  await sql`insert into platform.bus_message (queue, slot, message_id, key, published_at, source, payload)
    select 1, ${slot}, gen_random_uuid(), 'k', ${NOW}, 'kopek/old', json_build_object('n', n)
    from generate_series(1, 20) n`.execute(old.pool);
  await migrate(old, MIGRATIONS);
  const bus = await openBus({
    ...{ url: 'postgres:', database: old, clock: createSystemClock(), log: silentLog() },
    ...{ metrics: createMetrics(), source: 'kopek/test' },
  });
  const group = { topic, name: 'worker' };
  await bus.declare([group as never]);
  const payloads = Array.from({ length: 20 }, (_, at) => ({ n: 21 + at }));
  await old.transaction((tx) =>
    bus.publish(
      tx,
      topic,
      payloads.map((payload) => ({ key: 'k', payload })),
    ),
  );
  const seen: number[] = [];
  const consumer = bus.consume(group, { batchSize: 3, concurrency: 2 }, async (_, messages) => {
    seen.push(...messages.map(({ payload }) => payload.n));
  });
  await eventually(() => assert.equal(seen.length, 40), { timeoutMs: 30_000 });
  await consumer.stop();
  await bus.close();
  assert.deepEqual(seen, seen.toSorted(ascending));
});

const ascending = (left: number, right: number) => left - right;

/** A database as it was before `migration`. */
async function databaseBefore(migration: string): Promise<Database> {
  const folder = await temporaryFolder();
  for (const name of (await readdir(MIGRATIONS)).filter((one) => one < migration)) {
    await cp(join(MIGRATIONS, name), join(folder, name));
  }
  const url = new URL(database.url);
  olds += 1;
  const name = `kopek_old_${process.pid}_${olds}`;
  await sql.raw(`create database ${name} template template0`).execute(database.pool);
  url.pathname = `/${name}`;
  const old = openDatabase({ url: url.href, log: silentLog() });
  await migrate(old, folder);
  return old;
}
