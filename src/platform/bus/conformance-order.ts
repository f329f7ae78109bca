import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LANES, laneOf } from '#bus/key-hash';
import { sql } from '#database';
import type { Message } from './bus.ts';
import {
  type BusUnderTest,
  type Load,
  numbered,
  range,
  type Stage,
  setStage,
  writeEffects,
} from './conformance-stage.ts';

const KEYS = 20;

/** Messages of one key are handled in the order of their publication. */
export function describeOrder(engine: BusUnderTest): void {
  test('order per key holds with consumers that come, go and stumble', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    let calls = 0;
    const handler = async (tx: never, messages: readonly Message<Load>[]) => {
      await writeEffects(tx, messages);
      calls += 1;
      if (calls % 5 === 0) throw new Error('this time not');
    };
    const backoff = { firstMs: 0, factor: 1, mostMs: 0 };
    const consume = (on = stage.bus) =>
      stage.consume(group, { on, batchSize: 25, concurrency: 2, backoff }, handler as never);
    const first = consume();
    for (let from = 0; from < 600; from += 100) {
      await stage.publish(numbered(100, { from, keys: KEYS }));
      if (from === 200) {
        const on = await stage.another();
        await on.declare([group as never]);
        consume(on);
      }
      if (from === 400) await first.stop();
    }
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(600)));
    await assertOrder(stage);
  });

  test('a message that waits for its retry holds back its own key, and no other', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    let broken = true;
    stage.consume(group, { batchSize: 30 }, async (tx, messages) => {
      if (broken && messages.some((one) => one.payload.n === 3)) throw new Error('not yet');
      await writeEffects(tx, messages);
    });
    await stage.publish(numbered(60, { keys: KEYS }));
    const held = [3, 23, 43];
    const free = range(60).filter((n) => !held.includes(n));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), free));
    await stage.publish([
      { key: 'k3', payload: { n: 63 } },
      { key: 'k4', payload: { n: 64 } },
    ]);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [...free, 64]));
    broken = false;
    stage.clock.advanceMs(60_000);
    const all = [...range(60), 63, 64];
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), all));
    await assertOrder(stage);
  });
}

/** What waits for a message of its key, whatever becomes of the others of its batch. */
export function describeWaiting(engine: BusUnderTest): void {
  test('what waits behind a failed message is there also when another of its batch fails', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    const [x = '', a = '', b = ''] = keysOfOneLane();
    let broken = true;
    await stage.publish([x, a, a, b].map((key, n) => ({ key, payload: { n } })));
    await stage.arrived();
    // Tried in halves: 2 is to wait for 1, and 3, which fails beside it, must not hide it.
    stage.consume(group, {}, async (tx, messages) => {
      if (broken && messages.some(({ payload: { n } }) => n === 1 || n === 3))
        throw new Error('no');
      await writeEffects(tx, messages);
    });
    await stage.waitFor(async () => {
      const [depth] = (await stage.bus.depths()).filter(({ topic }) => topic === stage.topic.name);
      assert.ok((depth?.delayed ?? 0) >= 2);
    });
    broken = false;
    stage.clock.advanceMs(60_000);
    await stage.publish([{ key: a, payload: { n: 4 } }]);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(5)));
    await assertOrder(stage);
  });
}

/** What was set apart beside a message that fails may be free the next moment. */
export function describeBlame(engine: BusUnderTest): void {
  test('the message that failed is blamed, also when another before it is free meanwhile', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    const [a = '', b = ''] = keysOfOneLane();
    await stage.publish([{ key: a, payload: { n: 0 } }]);
    const first = stage.consume(group, {}, async (_, messages) =>
      messages.map(({ id }) => ({ id, verdict: 'retry', reason: 'busy' }) as const),
    );
    const readDelayed = async () => {
      const { rows } = await sql<{ n: number; attempts: number }>`
        select (d.payload ->> 'n')::integer as n, d.attempts from platform.bus_delayed d
        join platform.bus_queue q using (queue) where q.topic = ${stage.topic.name} order by n`.execute(
        stage.database.pool,
      );
      return rows;
    };
    await stage.waitFor(async () => assert.equal((await readDelayed()).length, 1));
    await first.stop();
    await stage.publish([a, b].map((key, at) => ({ key, payload: { n: 1 + at } })));
    await stage.arrived();
    let broken = true;
    stage.consume(group, {}, async (tx, messages) => {
      if (broken && messages.some(({ payload }) => payload.n === 2)) {
        // As if another process had just done what the key waits for.
        await sql`delete from platform.bus_delayed where key = ${a} and attempts = 1`.execute(
          stage.database.pool,
        );
        throw new Error('no');
      }
      await writeEffects(tx, messages);
    });
    await stage.waitFor(async () =>
      assert.deepEqual((await readDelayed()).at(-1), { n: 2, attempts: 1 }),
    );
    broken = false;
    stage.clock.advanceMs(60_000);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [1, 2]));
  });
}

