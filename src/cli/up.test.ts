import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually, freePort, temporaryFolder } from '#testing';

const KOPEK = join(import.meta.dirname, '../../bin/kopek.js');
const folder = await temporaryFolder();
const env = {
  PATH: process.env.PATH ?? '',
  KOPEK_PORT: String(await freePort()),
  OPERATOR_SIMULATOR_PORT: String(await freePort()),
  ERP_SIMULATOR_PORT: String(await freePort()),
  SMS_SIMULATOR_PORT: String(await freePort()),
  PROCESSING_SIMULATOR_PORT: String(await freePort()),
  PAYMENTS_API_PORT: String(await freePort()),
};

/** Runs it as a newcomer does: an empty folder, an embedded database. */
function run(args: readonly string[]) {
  const child = spawn(process.execPath, [KOPEK, ...args], { cwd: folder, env });
  const running = { child, text: '', ended: new Promise<number | null>(() => {}) };
  running.ended = new Promise((done) => child.on('close', done));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      running.text += chunk;
    });
  }
  after(() => void child.kill('SIGKILL'));
  return running;
}

type Run = ReturnType<typeof run>;

function says({ text }: Run, words: RegExp): void {
  assert.match(text, words);
}

const PATIENT = { timeoutMs: 40_000, intervalMs: 50 };

test('a first start shows its first customer, and a second one finds everything as it was', async () => {
  const first = run(['up']);
  await eventually(() => says(first, /First kopek after .* kopek follow \+923009102201/), PATIENT);
  says(first, /created, \d+ migrations/);
  says(first, /Ready in/);
  const lines = first.text.split('\n').filter((line) => / \d\d:\d\d:\d\d\.\d{3} /.test(line));
  const told = lines.map((line) => line.trim().split(/\s+/).slice(3, 5).join('.'));
  assert.deepEqual(told.slice(0, 3), ['hit.access', 'action.msisdn_entered', 'action.pin_sent']);
  for (const kind of ['action.pull_click', 'subscription.charged', 'content.delivered'])
    assert.ok(told.includes(kind), kind);

  const key = (await readFile(join(folder, '.kopek/demo-key'), 'utf8')).trim();
  assert.ok(!first.text.includes(key), 'the key itself is not printed');
  assert.equal((await stat(join(folder, '.kopek/demo-key'))).mode & 0o777, 0o600);

  const taken = run(['up']);
  assert.equal(await taken.ended, 75);
  says(taken, /is taken by another Kopek.*KOP-0102/);

  const follow = run(['follow', '0300 9102201', '--json']);
  await eventually(() => says(follow, /"kind":"subscription\.charged"/), PATIENT);

  const beganMs = performance.now();
  first.child.kill('SIGINT');
  setTimeout(() => first.child.kill('SIGINT'), 100); // as npm does
  assert.equal(await first.ended, 0);
  assert.ok(performance.now() - beganMs < 5000);
  says(first, /Stopped in .* s\. Nothing is half done\./);
  assert.equal(await follow.ended, 75, 'whoever only follows keeps nothing running');

  const second = run(['up']);
  await eventually(() => says(second, /Ctrl-C stops it/), PATIENT);
  says(second, /\d+ subscriptions?, last charge \d+ (s|min) ago/);
  assert.ok(!second.text.includes('first customer'));
  second.child.kill('SIGTERM');
  assert.equal(await second.ended, 0);
});
