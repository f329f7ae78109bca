import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWhole, openBroker, runStorm, writeReport } from './index.ts';

// Minutes of everything at once, from a seed, in each of the ways in which an operator can be asked what became of a
// charge, and on each engine of the bus.

/** `KOPEK_TEST_SEED=7 npm run test:long -- storm` chooses the same misfortunes again. */
const SEED = Number(process.env.KOPEK_TEST_SEED ?? '1');
const MINUTES = 1;

for (const inquiry of ['byOurId', 'repeatIsSafe', 'none'] as const) {
  for (const bus of ['postgres', 'amqp', 'kafka'] as const) {
    const isUp = bus === 'postgres' || process.env[`KOPEK_TEST_${bus.toUpperCase()}`];
    const skip = isUp ? false : `${bus} is not up`;
    test(`a storm of seed ${SEED} on ${bus}, inquiry ${inquiry}`, { skip }, async (t) => {
      const say = () => {};
      const report = await runStorm({
        ...{ minutes: MINUTES, seed: SEED, inquiry, say },
        ...(bus !== 'postgres' && { openBroker: (life) => openBroker(life, bus, say) }),
      });
      t.diagnostic(writeReport(report));
      assert.ok(isWhole(report), writeReport(report));
    });
  }
}
