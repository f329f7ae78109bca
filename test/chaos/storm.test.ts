import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BrokerEngine, isWhole, openBroker, runStorm, writeReport } from './index.ts';

// A short storm on each engine of the bus: `npm run chaos` makes longer ones.

const MINUTES = 0.25;
const SEED = 11;
/** The storm, and the starts, the leases and the questions that follow. */
const timeout = 240_000;
const UP = { amqp: process.env.KOPEK_TEST_AMQP, kafka: process.env.KOPEK_TEST_KAFKA } as const;

async function weather(t: TestContext, engine?: BrokerEngine): Promise<void> {
  const quiet = () => {};
  const report = await runStorm({
    ...{ minutes: MINUTES, seed: SEED, inquiry: 'byOurId', say: quiet },
    ...(engine && { openBroker: (life) => openBroker(life, engine, quiet) }),
  });
  t.diagnostic(writeReport(report));
  assert.ok(isWhole(report), writeReport(report));
  assert.ok(report.paidBills > report.customers / 4);
}

test('a storm on PostgreSQL breaks no promise', { timeout }, (t) => weather(t));

for (const [engine, url] of Object.entries(UP) as [BrokerEngine, string | undefined][]) {
  const skip = url ? false : `${engine} is not up`;
  test(`a storm on ${engine} breaks no promise`, { timeout, skip }, (t) => weather(t, engine));
}
