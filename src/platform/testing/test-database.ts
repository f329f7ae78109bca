import { after, type TestContext } from 'node:test';
import { type Database, openDatabase } from '#database';
import { silentLog } from '#log';
import type { Lifetime } from './lifetime.ts';
import { cloneTemplate } from './template.ts';
import { sharedTestServer } from './test-server.ts';

/** Closing waits for queries under way; a worker that was never stopped must fail the file, not hang it. */
const CLOSE_TIMEOUT_MS = 10_000;

/**
 * A migrated, empty database of its own, on a real PostgreSQL. Call it once at the top of a test file
 * (`const database = await testDatabase()`), or with `t` for one that lives as long as that test.
 *
 * It is closed after the file's (or the test's) own `after` hooks, so they may still stop what uses it.
 */
export async function testDatabase(t?: Lifetime): Promise<Database> {
  const url = await cloneTemplate(process.env.KOPEK_TEST_SERVER ?? (await sharedTestServer()));
  const database = openDatabase({ url, log: silentLog(), name: 'kopek-test' });
  const close = () => closeInTime(database);
  // Hooks run in the order of their registration: one that is registered by a running hook comes last.
  if (t) t.after(() => t.after(close));
  else after((context) => ('after' in context ? (context as TestContext).after(close) : close()));
  return database;
}

async function closeInTime(database: Database): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    const message = `the test left a connection in use: the pool did not close in ${CLOSE_TIMEOUT_MS} ms`;
    timer = setTimeout(() => fail(new Error(message)), CLOSE_TIMEOUT_MS);
  });
  await Promise.race([database.close(), late]).finally(() => clearTimeout(timer));
}
