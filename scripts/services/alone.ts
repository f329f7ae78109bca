import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from '#testing';
import { type ServiceName, servicesFolder } from './service.ts';

export interface ServiceOptions {
  /** Where `services.json` and all data lie; `.kopek/services` of this checkout unless it is told. */
  readonly folder?: string | undefined;
}

/** Another command may be installing and fetching for this one. */
const PATIENCE_MS = 15 * 60_000;

/** Runs `work` while no other command does anything to that service of the folder. */
export async function alone<Result>(
  name: ServiceName,
  options: ServiceOptions,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = servicesFolder(options.folder);
  await mkdir(folder, { recursive: true });
  return withFileLock(join(folder, `${name}.lock`), () => work(folder), PATIENCE_MS);
}
