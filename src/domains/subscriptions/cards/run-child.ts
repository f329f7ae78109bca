import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { CrashSettings } from './crash-child.ts';
import type { Shop } from './fixture.ts';

/** The shop itself is 1. */
let processNumber = 1;

/** Runs state-machine in a process of its own. True when it was killed, false when it has done all and ended by itself. */
export async function runChild(
  t: TestContext,
  { clock, database, gateway, gatewayUrl }: Shop,
  wanted: Pick<CrashSettings, 'dieAt' | 'moveMost'>,
): Promise<boolean> {
  processNumber += 1;
  const settings: CrashSettings = {
    processNumber,
    ...{ url: database.url, gatewayUrl, publicId: gateway.standardPublicId },
    ...{ now: clock.now().toISOString(), ...wanted },
  };
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'crash-child.ts'), JSON.stringify(settings)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  t.after(() => child.kill('SIGKILL'));
  const [code, signal] = await once(child, 'exit');
  assert.ok(signal === 'SIGKILL' || code === 0, `the child ended by itself: ${code} ${signal}`);
  return signal === 'SIGKILL';
}
