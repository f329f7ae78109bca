import assert from 'node:assert/strict';
import { exec } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Database, sql } from '#database';
import type { AppError } from '#errors';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createTcpProxy } from '#testing';
import { type Bus, type Message, parcel } from './bus.ts';
import {
  type BusUnderTest,
  gate,
  type Load,
  numbered,
  range,
  type Stage,
  setStage,
  writeEffects,
} from './conformance-stage.ts';
import { moveQueues } from './move.ts';
import { openBus } from './open-bus.ts';
import { type BusRoute, createRouting } from './routes.ts';

/** A broker as its tests see it: what other systems do with it, and how it is reached. */
export interface BrokerUnderTest extends BusUnderTest {
  /** Another system sends a message to the broker itself. */
  sendForeign(topic: string, message: ForeignMessage): Promise<void>;
  readonly host: string;
  readonly port: number;
  /** Its URL by way of another port. */
  through(port: number): string;
  /** A command that stops and starts it; without it the test of a restart is skipped. */
  readonly restart: string | undefined;
}

export interface ForeignMessage {
  readonly body: string;
  readonly key?: string;
  readonly id?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What only engines with a broker have to show. */
export function describeBroker(engine: BrokerUnderTest): void {
  describe(`the broker behind ${engine.name}`, () => {
    describe('foreign messages', () => describeForeign(engine));
    describe('setting apart', () => describeSettingApart(engine));
    describe('routes', () => describeRoutes(engine));
    describe('moving', () => describeMoves(engine));
    describe('a broker that is away', () => describeAbsence(engine));
    describe('a broker that stands still', () => describeStandstill(engine));
    describe('a slow consumer', () => describeSlowness(engine));
  });
}

function describeForeign(engine: BrokerUnderTest): void {
  test('another system may send with no more than JSON, and is known by its own ids', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    const seen: Message<Load>[] = [];
    stage.consume(group, {}, async (_, messages) => {
      seen.push(...messages);
      return messages
        .filter((one) => one.attempts === 0 && one.payload.n === 1)
        .map(({ id }) => ({ id, verdict: 'retry', reason: 'later', delayMs: 1000 }) as const);
    });
    const attributes = { source: 'erp', time: '2025-05-05T05:05:05.555Z', subject: 'k 1' };
    const body = '{"n": 1, "amount": 9007199254740993}';
    await engine.sendForeign(stage.topic.name, { body, id: 'ERP 4711/a', attributes });
    await engine.sendForeign(stage.topic.name, { body: '{"n":2}', key: 'k2' });
    await stage.waitFor(() => assert.equal(seen.length, 2));
    stage.clock.advanceMs(1000);
    await stage.waitFor(() => assert.equal(seen.length, 3));
    const [first, again] = seen.filter((one) => one.payload.n === 1);
    assert.deepEqual(
      [first?.id, first?.source, first?.key, first?.time.toISOString(), first?.text],
      ['ERP 4711/a', 'erp', 'k 1', '2025-05-05T05:05:05.555Z', body],
    );
    assert.deepEqual([again?.id, again?.source, again?.attempts], ['ERP 4711/a', 'erp', 1]);
    const second = seen.find((one) => one.payload.n === 2);
    assert.ok(second && second.id.length > 0 && second.key.length > 0);
  });

  test('what is no JSON, or of another shape, goes to the dead letters with its reason', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    stage.consume(group, {}, writeEffects);
    await engine.sendForeign(stage.topic.name, { body: 'n = 1 \u0000' });
    await engine.sendForeign(stage.topic.name, { body: '{"n":"one"}' });
    await engine.sendForeign(stage.topic.name, { body: '' });
    await engine.sendForeign(stage.topic.name, { body: '{"n":3}' });
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [3]));
    const { rows } = await sql<{ error: string }>`
      select d.error from platform.bus_dead d join platform.bus_queue q using (queue)
      where q.topic = ${stage.topic.name} order by d.error`.execute(stage.database.pool);
    assert.equal(rows.length, 3);
    assert.match(
      rows.map(({ error }) => error).join('\n'),
      /no JSON.*\n.*no JSON.*\n.*not of the shape/,
    );
    // Put back, they are what they were: no handler sees them.
    const isDead = async () => {
      const depth = (await stage.bus.depths()).find(({ topic }) => topic === stage.topic.name);
      assert.deepEqual([depth?.delayed, depth?.ready, depth?.dead], [0, 0, 3]);
    };
    assert.equal(await stage.bus.redrive(stage.topic.name, { limit: 10 }), 3);
    await stage.waitFor(isDead);
    assert.deepEqual(await stage.effects(), [3]);
  });
}

