import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from './fixture.ts';
import { Journal } from './journal.ts';

function open(path: string): { journal: Journal<number>; replayed: number[] } {
  const replayed: number[] = [];
  return { journal: new Journal<number>(path, (entry) => replayed.push(entry)), replayed };
}

test('what was appended is replayed in order', () => {
  const path = join(temporaryFolder(), 'journal');
  const { journal } = open(path);
  for (const entry of [1, 2, 3]) journal.append(entry);
  journal.close();
  assert.deepEqual(open(path).replayed, [1, 2, 3]);
});

test('a torn last line is cut off and does not spoil the next one', () => {
  const path = join(temporaryFolder(), 'journal');
  const first = open(path).journal;
  first.append(1);
  first.close();
  appendFileSync(path, '22');
  const { journal, replayed } = open(path);
  assert.deepEqual(replayed, [1]);
  journal.append(3);
  journal.close();
  assert.deepEqual(open(path).replayed, [1, 3]);
});

test('a journal longer than one chunk is replayed whole', () => {
  const path = join(temporaryFolder(), 'journal');
  const { journal } = open(path);
  for (let entry = 0; entry < 900_000; entry += 1) journal.append(entry);
  journal.close();
  const { replayed } = open(path);
  assert.equal(replayed.length, 900_000);
  assert.equal(replayed.at(-1), 899_999);
});

test('whoever waits is called after the write, at once when nothing is unwritten', async () => {
  const path = join(temporaryFolder(), 'journal');
  const { journal } = open(path);
  journal.append(1);
  const seen = new Promise<string>((resolve) => {
    journal.whenWritten(() => resolve(readFileSync(path, 'utf8')));
  });
  assert.equal(readFileSync(path, 'utf8'), '');
  assert.equal(await seen, '1\n');
  let called = false;
  journal.whenWritten(() => {
    called = true;
  });
  assert.equal(called, true);
});
