import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type Database, sql } from '#database';
import { eventually } from '#testing';
import {
  type BusUnderTest,
  numbered,
  range,
  type Stage,
  setStage,
  writeEffects,
} from './conformance-stage.ts';
import type { CrashSettings } from './crash-child.ts';

export type Child = ChildProcess & { readonly said: () => string };

const WAIT_MS = 30_000;

/** A process of its own on the same topic. It is killed when the test ends. */
export function startChild(
  t: TestContext,
  stage: Stage,
  settings: Partial<CrashSettings> = {},
): Child {
  const { clock, database, engine, topic } = stage;
  const all = { url: database.url, bus: engine.url, topic: topic.name, ordered: topic.ordered };
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'crash-child.ts'),
      JSON.stringify({ ...all, attemptsMax: 3, nowMs: clock.nowMs(), ...settings }),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  return Object.assign(child, { said: () => said });
}

export async function hears(child: Child, word: string): Promise<void> {
  await eventually(() => assert.ok(child.said().includes(word)), { timeoutMs: WAIT_MS });
}

export async function kill(child: Child): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** As if the time of the leases had passed: liveness is the database's clock, which no test can move. */
export async function endLeases(database: Database): Promise<void> {
  // Who works on a lane is waited for, whatever its lease says.
  await sql`update platform.bus_lane set lease_until = '-infinity' where ctid = any (array(
    select ctid from platform.bus_lane for update skip locked))`.execute(database.pool);
  await sql`delete from platform.bus_member`.execute(database.pool);
}

export async function assertOrdered(stage: Stage): Promise<void> {
  const last = new Map<string, number>();
  for (const { key, n } of await stage.history()) {
    assert.ok(n > (last.get(key) ?? -1), `${n} of ${key} came after ${last.get(key)}`);
    last.set(key, n);
  }
}

/** Wherever a process dies, or falls asleep: one effect of each message, in order where that was promised. */
export function describeCrashes(engine: BusUnderTest): void {
  describe(`crashes on ${engine.name}`, () => {
    for (const ordered of [false, true]) describeConsumersThatDie(engine, ordered);
    describeRelays(engine);
  });
}

function describeConsumersThatDie(engine: BusUnderTest, ordered: boolean): void {
  const kind = ordered ? 'an ordered' : 'a plain';

  test(`a consumer of ${kind} topic killed in the midst of a batch`, async (t) => {
    const stage = await setStage(t, engine, { ordered });
    const group = await stage.group('worker', 3);
    await stage.publish(numbered(200, { keys: 10 }));
    await stage.arrived();
    const child = startChild(t, stage, { hangs: 77 });
    await hears(child, 'holding');
    await kill(child);
    await endLeases(stage.database);
    stage.consume(group, { batchSize: 40 }, writeEffects);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(200)));
    if (ordered) await assertOrdered(stage);
  });

  test(`a consumer of ${kind} topic killed after its commit, before the acknowledgement`, async (t) => {
    const stage = await setStage(t, engine, { ordered });
    const group = await stage.group('worker', 3);
    await stage.publish(numbered(120, { keys: 10 }));
    await stage.arrived();
    const child = startChild(t, stage, { diesCommitted: true });
    await once(child, 'exit');
    const before = await stage.effects();
    assert.ok(before.length > 0, 'something was committed before it died');
    await endLeases(stage.database);
    stage.consume(group, { batchSize: 40 }, writeEffects);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(120)));
    if (ordered) await assertOrdered(stage);
    const [depth] = (await stage.bus.depths()).filter((one) => one.topic === stage.topic.name);
    assert.equal(depth?.dead, 0);
  });

  test(`a consumer of ${kind} topic that slept past its lease and wakes up`, async (t) => {
    const stage = await setStage(t, engine, { ordered });
    const group = await stage.group('worker', 3);
    await stage.publish(numbered(200, { keys: 10 }));
    await stage.arrived();
    const child = startChild(t, stage, { lingersMs: 300 });
    await hears(child, 'holding');
    child.kill('SIGSTOP');
    await endLeases(stage.database);
    stage.consume(group, { batchSize: 40 }, writeEffects);
    await stage.publish(numbered(100, { from: 200, keys: 10 }));
    await new Promise((done) => setTimeout(done, 1500));
    child.kill('SIGCONT');
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(300)));
    if (ordered) await assertOrdered(stage);
    await kill(child);
  });

  test(`poison in ${kind} topic that kills its process ends as a dead letter`, async (t) => {
    const stage = await setStage(t, engine, { ordered });
    await stage.group('worker', 3);
    await stage.publish(numbered(60, { keys: 10 }));
    await stage.arrived();
    let kills = 0;
    for (let over = false; !over; ) {
      await endLeases(stage.database);
      const child = startChild(t, stage, { poison: 25 });
      await Promise.race([once(child, 'exit'), waitUntilDead(stage)]);
      over = await isDead(stage);
      if (!over) kills += 1;
    }
    const others = range(60).filter((n) => n !== 25);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), others));
    assert.equal(kills, 3);
    if (ordered) await assertOrdered(stage);
  });
}