/** What was set apart in a transaction that failed is not forgotten with it. */
function describeSettingApart(engine: BrokerUnderTest): void {
  test('what may be poison, or can not be read, is kept also when a message beside it fails', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group('worker', 1);
    const poison = randomUUID();
    await stage.publish([{ key: 'k', id: poison, payload: { n: 0 } }]);
    await stage.arrived();
    await engine.sendForeign(stage.topic.name, { body: '{"n":"one"}', key: 'k' });
    await stage.publish([1, 2].map((n) => ({ key: 'k', payload: { n } })));
    await stage.arrived();
    await sql`insert into platform.bus_suspected (queue, message_id)
      select queue, ${poison} from platform.bus_queue where topic = ${stage.topic.name}`.execute(
      stage.database.pool,
    );
    stage.consume(group, {}, async (tx, messages) => {
      if (messages.some((one) => one.payload.n === 2)) throw new Error('no');
      await writeEffects(tx, messages);
    });
    await stage.waitFor(async () => {
      const [depth] = (await stage.bus.depths()).filter(({ topic }) => topic === stage.topic.name);
      assert.deepEqual([await stage.effects(), depth?.dead, depth?.ready], [[0, 1], 2, 0]);
    });
  });
}

function describeRoutes(engine: BrokerUnderTest): void {
  test('topics go to several engines from one transaction', async (t) => {
    const stage = await setStage(t, engine);
    const elsewhere = { ...stage.topic, name: `${stage.topic.name}.here` };
    const bus = await open(t, engine, {
      url: engine.url,
      routes: [{ pattern: '*.here', url: 'postgres:' }],
    });
    const groups = [stage.topic, elsewhere].map((topic) => ({ topic, name: 'worker' }));
    await bus.declare(groups as never);
    await stage.database.transaction((tx) =>
      bus.publishAll(tx, [parcel(stage.topic, numbered(5)), parcel(elsewhere, numbered(7))]),
    );
    await stage.arrived();
    const engines = (await bus.depths())
      .filter(({ topic }) => topic.startsWith(stage.topic.name))
      .map((depth) => [depth.engine, depth.ready]);
    assert.deepEqual(engines, [
      [bus.capabilities.engine, 5],
      ['postgres', 7],
    ]);
  });

  test('a group whose messages wait elsewhere is refused with what to do, an empty one is not', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    await stage.publish(numbered(1));
    await stage.arrived();
    await stage.bus.close();
    const bus = await open(t, engine, { url: 'postgres:' });
    await assert.rejects(bus.declare([group as never]), (error: AppError) => {
      assert.equal(error.code, 'bus_engine_differs');
      assert.match(error.message, /kopek bus move/);
      return true;
    });
    const empty = { topic: { ...stage.topic, name: `${stage.topic.name}.empty` }, name: 'worker' };
    const before = await open(t, engine, { url: engine.url });
    await before.declare([empty as never]);
    await assert.rejects(bus.declare([empty as never]), /other process/);
    await before.close();
    const both = await open(t, engine, {
      url: 'postgres:',
      routes: [{ pattern: 'unused', url: engine.url }],
    });
    await bus.close();
    await both.declare([empty as never]);
    const depth = (await both.depths()).find(({ topic }) => topic === empty.topic.name);
    assert.equal(depth?.engine, 'postgres');
  });
}

