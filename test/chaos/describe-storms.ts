import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BrokerEngine, isWhole, openBroker, runStorm, writeReport } from './index.ts';

const MINUTES = 0.25;
const SEED = 11;
/** The storm, and the starts, the leases and the questions that follow. */
const TIMEOUT_MS = 240_000;
const UP = { amqp: process.env.KOPEK_TEST_AMQP, kafka: process.env.KOPEK_TEST_KAFKA } as const;

export const BROKERS = Object.keys(UP) as readonly BrokerEngine[];

/** A short storm over the carrier's pipeline: `npm run chaos` makes longer ones. */
export function describeStorm(engine: BrokerEngine | 'PostgreSQL'): void {
  const broker = engine === 'PostgreSQL' ? undefined : engine;
  const skip = broker === undefined || UP[broker] ? false : `${engine} is not up`;
  test(`a storm on ${engine} breaks no promise`, { timeout: TIMEOUT_MS, skip }, async (t) => {
    const quiet = () => {};
    const report = await runStorm({
      ...{ minutes: MINUTES, seed: SEED, inquiry: 'byOurId', say: quiet },
      ...(broker && { openBroker: (life) => openBroker(life, broker, quiet) }),
    });
    t.diagnostic(writeReport(report));
    assert.ok(isWhole(report), writeReport(report));
    assert.ok(report.paidBills > report.customers / 4);
  });
}
