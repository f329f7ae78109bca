import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Journal } from './journal.ts';
import { Gate, SlidingSecond } from './rate.ts';

function temporaryPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'kopek-journal-')), 'journal.jsonl');
}

function written(journal: Journal<number>): Promise<Error | undefined> {
  return new Promise((resolve) => journal.whenWritten(resolve));
}

test('whoever waits is called when its lines are in the file, also in the middle of a write', async () => {
  const path = temporaryPath();
  const journal = new Journal<number>(path, () => undefined);
  const seen: Promise<void>[] = [];
  for (let n = 0; n < 200; n += 1) {
    journal.append(n);
    seen.push(
      written(journal).then((failure) => {
        assert.equal(failure, undefined);
        assert.ok(
          readFileSync(path, 'utf8').split('\n').includes(String(n)),
          `${n} is in the file`,
        );
      }),
    );
    if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(seen);
  await journal.close();
});

test('a torn last line is cut off, and what comes next stands on a line of its own', async () => {
  const path = temporaryPath();
  const first = new Journal<number>(path, () => undefined);
  first.append(1);
  await first.close();
  appendFileSync(path, '2');
  const replayed: number[] = [];
  const second = new Journal<number>(path, (entry) => replayed.push(entry));
  second.append(3);
  await second.close();
  assert.deepEqual([replayed, readFileSync(path, 'utf8')], [[1], '1\n3\n']);
});

test('a closed journal says that it has not written', async () => {
  const journal = new Journal<number>(temporaryPath(), () => undefined);
  await journal.close();
  journal.append(1);
  assert.match(String(await written(journal)), /closed/);
});

test('a sliding second forgets what is a second old, beyond its first size too', () => {
  const second = new SlidingSecond();
  for (let at = 0; at < 900; at += 1) second.add(at);
  for (let event = 0; event < 5_000; event += 1) second.add(1_500);
  assert.deepEqual([second.countAt(1_500), second.highest], [5_399, 5_399]);
  assert.equal(second.countAt(9_000), 0);
});

test('a gate lets its rate pass in any second', () => {
  const gate = new Gate();
  const times = Array.from({ length: 300 }, (_, index) => index * 10);
  const passed = times.filter((at) => gate.admits(at, 15));
  for (const at of passed) {
    assert.ok(passed.filter((other) => other > at - 1000 && other <= at).length <= 15);
  }
  assert.deepEqual([passed.length, gate.arrived.highest], [45, 100]);
});
