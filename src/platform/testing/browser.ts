import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const;

/**
 * The browser to hand to playwright-core (root needs its `--no-sandbox`), or undefined after skipping test `t`
 * because this machine has none: the test returns at once. With CI set it throws instead, as a test that
 * quietly never runs proves nothing.
 */
export function browserExecutable(t: TestContext): string | undefined {
  const wanted = process.env.KOPEK_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = wanted
    ? [wanted]
    : folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = candidates.find(isExecutable);
  if (found) return found;
  const reason = `no browser here: install chromium, or set KOPEK_CHROMIUM (${wanted ?? 'not set'})`;
  if (process.env.CI) throw new Error(reason);
  t.skip(reason);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
