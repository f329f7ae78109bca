import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beforeCommit, sql, type Tx } from '#database';
import { AppError } from '#errors';
import { type Message, parcel } from './bus.ts';
import {
  type BusUnderTest,
  gate,
  type Load,
  numbered,
  range,
  setStage,
  writeEffects,
} from './conformance-stage.ts';

/** Messages exist with their transaction, and have one effect in each group. */
export function describePublishing(engine: BusUnderTest): void {
  test('what is published in a transaction that rolls back does not exist', async (t) => {
    const stage = await setStage(t, engine);
    stage.consume(await stage.group(), {}, writeEffects);
    const failed = stage.database.transaction(async (tx) => {
      await stage.bus.publish(tx, stage.topic, numbered(3));
      throw new Error('no');
    });
    await assert.rejects(failed, /no/);
    await stage.publish(numbered(1, { from: 100 }));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [100]));
  });

  test('what is published while others are written exists too, and after that nothing can be', async (t) => {
    const stage = await setStage(t, engine);
    stage.consume(await stage.group(), {}, writeEffects);
    const late: Promise<void>[] = [];
    const kept: Tx[] = [];
    await stage.database.transaction(async (tx) => {
      kept.push(tx);
      await stage.bus.publish(tx, stage.topic, numbered(1));
      beforeCommit(tx, async () => {
        const turn = new Promise((done) => setImmediate(done));
        // Nobody waits for it: it comes while the others are being written.
        setImmediate(() => late.push(stage.bus.publish(tx, stage.topic, numbered(1, { from: 2 }))));
        await stage.bus.publish(tx, stage.topic, numbered(1, { from: 1 }));
        await turn.then(() => new Promise((done) => setImmediate(done)));
      });
    });
    await Promise.all(late);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(3)));
    for (const tx of kept)
      await assert.rejects(stage.bus.publish(tx, stage.topic, numbered(1)), /before it commits/);
  });

  test('a message carries its attributes and any text', async (t) => {
    const stage = await setStage(t, engine);
    const seen: Message<Load>[] = [];
    stage.consume(await stage.group(), {}, async (_, messages) => void seen.push(...messages));
    const text = 'ş \u0000 \\u0000 \ud800 "\\" 😀';
    const id = '018f2f3e-0000-7000-8000-000000000001';
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const payload = { n: 1, text, amount: 9007199254740993n } as Load;
    await stage.publish([{ key: 'kéy', payload, id, traceparent }]);
    await stage.waitFor(() => assert.equal(seen.length, 1));
    const [message] = seen as [Message<Load>];
    assert.equal(message.id, id);
    assert.equal(message.key, 'kéy');
    assert.equal(message.topic, stage.topic.name);
    assert.equal(message.time.getTime(), stage.clock.nowMs());
    assert.equal(message.source, 'kopek/test');
    assert.equal(message.traceparent, traceparent);
    assert.equal(message.attempts, 0);
    assert.match(message.text, /"amount":\s*9007199254740993/);
    // A NUL and half of a surrogate pair can't be stored as text anywhere; nothing else changes.
    const stored = (message.payload as unknown as { text: string }).text;
    assert.equal(stored, 'ş  \\u0000 \ufffd "\\" 😀');
  });

  test('a topic nobody listens to stores nothing, and a new group hears what comes after it', async (t) => {
    const stage = await setStage(t, engine);
    await stage.publish(numbered(2));
    const ofTopic = async () =>
      (await stage.bus.depths()).filter((depth) => depth.topic === stage.topic.name);
    assert.deepEqual(await ofTopic(), []);
    stage.consume(await stage.group(), {}, writeEffects);
    await stage.publish(numbered(1, { from: 10 }));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [10]));
  });

  test('every group gets every message once', async (t) => {
    const stage = await setStage(t, engine);
    for (const name of ['one', 'two']) {
      const group = await stage.group(name);
      stage.consume(group, {}, (tx, messages) => writeEffects(tx, messages, name));
    }
    await stage.publish(numbered(50));
    for (const name of ['one', 'two']) {
      await stage.waitFor(async () => assert.deepEqual(await stage.effects(name), range(50)));
    }
  });
}

