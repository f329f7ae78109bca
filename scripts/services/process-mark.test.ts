import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import {
  endProcess,
  killProcess,
  markProcess,
  pauseProcess,
  resumeProcess,
  runs,
} from './process-mark.ts';

const STUBBORN = "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)";
const OBEDIENT = "console.log('up'); setInterval(() => {}, 1000)";

test('a process runs until it is ended', async (t) => {
  const child = await startChild(t, OBEDIENT);
  const mark = await markProcess('child', child.pid ?? 0);
  assert.equal(await runs(mark), true);
  await endProcess(mark);
  assert.equal(await runs(mark), false);
  assert.equal(child.signalCode ?? (await once(child, 'exit'))[1], 'SIGTERM');
});

test('one that does not obey is killed when its time is over', async (t) => {
  const child = await startChild(t, STUBBORN);
  const mark = await markProcess('child', child.pid ?? 0);
  await endProcess(mark, 200);
  assert.equal(await runs(mark), false);
});

test('one that stands still is ended too', async (t) => {
  const child = await startChild(t, OBEDIENT);
  const mark = await markProcess('child', child.pid ?? 0);
  await pauseProcess(mark);
  await endProcess(mark);
  assert.equal(await runs(mark), false);
});

test('a stranger that was given the same number is left alone', async (t) => {
  const child = await startChild(t, OBEDIENT);
  const mark = await markProcess('child', child.pid ?? 0);
  const stale = { ...mark, born: 'another boot 4711' };
  assert.equal(await runs(stale), false);
  await endProcess(stale);
  await killProcess(stale);
  await pauseProcess(stale);
  await resumeProcess(stale);
  assert.equal(await runs(mark), true);
});

test('a number that nobody has marks no process', async () => {
  const mark = await markProcess('nobody', 2 ** 22 + 1);
  assert.equal(await runs(mark), false);
});

async function startChild(t: TestContext, code: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', code], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}
