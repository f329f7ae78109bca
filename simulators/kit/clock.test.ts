import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SimulatorClock } from './clock.ts';
import { ObjectStore } from './object-store.ts';
import { Schedule } from './schedule.ts';

const dayMs = 24 * 3_600_000;

test('what is due happens in its order when the clock is moved, and nothing before', () => {
  const clock = new SimulatorClock();
  const done: string[] = [];
  clock.after(3 * dayMs, () => done.push('third'));
  clock.after(dayMs, () => {
    done.push('first');
    clock.after(dayMs, () => done.push('after the first'));
  });
  clock.after(2 * dayMs, () => done.push('second'));
  clock.advance(dayMs - 1_000);
  assert.deepEqual(done, []);
  clock.advance(1_000 + 2 * dayMs);
  assert.deepEqual(done, ['first', 'second', 'third']);
  clock.advance(dayMs);
  assert.deepEqual(done.at(-1), 'after the first');
  clock.close();
});

test('what is scheduled happens once, also after a restart, in one transaction with its mark', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kopek-schedule-'));
  const run = async (advanceMs: number) => {
    const [store, clock] = [new ObjectStore(folder), new SimulatorClock()];
    const schedule = new Schedule(store, clock);
    const done = store.table<number>('done');
    schedule.on('ring', (target) => done.put(target, (done.get(target) ?? 0) + 1));
    schedule.start();
    const [nowMs, known] = [clock.nowMs(), store.table<unknown>('due').size];
    if (known === 0) store.transact(() => schedule.add('ring', 'bell', nowMs + dayMs));
    clock.advance(advanceMs);
    const rung = done.get('bell') ?? 0;
    clock.close();
    await store.close();
    return rung;
  };
  assert.equal(await run(0), 0);
  assert.equal(await run(dayMs), 1);
  assert.equal(await run(2 * dayMs), 1);
});
