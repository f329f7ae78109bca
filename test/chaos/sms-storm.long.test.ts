import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSmsStorm, writeSmsReport } from './sms-storm.ts';

/** `KOPEK_TEST_SEED=7 npm run test:long -- sms-storm` chooses the same misfortunes again. */
const SEED = Number(process.env.KOPEK_TEST_SEED ?? '1');
const MINUTES = 5;

test(`${MINUTES} minutes of storm over the SMS service, seed ${SEED}`, async (t) => {
  const report = await runSmsStorm({ minutes: MINUTES, seed: SEED, say: () => {} });
  t.diagnostic(writeSmsReport(report));
  assert.deepEqual(report.findings, []);
});
