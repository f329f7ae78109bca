import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { testDatabase } from '#testing';
import { lawsOf, setStage, twiceADay } from './fixture.ts';
import type { KillSettings } from './kill-child.ts';

const database = await testDatabase();
const { ask, reserve } = await setStage(database, lawsOf(twiceADay));

async function kill(settings: Omit<KillSettings, 'url'>): Promise<void> {
  const given = JSON.stringify({ url: database.url, ...settings });
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.ts'), given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
}

const CASES: readonly (readonly [KillSettings['dieAt'], number])[] = [
  ['before the commit', 2],
  ['after the commit', 1],
  ['after giving it back, uncommitted', 1],
];

for (const [index, [dieAt, left]] of CASES.entries()) {
  test(`killed ${dieAt}: ${left} of two places are left, and nobody waits for the dead`, async () => {
    const recipient = `+7916000000${index}`;
    await kill({ recipient, dieAt });
    const outcomes = await reserve(ask({ recipient }), ask({ recipient }), ask({ recipient }));
    assert.equal(outcomes.filter((outcome) => outcome === 'send').length, left);
  });
}
