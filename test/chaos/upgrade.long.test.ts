import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWhole, knows, runStorm, writeReport } from './index.ts';

// The version before this one at work, a migration under load, and one process after the other becomes this version.

/** The oldest version that may work beside this one: moved on with each release. */
const PREVIOUS = '93f767e8bbf2074902e19f81fc18945ad309c57a';
const MINUTES = 0.5;

const skip = (await knows(PREVIOUS)) ? false : `the history of this checkout has no ${PREVIOUS}`;
test('an upgrade under load breaks no promise', { skip }, async (t) => {
  const report = await runStorm({
    ...{ minutes: MINUTES, seed: 1, inquiry: 'byOurId', from: PREVIOUS, say: () => {} },
  });
  t.diagnostic(writeReport(report));
  assert.ok(isWhole(report), writeReport(report));
});