/** Order when handlers answer, and when lanes change their owner. */
export function describeLanes(engine: BusUnderTest): void {
  test('a verdict to retry holds back the later messages of its key, also those in its batch', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    stage.consume(group, {}, async (tx, messages) => {
      const again = messages.filter((one) => one.payload.n === 1 && one.attempts === 0);
      await writeEffects(
        tx,
        messages.filter((one) => !again.includes(one)),
      );
      return again.map(
        ({ id }) => ({ id, verdict: 'retry', reason: 'busy', delayMs: 5000 }) as const,
      );
    });
    await stage.publish(numbered(12, { keys: 3 }));
    const free = range(12).filter((n) => n % 3 !== 1);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), free));
    stage.clock.advanceMs(5000);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(12)));
    await assertOrder(stage);
  });

  test('messages of one key that wait for their retries come back in order, whichever is due first', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    stage.consume(group, {}, async (tx, messages) => {
      const again = messages.filter((one) => one.key === 'k1' && one.attempts === 0);
      const done = messages.filter((one) => !again.includes(one));
      if (done.length > 0) await writeEffects(tx, done);
      return again.map(({ id, payload }) => {
        const delayMs = 5000 - 100 * payload.n;
        return { id, verdict: 'retry', reason: 'busy', delayMs } as const;
      });
    });
    await stage.publish(numbered(12, { keys: 3 }));
    const free = range(12).filter((n) => n % 3 !== 1);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), free));
    await stage.waitFor(async () => {
      stage.clock.advanceMs(100);
      assert.deepEqual(await stage.effects(), range(12));
    });
    await assertOrder(stage);
  });

  test('a consumer that comes later gets its share of the work', async (t) => {
    const stage = await setStage(t, engine, { ordered: true });
    const group = await stage.group();
    const busy = new Set<string>();
    const consume = (name: string) =>
      stage.consume(group, { batchSize: 10 }, async (tx, messages) => {
        busy.add(name);
        await writeEffects(tx, messages);
      });
    consume('first');
    await stage.publish(numbered(KEYS, { keys: KEYS }));
    await stage.waitFor(() => assert.ok(busy.has('first')));
    consume('second');
    let from = KEYS;
    await stage.waitFor(async () => {
      await stage.publish(numbered(KEYS, { from, keys: KEYS }));
      from += KEYS;
      assert.ok(busy.has('second'));
    });
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(from)));
    await assertOrder(stage);
  });
}

function keysOfOneLane(): readonly string[] {
  return Array.from({ length: 20 * LANES }, (_, n) => `k${n}`).filter((key) => laneOf(key) === 0);
}

/** Classes of priority; the higher first, the lower never last for ever. */
export function describePriorities(engine: BusUnderTest): void {
  test('the higher class is taken first, each lower one that waits keeps a tenth', async (t) => {
    const stage = await setStage(t, engine, { priorities: 3 });
    const group = await stage.group();
    for (const priority of [0, 1, 2]) {
      const messages = numbered(100, { from: priority * 1000 });
      await stage.publish(messages.map((message) => ({ ...message, priority })));
    }
    await stage.arrived();
    const batches: string[] = [];
    stage.consume(group, { batchSize: 50 }, async (tx, messages) => {
      batches.push([2, 1, 0].map((of) => inClass(messages, of)).join(' '));
      await writeEffects(tx, messages);
    });
    await stage.waitFor(async () => assert.equal((await stage.effects()).length, 300));
    if (!stage.bus.capabilities.priorities) return;
    assert.deepEqual(batches, ['40 5 5', '40 5 5', '20 25 5', '0 45 5', '0 20 30', '0 0 50']);
  });

  test('a lower class is served also when batches are of one message', async (t) => {
    const stage = await setStage(t, engine, { priorities: 3 });
    const group = await stage.group();
    const high = numbered(400, { from: 1000 }).map((message) => ({ ...message, priority: 2 }));
    await stage.publish([...numbered(2), ...high]);
    await stage.arrived();
    const seen: number[] = [];
    stage.consume(group, { batchSize: 1 }, async (_, messages) => {
      seen.push(...messages.map((one) => one.payload.n));
    });
    await stage.waitFor(() => assert.equal(seen.length, 402));
    if (stage.bus.capabilities.priorities) assert.ok(seen.indexOf(0) < 350);
  });

  test('retries of a lower class do not displace fresh messages of a higher one', async (t) => {
    const stage = await setStage(t, engine, { priorities: 2 });
    if (!stage.bus.capabilities.priorities || !stage.bus.capabilities.delays) return;
    const group = await stage.group();
    const notBefore = new Date(stage.clock.nowMs() + 1);
    await stage.publish(numbered(200).map((message) => ({ ...message, notBefore })));
    await stage.publish(
      numbered(200, { from: 1000 }).map((message) => ({ ...message, priority: 1 })),
    );
    await stage.arrived();
    stage.clock.advanceMs(1);
    const batches: string[] = [];
    stage.consume(group, { batchSize: 100 }, async (_, messages) => {
      batches.push([1, 0].map((of) => inClass(messages, of)).join(' '));
    });
    await stage.waitFor(() => assert.ok(batches.length >= 5, batches.join(',')));
    assert.deepEqual(batches.slice(0, 4), ['0 10', '100 0', '0 10', '100 0']);
  });
}

function inClass(messages: readonly Message<Load>[], priority: number): number {
  return messages.filter((one) => Math.floor(one.payload.n / 1000) === priority).length;
}

async function assertOrder(stage: Stage): Promise<void> {
  const last = new Map<string, number>();
  for (const { key, n } of await stage.history()) {
    assert.ok(n > (last.get(key) ?? -1), `${n} of ${key} came after ${last.get(key)}`);
    last.set(key, n);
  }
}