/** What goes together, and what does not go at all. */
export function describeParcels(engine: BusUnderTest): void {
  test('several topics go in one round trip, and what a handler publishes belongs to its work', async (t) => {
    const stage = await setStage(t, engine);
    const next = { ...stage.topic, name: `${stage.topic.name}.next` };
    const onward = { topic: next, name: 'onward' };
    await stage.bus.declare([onward]);
    let tries = 0;
    stage.consume(await stage.group(), {}, async (tx, messages) => {
      await stage.bus.publish(tx, next, numbered(messages.length, { from: 500 }));
      tries += 1;
      if (tries === 1) throw new AppError('unavailable', 'away', 'try again');
    });
    stage.consume(onward, {}, (tx, messages) =>
      writeEffects(
        tx,
        messages.map((one) => ({ ...one, topic: stage.topic.name })),
        'onward',
      ),
    );
    await stage.database.transaction((tx) =>
      stage.bus.publishAll(tx, [
        parcel(stage.topic, numbered(1)),
        parcel(next, numbered(1, { from: 7 })),
      ]),
    );
    await stage.waitFor(async () => assert.deepEqual(await stage.effects('onward'), [7, 500]));
  });

  test('what is too large is refused with its topic and its bytes, and nothing is stored', async (t) => {
    const stage = await setStage(t, engine);
    await stage.group();
    const refuse = async (message: object, expected: RegExp) =>
      assert.rejects(stage.publish([numbered(1)[0], message] as never), (error: AppError) => {
        assert.match(error.message, expected);
        assert.ok(error.message.includes(stage.topic.name));
        return true;
      });
    const large = { n: 1, text: 'ш'.repeat(700_000) };
    await refuse({ key: 'k', payload: large }, /1400017 bytes/);
    await refuse({ key: 'k'.repeat(201), payload: { n: 1 } }, /key/);
    await refuse({ key: 'k', payload: { n: 1 }, priority: 1 }, /priority/);
    const [depth] = (await stage.bus.depths()).filter((one) => one.topic === stage.topic.name);
    assert.equal(depth?.ready, 0);
    await stage.publish([{ key: 'k', payload: { n: 1, text: 'ш'.repeat(500_000) } as Load }]);
  });
}

/** How many at once, and how many together. */
export function describeConsuming(engine: BusUnderTest): void {
  test('many consumers in several processes that stumble at random have one effect each', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    let calls = 0;
    for (const on of [stage.bus, await stage.another(), await stage.another()]) {
      await on.declare([group as never]);
      stage.consume(group, { on, concurrency: 2, batchSize: 40 }, async (tx, messages) => {
        await writeEffects(tx, messages);
        calls += 1;
        if (calls % 7 === 0) throw new AppError('unavailable', 'away', 'try again');
      });
    }
    for (let from = 0; from < 3000; from += 500) await stage.publish(numbered(500, { from }));
    await stage.waitFor(async () => assert.equal((await stage.effects()).length, 3000));
    assert.deepEqual(await stage.effects(), range(3000));
  });

  test('a batch holds at most what was asked for, and a slow consumer no more than its batches', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    await stage.publish(numbered(1000));
    await stage.arrived();
    const first = gate();
    const sizes: number[] = [];
    stage.consume(group, { batchSize: 30, concurrency: 2 }, async (tx, messages) => {
      sizes.push(messages.length);
      await first.passed;
      await writeEffects(tx, messages);
    });
    await stage.waitFor(() => assert.deepEqual(sizes, [30, 30]));
    first.open();
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(1000)));
    assert.equal(Math.max(...sizes), 30);
  });

  test('without room nothing is taken, with little room little', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    let room = 0;
    let asked = 0;
    const sizes: number[] = [];
    const countRoom = () => {
      asked += 1;
      return room;
    };
    await stage.publish(numbered(10));
    await stage.arrived();
    stage.consume(
      group,
      { room: countRoom },
      async (_, messages) => void sizes.push(messages.length),
    );
    await stage.waitFor(() => assert.ok(asked > 3));
    assert.deepEqual(sizes, []);
    room = 4;
    await stage.waitFor(() => assert.deepEqual(sizes, [4, 4, 2]));
  });
}

/** How it ends. */
export function describeStopping(engine: BusUnderTest): void {
  test('stop() waits for the batch in hand and takes no other', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    await stage.publish(numbered(20));
    await stage.arrived();
    const [started, finish] = [gate(), gate()];
    const consumer = stage.consume(group, { batchSize: 5 }, async (tx, messages) => {
      started.open();
      await finish.passed;
      await writeEffects(tx, messages);
    });
    await started.passed;
    let stopped = false;
    const stopping = consumer.stop().then(() => {
      stopped = true;
    });
    await sql`select`.execute(stage.database.pool);
    assert.equal(stopped, false);
    finish.open();
    await stopping;
    assert.equal((await stage.effects()).length, 5);
    stage.consume(group, {}, writeEffects);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(20)));
  });
}
