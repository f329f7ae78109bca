import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSmsStorm, writeSmsReport } from './sms-storm.ts';

// A minute of everything at once over the SMS service; `sms-storm.long.test.ts` makes a longer one.

/** `KOPEK_TEST_SEED=7` chooses other misfortunes, the same each time. */
const SEED = Number(process.env.KOPEK_TEST_SEED ?? '3');
const MINUTES = 1;

test('a storm over the SMS service breaks no promise', { timeout: 420_000 }, async (t) => {
  const report = await runSmsStorm({ minutes: MINUTES, seed: SEED, say: () => {} });
  t.diagnostic(writeSmsReport(report));
  assert.deepEqual(report.findings, []);
  assert.ok(report.onHandsets > report.taken / 3, writeSmsReport(report));
});
