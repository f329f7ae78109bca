import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { alone, type ServiceOptions } from './alone.ts';
import {
  endProcess,
  killProcess,
  type ProcessMark,
  pauseProcess,
  resumeProcess,
  runs,
} from './process-mark.ts';
import { readServices, writeRecord } from './record.ts';
import { ServiceFault, type ServiceName, servicesFolder } from './service.ts';
import { type Started, type StartOptions, startService } from './start-service.ts';
import { workFolder } from './work-folder.ts';

export interface StopOptions extends ServiceOptions {
  /** Whether all that it keeps goes too: data, logs, and what was fetched for it. */
  readonly wipe?: boolean;
}

/** Ends it, in peace if it can. False when there was nothing to end. Without `wipe` its data stay. */
export function stopService(name: ServiceName, options: StopOptions = {}): Promise<boolean> {
  return alone(name, options, async (folder) => {
    const { processes = [] } = (await readServices(folder))[name] ?? {};
    const alive = await Promise.all(processes.map(runs));
    for (const mark of processes.toReversed()) await endProcess(mark);
    if (processes.length > 0) await writeRecord(folder, name, undefined);
    if (options.wipe) await wipe(folder, name);
    return alive.includes(true);
  });
}

async function wipe(folder: string, name: ServiceName): Promise<void> {
  const work = await workFolder(folder, name);
  await rm(work, { recursive: true, force: true });
  // Outside of `folder` nobody would look for an empty folder; one that is not empty stays.
  if (dirname(work) !== folder) await rmdir(dirname(work)).catch(() => {});
}

/** Kills the broker with -9, as a loss of power would. `startService` brings it back at the same URL. */
export function killService(name: ServiceName, options: ServiceOptions = {}): Promise<void> {
  return alone(name, options, async (folder) => {
    for (const mark of (await processesOf(name, folder)).toReversed()) await killProcess(mark);
  });
}

/** Down in peace and up again, at the same URL. */
export async function restartService(
  name: ServiceName,
  options: StartOptions = {},
): Promise<Started> {
  await stopService(name, options);
  return startService(name, options);
}

/** Makes it stand still with its connections open, as a machine that hangs. */
export async function pauseService(
  name: ServiceName,
  { folder }: ServiceOptions = {},
): Promise<void> {
  await Promise.all((await processesOf(name, servicesFolder(folder))).map(pauseProcess));
}

/** Lets one that was paused go on. */
export async function resumeService(
  name: ServiceName,
  { folder }: ServiceOptions = {},
): Promise<void> {
  await Promise.all((await processesOf(name, servicesFolder(folder))).map(resumeProcess));
}

async function processesOf(name: ServiceName, folder: string): Promise<readonly ProcessMark[]> {
  const record = (await readServices(folder))[name];
  if (!record) throw new ServiceFault(`${name} was not started in ${folder}.`);
  return record.processes;
}
