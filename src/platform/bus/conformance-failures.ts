import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { AppError } from '#errors';
import {
  type BusUnderTest,
  numbered,
  range,
  type Stage,
  setStage,
  writeEffects,
} from './conformance-stage.ts';

const BACKOFF = { firstMs: 1000, factor: 2, mostMs: 3000 };

/** What fails is found, waits, dies, and comes back; nothing else suffers. */
export function describeFailures(engine: BusUnderTest): void {
  test('poison among good messages: they are done once, only its attempts count, then it is dead', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group('worker', 3);
    const attempts: number[] = [];
    await stage.publish(numbered(100));
    stage.consume(group, { batchSize: 50, backoff: BACKOFF }, async (tx, messages) => {
      await writeEffects(tx, messages);
      const poison = messages.find((one) => one.payload.n === 37);
      if (poison && messages.length === 1) attempts.push(poison.attempts);
      if (poison) throw new Error('poison \u0000');
    });
    const others = range(100).filter((n) => n !== 37);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), others));
    for (const failed of [1, 2]) {
      await stage.waitFor(() => assert.equal(attempts.length, failed));
      await stage.waitFor(() => delayedIs(stage, 1));
      stage.clock.advanceMs(BACKOFF.mostMs);
    }
    await stage.waitFor(() => deadIs(stage, 1));
    assert.deepEqual(attempts, [0, 1, 2]);
    assert.deepEqual(await stage.effects(), others);
  });

  test('attempts wait longer each time, by the business clock', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    let calls = 0;
    stage.consume(group, { backoff: BACKOFF }, async () => {
      calls += 1;
      throw new Error('again');
    });
    await stage.publish(numbered(1));
    for (const [at, waitMs] of [1000, 2000, 3000, 3000].entries()) {
      await stage.waitFor(() => delayedIs(stage, 1));
      assert.equal(calls, at + 1);
      stage.clock.advanceMs(waitMs - 1);
      await stage.waitFor(() => delayedIs(stage, 1));
      assert.equal(calls, at + 1);
      stage.clock.advanceMs(1);
      await stage.waitFor(() => assert.equal(calls, at + 2));
    }
  });
}

/** The handler decides, or the dead letters, or what surrounds them. */
export function describeOutcomes(engine: BusUnderTest): void {
  test('a handler may say of each message: done, again at a time, or dead', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    await stage.publish(numbered(6));
    stage.consume(group, {}, async (tx, messages) => {
      const waits = messages.filter(({ payload, attempts }) => payload.n === 2 && attempts === 0);
      const dead = messages.filter(({ payload }) => payload.n === 4);
      const rest = messages.filter((one) => !waits.includes(one) && !dead.includes(one));
      if (rest.length > 0) await writeEffects(tx, rest);
      return [
        ...waits.map(
          ({ id }) => ({ id, verdict: 'retry', reason: 'later', delayMs: 60_000 }) as const,
        ),
        ...dead.map(({ id }) => ({ id, verdict: 'dead', reason: 'never' }) as const),
      ];
    });
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [0, 1, 3, 5]));
    await stage.waitFor(() => deadIs(stage, 1));
    stage.clock.advanceMs(59_999);
    await delayedIs(stage, 1);
    stage.clock.advanceMs(1);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [0, 1, 2, 3, 5]));
  });

  test('dead letters come back when they are redriven, with all their attempts before them', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group('worker', 1);
    let broken = true;
    const attempts: number[] = [];
    stage.consume(group, {}, async (tx, messages) => {
      if (broken) throw new Error('broken');
      attempts.push(...messages.map((one) => one.attempts));
      await writeEffects(tx, messages);
    });
    await stage.publish(numbered(5, { keys: 1 }));
    await stage.waitFor(() => deadIs(stage, 5));
    broken = false;
    assert.equal(await stage.bus.redrive(stage.topic.name, { group: 'other', limit: 10 }), 0);
    assert.equal(await stage.bus.redrive(stage.topic.name, { limit: 2 }), 2);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [0, 1]));
    assert.equal(await stage.bus.redrive(stage.topic.name, { group: 'worker', limit: 10 }), 3);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(5)));
    assert.deepEqual(attempts, [0, 0, 0, 0, 0]);
    await deadIs(stage, 0);
  });

  test('what is transient is tried again whole and counts for nothing', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group('worker', 1);
    const codes = ['40001', '40P01', '57P01'];
    const calls: [size: number, attempts: number][] = [];
    await stage.publish(numbered(10));
    await stage.arrived();
    stage.consume(group, {}, async (tx, messages) => {
      calls.push([messages.length, Math.max(...messages.map((one) => one.attempts))]);
      const code = codes.shift();
      if (code) throw Object.assign(new Error('the database says so'), { code });
      if (calls.length === 4) throw new AppError('unavailable', 'away', 'the operator is away');
      await writeEffects(tx, messages);
    });
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(10)));
    assert.deepEqual(calls, Array(5).fill([10, 0]));
  });
}

/** Handlers that misbehave. */
export function describeHandlers(engine: BusUnderTest): void {
  test('a handler past its time limit loses its work; one that never returns stops nothing', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group('worker', 1);
    await stage.publish(numbered(4));
    stage.consume(group, { timeLimitMs: 150 }, async (tx, messages) => {
      await writeEffects(tx, messages);
      if (messages.some((one) => one.payload.n === 1)) await new Promise(() => {});
      if (messages.some((one) => one.payload.n === 2)) await sql`select pg_sleep(20)`.execute(tx);
    });
    await stage.waitFor(() => deadIs(stage, 2));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [0, 3]));
  });

  test('a handler that swallows an error of the database does not lose its messages', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group('worker', 2);
    await stage.publish(numbered(3));
    stage.consume(group, {}, async (tx, messages) => {
      if (messages.some((one) => one.payload.n === 1)) {
        await sql`select 1 / 0`.execute(tx).catch(() => {});
      } else await writeEffects(tx, messages);
    });
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [0, 2]));
    await stage.waitFor(() => delayedIs(stage, 1));
    stage.clock.advanceMs(60_000);
    await stage.waitFor(() => deadIs(stage, 1));
  });
}

/** Business time decides when a delayed message is seen. */
export function describeDelays(engine: BusUnderTest): void {
  test('a delayed message is seen when its time has come, or its lack is declared', async (t) => {
    const stage = await setStage(t, engine);
    stage.consume(await stage.group(), {}, writeEffects);
    const notBefore = new Date(stage.clock.nowMs() + 3_600_000);
    const later = numbered(2).map((message) => ({ ...message, notBefore }));
    if (!stage.bus.capabilities.delays) {
      await assert.rejects(stage.publish(later), AppError);
      return;
    }
    await stage.publish([...later, ...numbered(1, { from: 10 })]);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [10]));
    stage.clock.advanceMs(3_599_999);
    await delayedIs(stage, 2);
    assert.deepEqual(await stage.effects(), [10]);
    stage.clock.advanceMs(1);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), [0, 1, 10]));
  });
}

async function depthOf(stage: Stage) {
  const depths = await stage.bus.depths();
  return depths.find((depth) => depth.topic === stage.topic.name);
}

async function delayedIs(stage: Stage, expected: number): Promise<void> {
  assert.equal((await depthOf(stage))?.delayed, expected);
}

async function deadIs(stage: Stage, expected: number): Promise<void> {
  assert.equal((await depthOf(stage))?.dead, expected);
}
