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
