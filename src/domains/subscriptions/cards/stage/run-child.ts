import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { runCrashChild } from '#testing';
import type { CrashSettings } from './crash-child.ts';
import type { Shop } from './fixture.ts';

/** The shop itself is 1. */
let processNumber = 1;

/** Runs state-machine in a process of its own. True when it was killed, false when it has done all and ended by itself. */
export function runChild(
  t: TestContext,
  { clock, database, gateway, gatewayUrl }: Shop,
  wanted: Pick<CrashSettings, 'dieAt' | 'moveMost' | 'reconciles'>,
): Promise<boolean> {
  processNumber += 1;
  const settings: CrashSettings = {
    processNumber,
    ...{ url: database.url, gatewayUrl, publicId: gateway.standardPublicId },
    ...{ now: clock.now().toISOString(), ...wanted },
  };
  return runCrashChild(t, join(import.meta.dirname, 'crash-child.ts'), settings);
}
