import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { startChild } from '#bus/conformance-crash';
import {
  type BusUnderTest,
  numbered,
  range,
  type Stage,
  setStage,
  writeEffects,
} from '#bus/conformance-stage';
import { openBus } from '#bus/open-bus';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { eventually, testDatabase } from '#testing';

const database = await testDatabase();
const engine: BusUnderTest = {
  ...{ name: 'postgres:', url: 'postgres:', database },
  open: (clock) =>
    openBus({
      ...{ url: 'postgres:', database, clock, log: silentLog() },
      ...{ metrics: createMetrics(), source: 'kopek/test' },
    }),
};

for (const ordered of [false, true]) {
  const kind = ordered ? 'an ordered' : 'a plain';
  test(`a consumer of ${kind} topic killed in the midst of a batch: each message has one effect`, async (t) => {
    const stage = await setStage(t, engine, { ordered });
    const group = await stage.group('worker', 3);
    await stage.publish(numbered(200, { keys: 10 }));
    const child = startChild(t, stage, { hangs: 77 });
    await eventually(() => assert.match(child.said(), /holding/), { timeoutMs: 30_000 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (ordered) await endLeases();
    stage.consume(group, { batchSize: 40 }, writeEffects);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(200)));
    if (ordered) await assertOrdered(stage);
  });

  test(`poison in ${kind} topic that kills its process ends as a dead letter, and the others are done`, async (t) => {
    const stage = await setStage(t, engine, { ordered });
    await stage.group('worker', 3);
    await stage.publish(numbered(60, { keys: 10 }));
    let kills = 0;
    let over = false;
    const supervise = async () => {
      while (!over) {
        if (ordered) await endLeases();
        const child = startChild(t, stage, { poison: 25 });
        const ended = once(child, 'exit');
        await Promise.race([ended, waitUntilDead(stage)]);
        if (await isDead(stage)) over = true;
        else kills += 1;
      }
    };
    await supervise();
    const others = range(60).filter((n) => n !== 25);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), others));
    assert.equal(kills, 3);
    if (ordered) await assertOrdered(stage);
  });
}

test('a message put off by its handler is not taken for what killed its consumer', async (t) => {
  const stage = await setStage(t, engine);
  const group = await stage.group();
  stage.consume(group, {}, async (_, messages) =>
    messages.map(
      ({ id }) => ({ id, verdict: 'retry', reason: 'later', delayMs: 3_600_000 }) as const,
    ),
  );
  await stage.publish(numbered(2));
  await stage.waitFor(async () => assert.equal((await readDelayed(stage)).length, 2));
  const outside = await database.connect();
  await outside.query(
    `select pg_terminate_backend(h.backend_pid, 5000) from platform.bus_hand h
     join platform.bus_queue q using (queue) where q.topic = $1`,
    [stage.topic.name],
  );
  await outside.end();
  await stage.waitFor(async () => assert.equal(await countHands(stage), 0));
  const expected = { attempts: 1, alone: false };
  assert.deepEqual(await readDelayed(stage), [expected, expected]);
});

test('a connection that is cut while its handler works costs its message nothing', async (t) => {
  const stage = await setStage(t, engine);
  const group = await stage.group('worker', 1);
  let calls = 0;
  stage.consume(group, {}, async (tx, messages) => {
    await writeEffects(tx, messages);
    calls += 1;
    if (calls > 1) return;
    await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx);
  });
  await stage.publish(numbered(5));
  await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(5)));
});

test('a hand from before the database was started accuses nobody, a later one does', async (t) => {
  const stage = await setStage(t, engine);
  const group = await stage.group();
  const [before, later] = ['2020-01-01T00:00:00Z', new Date().toISOString()];
  for (const [attempts, heldSince] of [before, later].entries()) {
    await stage.publish(numbered(1, { from: attempts }));
    await sql`
      insert into platform.bus_hand (hand, queue, runs, alone, backend_pid, held_since)
      select gen_random_uuid(), m.queue, json_build_array(json_build_array(0, 0, m.id, m.id)), false, 0, ${heldSince}
      from platform.bus_parcel m join platform.bus_queue q using (queue) where q.topic = ${stage.topic.name}`.execute(
      database.pool,
    );
    const seen: number[] = [];
    const consumer = stage.consume(group, {}, async (_, messages) => {
      seen.push(...messages.map((one) => one.attempts));
    });
    await stage.waitFor(() => assert.deepEqual(seen, [attempts]));
    await consumer.stop();
  }
});

async function waitUntilDead(stage: Stage): Promise<void> {
  await eventually(async () => assert.ok(await isDead(stage)), { timeoutMs: 50_000 });
}

async function isDead(stage: Stage): Promise<boolean> {
  const depths = await stage.bus.depths();
  return depths.some((depth) => depth.topic === stage.topic.name && depth.dead > 0);
}

/** As if the time of the leases had passed: liveness is the database's clock, which no test can move. */
async function endLeases(): Promise<void> {
  await sql`update platform.bus_lane set lease_until = '-infinity'`.execute(database.pool);
  await sql`delete from platform.bus_member`.execute(database.pool);
}

async function readDelayed(stage: Stage) {
  const { rows } = await sql<{ attempts: number; alone: boolean }>`
    select d.attempts, d.alone from platform.bus_delayed d join platform.bus_queue q using (queue)
    where q.topic = ${stage.topic.name}`.execute(database.pool);
  return rows;
}

async function countHands(stage: Stage): Promise<number> {
  const { rows } = await sql`
    select from platform.bus_hand h join platform.bus_queue q using (queue)
    where q.topic = ${stage.topic.name}`.execute(database.pool);
  return rows.length;
}

async function assertOrdered(stage: Stage): Promise<void> {
  const last = new Map<string, number>();
  for (const { key, n } of await stage.history()) {
    assert.ok(n > (last.get(key) ?? -1), `${n} of ${key} came after ${last.get(key)}`);
    last.set(key, n);
  }
}
