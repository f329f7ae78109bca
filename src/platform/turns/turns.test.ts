import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#log';
import { eventually } from '#testing';
import { createTurns } from '#turns';

/** Longer than any test waits: whatever happens sooner was not brought by it. */
const FAR_MS = 3_600_000;

function turnsOf(turn: () => Promise<number>, intervalMs = FAR_MS) {
  return createTurns({ turn, intervalMs, log: silentLog(), name: 'a test' });
}

test('it goes on at once while there is work, rests when there is none, and is woken', async () => {
  let left = 3;
  let count = 0;
  const turns = turnsOf(async () => {
    count += 1;
    if (left === 0) return 0;
    left -= 1;
    return 1;
  });
  turns.start();
  turns.start();
  await eventually(async () => assert.equal(count, 4));
  left = 2;
  turns.wake();
  await eventually(async () => assert.deepEqual([count, left], [7, 0]));
  await turns.stop();
  assert.equal(count, 7);
});

test('what wakes it during a turn is not missed', async () => {
  let count = 0;
  const turns = turnsOf(async () => {
    count += 1;
    if (count === 1) turns.wake();
    return 0;
  });
  turns.start();
  await eventually(async () => assert.equal(count, 2));
  await turns.stop();
});

test('a turn that throws is followed by others', async () => {
  let count = 0;
  const turns = turnsOf(async () => {
    count += 1;
    throw new Error('a bad turn');
  }, 1);
  turns.start();
  await eventually(async () => assert.ok(count >= 3));
  await turns.stop();
});

test('behind turns that throw or find nobody it rests longer each time, and as ever once somebody answers', async () => {
  const told: ('away' | 'throws' | 'done')[] = ['away', 'throws', 'away', 'done', 'away'];
  const times: number[] = [];
  const turns = createTurns({
    ...{ log: silentLog(), name: 'a test', intervalMs: 1 },
    backoff: { firstMs: 50, mostMs: 120 },
    async turn() {
      times.push(performance.now());
      const next = told.shift();
      if (next === 'throws') throw new Error('a bad turn');
      return next === 'done' ? 1 : 'away';
    },
  });
  turns.start();
  await eventually(async () => assert.ok(times.length >= 6));
  await turns.stop();
  const gaps = times.slice(1, 6).map((time, at) => time - (times[at] ?? 0));
  const [first = 0, second = 0, third = 0, , again = 0] = gaps;
  // Timers may be a millisecond early, and late by anything.
  assert.ok(first >= 49 && second >= 99 && third >= 119 && again >= 49, gaps.join(' '));
});

test('who is to stop is told so during his turn, and does not wait for his rest', async () => {
  let wasTold = false;
  const turns = createTurns({
    ...{ log: silentLog(), name: 'a test', intervalMs: FAR_MS },
    backoff: { firstMs: FAR_MS, mostMs: FAR_MS },
    turn: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          wasTold = true;
          resolve('away');
        });
      }),
  });
  turns.start();
  await turns.stop();
  assert.ok(wasTold);
});

test('a stop waits for the turn under way, and for nothing else', async () => {
  const steps: string[] = [];
  let finish = () => {};
  const turns = turnsOf(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    steps.push('turn');
    return 1;
  });
  turns.start();
  const stopped = turns.stop().then(() => steps.push('stopped'));
  finish();
  await stopped;
  assert.deepEqual(steps, ['turn', 'stopped']);
  await turnsOf(async () => 0).stop();
});