function describeMoves(engine: BrokerUnderTest): void {
  for (const ordered of [false, true]) {
    const kind = ordered ? 'an ordered' : 'a plain';
    test(`${kind} topic moves to PostgreSQL and back with all that waits, and goes on in order`, async (t) => {
      const stage = await setStage(t, engine, { ordered });
      const group = await stage.group();
      await stage.publish(numbered(300, { keys: 10 }));
      await stage.arrived();
      await stage.publish(numbered(100, { from: 300, keys: 10 }));
      await assert.rejects(move(stage, 'postgres:', engine), /stop them first/);
      await stage.bus.close();
      assert.deepEqual(await move(stage, 'postgres:', engine), [400]);
      const here = await open(t, engine, { url: 'postgres:' });
      await here.declare([group as never]);
      await stage.database.transaction((tx) =>
        here.publish(tx, stage.topic, numbered(100, { from: 400, keys: 10 })),
      );
      await here.close();
      assert.deepEqual(await move(stage, engine.url, engine), [100]);
      const back = await stage.another();
      await back.declare([group as never]);
      stage.consume(group, { on: back }, writeEffects);
      await stage.database.transaction((tx) =>
        back.publish(tx, stage.topic, numbered(100, { from: 500, keys: 10 })),
      );
      await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(600)));
      if (ordered) await assertOrder(stage);
    });
  }
}

function describeAbsence(engine: BrokerUnderTest): void {
  test('refused at the start: it starts, says why it is not ready, and sends when the broker is there', async (t) => {
    const stage = await setStage(t, engine);
    await stage.bus.close();
    const proxy = await createTcpProxy(engine);
    const metrics = createMetrics();
    const bus = await open(t, engine, { url: engine.through(proxy.port) }, metrics);
    const group = { topic: stage.topic, name: 'worker' };
    await bus.declare([group as never]);
    await assert.rejects(bus.ready(), (error: AppError) => {
      assert.equal(error.kind, 'unavailable');
      assert.match(error.message, /ECONNREFUSED/);
      return true;
    });
    stage.consume(group, { on: bus }, writeEffects);
    await stage.database.transaction((tx) => bus.publish(tx, stage.topic, numbered(20)));
    await pause(500);
    assert.deepEqual(await stage.effects(), []);
    const text = await metrics.registry.metrics();
    assert.match(text, /kopek_bus_relay_messages\{engine="\w+"\} 20/);
    assert.match(text, /kopek_bus_relay_lag_seconds\{engine="\w+"\} \d/);
    await proxy.open();
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(20)));
    await bus.ready();
    t.after(() => proxy.close());
  });

  test('the way to it is cut again and again under load, and nothing is lost or done twice', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    await stage.bus.close();
    const proxy = await createTcpProxy(engine);
    await proxy.open();
    t.after(() => t.after(() => proxy.close()));
    const bus = await open(t, engine, { url: engine.through(proxy.port) });
    const group = { topic: stage.topic, name: 'worker' };
    await bus.declare([group as never]);
    stage.consume(group, { on: bus, batchSize: 20, concurrency: 2 }, writeEffects);
    let from = 0;
    for (let round = 0; round < 6; round += 1) {
      for (let part = 0; part < 10; part += 1) {
        await stage.database.transaction((tx) =>
          bus.publish(tx, stage.topic, numbered(20, { from, keys: 10 })),
        );
        from += 20;
        await pause(20 * Math.random());
      }
      await proxy.close();
      await pause(100);
      await proxy.open();
    }
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(from)));
    await assertOrder(stage);
  });
}

/** The broker itself goes down and comes back: in a file of its own, which runs alone, for all others use it too. */
export function describeRestart(engine: BrokerUnderTest): void {
  const skip = engine.restart ? false : 'no command to restart it is set';
  test('it is restarted under load, and nothing is lost or done twice', { skip }, async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    stage.consume(group, { batchSize: 20, concurrency: 2 }, writeEffects);
    let over = false;
    let from = 0;
    const publishing = (async () => {
      while (!over) {
        await stage.publish(numbered(20, { from, keys: 10 }));
        from += 20;
        await pause(30);
      }
    })();
    await pause(1000);
    await promisify(exec)(engine.restart ?? '');
    await pause(1000);
    over = true;
    await publishing;
    await stage.waitFor(async () => assert.equal((await stage.effects()).length, from));
    assert.deepEqual(await stage.effects(), range(from));
    await assertOrder(stage);
  });
}

