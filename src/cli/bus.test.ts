import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { defineTopic, openBus } from '#bus';
import { createSystemClock } from '#clock';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { temporaryFolder, testDatabase } from '#testing';

const KOPEK = join(import.meta.dirname, '../../bin/kopek.js');
const folder = await temporaryFolder();

function kopek(args: readonly string[], env: Record<string, string>) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [KOPEK, ...args], { cwd: folder, env: { PATH, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  return new Promise<{ code: number | null; out: string; err: string }>((done) =>
    child.on('close', (code) => done({ code, out, err })),
  );
}

test('bus status tells what waits, bus move says who is in the way, and refuses what it can not know', async (t) => {
  const database = await testDatabase(t);
  const env = { DATABASE_URL: database.url };
  const bus = await openBus({
    ...{ url: 'postgres:', database, clock: createSystemClock(), log: silentLog() },
    ...{ metrics: createMetrics(), source: 'kopek/test' },
  });
  const topic = defineTopic<{ n: number }>('numbers', { schema: {}, description: 'numbers' });
  await bus.declare([{ topic, name: 'worker' }]);
  await database.transaction((tx) => bus.publish(tx, topic, [{ key: 'k', payload: { n: 1 } }]));
  const status = await kopek(['bus', 'status'], env);
  assert.equal(status.code, 0, status.err);
  assert.match(status.out, /numbers → worker +postgres +1 +0 +0/);
  const busy = await kopek(['bus', 'move'], env);
  assert.equal(busy.code, 2);
  assert.match(busy.err, /1 process uses the bus; stop them first\. +KOP-0314/);
  await bus.close();
  const nothing = await kopek(['bus', 'move'], env);
  assert.equal(nothing.code, 0, nothing.err);
  assert.match(nothing.out, /Nothing to move/);
  const there = await kopek(['bus', 'move', '--to', 'amqp://127.0.0.1:1'], env);
  assert.equal(there.code, 0, there.err);
  assert.match(there.out, /numbers → worker: postgres → amqp, one message/);
  const lost = await kopek(['bus', 'move'], env);
  assert.equal(lost.code, 2);
  assert.match(lost.err, /no setting says where that is/);
  assert.equal((await kopek(['bus', 'shake'], env)).code, 2);
});
