import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

/** In a child: what the test that started it wants. */
export function childSettings<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings;
}

/** A child that works until it is killed or told to end. */
export interface CrashChild {
  isDead(): boolean;
  /** Tells it to end, if it lives. */
  stop(): Promise<void>;
}

/** Starts one, and waits until it says its first word. */
export async function startCrashChild(
  t: TestContext,
  file: string,
  settings: object,
): Promise<CrashChild> {
  const child = spawn(process.execPath, [file, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  let isDead = false;
  void exit.then(() => {
    isDead = true;
  });
  const [began] = await Promise.race([once(child.stdout, 'data'), exit]);
  assert.ok(began !== 1, 'the child could not start');
  return {
    isDead: () => isDead,
    async stop() {
      child.kill('SIGTERM');
      mustBeRight(await exit);
    },
  };
}

/** Runs a child to its end: true when it was killed, false when it has done all and ended by itself. */
export async function runCrashChild(
  t: TestContext,
  file: string,
  settings: object,
): Promise<boolean> {
  const child = spawn(process.execPath, [file, JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  return mustBeRight(await once(child, 'exit'));
}

function mustBeRight([code, signal]: readonly unknown[]): boolean {
  assert.ok(signal === 'SIGKILL' || code === 0, `the child ended by itself: ${code} ${signal}`);
  return signal === 'SIGKILL';
}
