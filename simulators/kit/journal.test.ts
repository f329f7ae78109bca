import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Journal } from './journal.ts';

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
