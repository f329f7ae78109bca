import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from '#testing';
import type { ProcessMark } from './process-mark.ts';
import { ServiceFault, type ServiceName, servicesFolder } from './service.ts';

/** What runs, or ran: `services.json` keeps it for the next command and for the tests. */
export interface ServiceRecord {
  /** With its password: the file is for its owner alone. */
  readonly url: string;
  /** What it said that it is; empty until it has answered. */
  readonly software: string;
  readonly processes: readonly ProcessMark[];
  readonly startedAt: string;
}

export type Services = Readonly<Partial<Record<ServiceName, ServiceRecord>>>;

const FILE = 'services.json';
const OWNER_ONLY = 0o600;

/** Empty when nothing was ever started there. Whether it still runs, `isUp` tells. */
export async function readServices(folder?: string): Promise<Services> {
  const path = join(servicesFolder(folder), FILE);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Services;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    // Written by a rename, so it is never half a file: whatever this is, it names nothing that we can end.
    if (error instanceof SyntaxError) return {};
    throw new ServiceFault(`${path} can't be read: ${(error as Error).message}`, [
      'It belongs to the user who started the services. Use --folder for your own.',
    ]);
  }
}

/** Notes one service, and leaves what is said of the other; undefined forgets it. */
export async function writeRecord(
  folder: string,
  name: ServiceName,
  record: ServiceRecord | undefined,
): Promise<void> {
  const path = join(folder, FILE);
  await mkdir(folder, { recursive: true });
  await withFileLock(`${path}.lock`, async () => {
    const { [name]: _, ...others } = await readServices(folder);
    const services: Services = record ? { ...others, [name]: record } : others;
    const fresh = `${path}.${process.pid}`;
    await writeFile(fresh, `${JSON.stringify(services, null, 2)}\n`, { mode: OWNER_ONLY });
    await chmod(fresh, OWNER_ONLY); // a file left by one that was killed keeps its own mode
    await rename(fresh, path);
  });
}
