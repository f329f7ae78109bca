import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Lifetime } from './lifetime.ts';

/** Deletes a folder in which a server that is just ending may still write. */
const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;

/** A new empty folder, deleted at the end of test `t`, or of the test file without one. */
export async function temporaryFolder(t?: Lifetime): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kopek-'));
  await chmod(folder, 0o755); // run by root, an embedded PostgreSQL inside is another user
  if (t) t.after(() => rm(folder, REMOVAL));
  else after(() => rm(folder, REMOVAL));
  return folder;
}