function describeRelays(engine: BusUnderTest): void {
  test('a relay killed between the confirmation and the deletion sends twice, with one effect', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    await stage.bus.close();
    const release = await holdDeletes(stage.database);
    const child = startChild(t, stage, { consumes: false, publishes: 300 });
    await hears(child, 'published');
    await eventually(async () => assert.ok((await countBlocked(stage.database)) > 0), {
      timeoutMs: WAIT_MS,
    });
    await kill(child);
    await release();
    await endLeases(stage.database);
    const bus = await stage.another();
    await bus.declare([group as never]);
    stage.consume(group, { on: bus }, writeEffects);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(300)));
    await stage.database.transaction((tx) =>
      bus.publish(tx, stage.topic, numbered(50, { from: 300, keys: 10 })),
    );
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(350)));
    await assertOrdered(stage);
  });

  test('a relay that slept between its register and its sending sends late, with no second effect', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    await stage.bus.close();
    const child = startChild(t, stage, { consumes: false, publishes: 200, holdsSends: true });
    await hears(child, 'sending');
    await endLeases(stage.database);
    const bus = await stage.another();
    await bus.declare([group as never]);
    stage.consume(group, { on: bus }, writeEffects);
    const publish = (count: number, from: number) =>
      stage.database.transaction((tx) =>
        bus.publish(tx, stage.topic, numbered(count, { from, keys: 10 })),
      );
    await publish(100, 200);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(300)));
    child.kill('SIGUSR2');
    // What it sends now is what has been sent; a message after it shows that it was passed over.
    await new Promise((done) => setTimeout(done, 1500));
    await publish(100, 300);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(400)));
    await kill(child);
    await publish(10, 400);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(410)));
    await assertOrdered(stage);
  });

  test('processes killed again and again at any moment', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group('worker', 1000);
    for (let round = 0; round < 6; round += 1) {
      const child = startChild(t, stage, { attemptsMax: 1000 });
      await stage.publish(numbered(100, { from: round * 100, keys: 10 }));
      await new Promise((done) => setTimeout(done, 700 + Math.random() * 900));
      await kill(child);
      await endLeases(stage.database);
    }
    stage.consume(group, { batchSize: 40 }, writeEffects);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(600)));
    await assertOrdered(stage);
  });
}

/** From now on whoever deletes what was sent waits, until the answer is called. */
async function holdDeletes(database: Database): Promise<() => Promise<void>> {
  const holder = await database.connect();
  await holder.query('select pg_advisory_lock(4711)');
  await sql`create or replace function hold_deletes() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock(4711); return old; end $$`.execute(database.pool);
  await sql`create trigger hold_deletes before delete on platform.bus_outgoing
    for each row execute function hold_deletes()`.execute(database.pool);
  return async () => {
    await holder.end();
    await sql`drop trigger hold_deletes on platform.bus_outgoing`.execute(database.pool);
  };
}

async function countBlocked(database: Database): Promise<number> {
  const { rows } = await sql`select from pg_locks
    where locktype = 'advisory' and objid = 4711 and not granted`.execute(database.pool);
  return rows.length;
}

async function waitUntilDead(stage: Stage): Promise<void> {
  await eventually(async () => assert.ok(await isDead(stage)), { timeoutMs: 50_000 });
}

async function isDead(stage: Stage): Promise<boolean> {
  const { rows } = await sql`select from platform.bus_dead d join platform.bus_queue q using (queue)
    where q.topic = ${stage.topic.name}`.execute(stage.database.pool);
  return rows.length > 0;
}