/** One that neither answers nor closes its connections. */
function describeStandstill(engine: BrokerUnderTest): void {
  test('it stands still: what waits here is told all the same, and nobody waits for it to stop', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    await stage.bus.close();
    const proxy = await createTcpProxy(engine);
    await proxy.open();
    t.after(() => t.after(() => proxy.close()));
    const bus = await open(t, engine, { url: engine.through(proxy.port) });
    await bus.declare([group as never]);
    const consumer = stage.consume(group, { on: bus }, writeEffects);
    await stage.database.transaction((tx) => bus.publish(tx, stage.topic, numbered(5)));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(5)));
    proxy.freeze();
    const notBefore = new Date(stage.clock.nowMs() + 1000);
    const later = numbered(5, { from: 5 }).map((message) => ({ ...message, notBefore }));
    await stage.database.transaction((tx) =>
      bus.publishAll(tx, [
        parcel(stage.topic, numbered(5, { from: 5 })),
        parcel(stage.topic, later),
      ]),
    );
    const beganMs = performance.now();
    const [depth] = (await bus.depths()).filter(({ topic }) => topic === stage.topic.name);
    await bus.carriers();
    assert.equal(depth?.delayed, 5);
    await consumer.stop();
    await bus.close();
    assert.ok(performance.now() - beganMs < 10_000);
  });
}

function describeSlowness(engine: BrokerUnderTest): void {
  test('what waits for it stays with the broker, and its memory is bounded', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    const text = 'x'.repeat(100_000);
    const count = 1200;
    for (let from = 0; from < count; from += 100) {
      const messages = numbered(100, { from });
      await stage.publish(
        messages.map((one) => ({ ...one, payload: { ...one.payload, text } as Load })),
      );
    }
    await stage.arrived();
    await pause(500);
    const before = process.memoryUsage();
    const first = gate();
    let started = false;
    stage.consume(group, { batchSize: 10 }, async (tx, messages) => {
      started = true;
      await first.passed;
      await writeEffects(tx, messages);
    });
    await stage.waitFor(() => assert.ok(started));
    await pause(3000);
    const after = process.memoryUsage();
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    assert.ok(
      grown < 80_000_000,
      `${Math.round(grown / 1e6)} MB more for ${count / 10} MB that wait`,
    );
    first.open();
    await stage.waitFor(async () => assert.equal((await stage.effects()).length, count));
    assert.deepEqual(await stage.effects(), range(count));
  });
}

async function open(
  t: TestContext,
  { database }: { readonly database: Database },
  where: { readonly url: string; readonly routes?: readonly BusRoute[] },
  metrics = createMetrics(),
): Promise<Bus> {
  const { createFakeClock } = await import('#clock');
  const { START } = await import('./conformance-stage.ts');
  const bus = await openBus({
    ...{ database, clock: createFakeClock(START), log: silentLog(), metrics },
    ...{ ...where, source: 'kopek/test' },
  });
  t.after(() => bus.close());
  return bus;
}

/** How many messages each queue of the topic took along. */
async function move(stage: Stage, to: string, engine: BrokerUnderTest): Promise<number[]> {
  const { clock, database, topic } = stage;
  const moved = await moveQueues({
    ...{ database, clock, log: silentLog(), metrics: createMetrics() },
    ...{ to: createRouting(to, []), from: [engine.url], topics: [topic.name] },
  });
  return moved.map(({ messages }) => messages);
}

async function assertOrder(stage: Stage): Promise<void> {
  const last = new Map<string, number>();
  for (const { key, n } of await stage.history()) {
    assert.ok(n > (last.get(key) ?? -1), `${n} of ${key} came after ${last.get(key)}`);
    last.set(key, n);
  }
}
