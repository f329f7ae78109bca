import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSmsStorm, writeSmsReport } from './sms-storm.ts';

const SEED = Number(process.env.KOPEK_TEST_SEED ?? '3');
const MINUTES = Number(process.env.KOPEK_TEST_MINUTES ?? '0.5');
const VERBOSE = process.env.KOPEK_TEST_SAY === 'on';

test('a storm over the SMS service breaks no promise', { timeout: 420_000 }, async (t) => {
  const say = (line: string) => (VERBOSE ? console.error(line) : undefined);
  const report = await runSmsStorm({ minutes: MINUTES, seed: SEED, say });
  t.diagnostic(writeSmsReport(report));
  assert.deepEqual(report.findings, []);
  assert.ok(report.onHandsets > report.taken / 3, writeSmsReport(report));
});
