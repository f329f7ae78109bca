import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from '#testing';
import { shakeHands } from './handshake.ts';
import { kafka } from './kafka.ts';
import { endProcess, killProcess, type ProcessMark, runs, signalProcess } from './process-mark.ts';
import { rabbitmq } from './rabbitmq.ts';
import { readServices, type ServiceRecord, writeRecord } from './record.ts';
import { startProgram } from './run-program.ts';
import {
  type Prepared,
  type Service,
  ServiceFault,
  type ServiceName,
  servicesFolder,
} from './service.ts';

export interface ServiceOptions {
  /** Where `services.json` and all data lie; `.kopek/services` of this checkout unless it is told. */
  readonly folder?: string | undefined;
}

export interface StartOptions extends ServiceOptions {
  /** Whether packages that are missing may be installed. Only root can. */
  readonly install?: boolean;
  /** Hears what is being done. */
  readonly say?: (line: string) => void;
}

export interface StopOptions extends ServiceOptions {
  /** Whether its data go too. */
  readonly wipe?: boolean;
}

export interface Started {
  /** Whether this call started it, or found it up. */
  readonly outcome: 'started' | 'already_up';
  readonly record: ServiceRecord;
}

const SERVICES: Readonly<Record<ServiceName, Service>> = { rabbitmq, kafka };
/** A first start on a machine that is busy; usually it takes less than ten seconds. */
const READY_PATIENCE_MS = 120_000;
const READY_LOOK_EVERY_MS = 100;
/** Another command may be installing and fetching for this one. */
const LOCK_PATIENCE_MS = 15 * 60_000;
const LOG_LINES = 20;
/** Its absence tells that a first start was broken off: such data are made anew. */
const COMPLETE = 'complete';

/** Starts it and waits until it answers; one that is up is left as it is. Throws `ServiceFault` with the end of its log. */
export function startService(name: ServiceName, options: StartOptions = {}): Promise<Started> {
  return alone(name, options, async (folder) => {
    const before = (await readServices(folder))[name];
    if (before && (await isUp(before))) return { outcome: 'already_up', record: before };
    // What is left of one that was killed, or stands still: another can't share its data.
    for (const mark of before?.processes.toReversed() ?? []) await endProcess(mark);
    return { outcome: 'started', record: await startAnew(name, folder, options) };
  });
}

async function startAnew(name: ServiceName, root: string, options: StartOptions) {
  const folder = join(root, name);
  const home = join(folder, 'home');
  const complete = join(home, COMPLETE);
  if (!existsSync(complete)) await rm(home, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755); // run by root, the broker is another user
  const { install = false, say = () => {} } = options;
  const prepared = await SERVICES[name].prepare({ folder, home, install, say });
  const processes: ProcessMark[] = [];
  const startedAt = new Date().toISOString();
  for (const program of prepared.programs) {
    processes.push(await startProgram(program));
    // Noted before it answers: whoever kills us now must not leave a process that nobody knows.
    await writeRecord(root, name, { url: prepared.url, software: '', processes, startedAt });
  }
  let software: string;
  try {
    software = await untilItAnswers(prepared, processes);
  } catch (error) {
    for (const mark of processes.toReversed()) await endProcess(mark);
    await writeRecord(root, name, undefined);
    throw error;
  }
  await writeFile(complete, '');
  const record = { url: prepared.url, software, processes, startedAt };
  await writeRecord(root, name, record);
  return record;
}

async function untilItAnswers(
  prepared: Prepared,
  processes: readonly ProcessMark[],
): Promise<string> {
  const endMs = performance.now() + READY_PATIENCE_MS;
  for (;;) {
    const hands = await shakeHands(prepared.url);
    if (hands.outcome === 'answers') return hands.software;
    const alive = await Promise.all(processes.map(runs));
    const late = performance.now() > endMs;
    if (alive.includes(false) || late) {
      const what = late
        ? `did not answer in time (${hands.reason})`
        : 'ended while it was starting';
      const { label } = processes[alive.indexOf(false)] ?? processes.at(-1) ?? { label: 'it' };
      throw new ServiceFault(`${label} ${what}.\n${await endOfLogs(prepared.logFiles)}`);
    }
    await new Promise((done) => setTimeout(done, READY_LOOK_EVERY_MS));
  }
}

async function endOfLogs(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const text = (await readFile(file, 'utf8').catch(() => '')).trimEnd();
      return text === '' ? '' : `${file}:\n${text.split('\n').slice(-LOG_LINES).join('\n')}`;
    }),
  );
  return parts.filter((part) => part !== '').join('\n');
}

/** Whether all its processes run, and it answers. */
export async function isUp(record: ServiceRecord): Promise<boolean> {
  const alive = await Promise.all(record.processes.map(runs));
  return !alive.includes(false) && (await shakeHands(record.url)).outcome === 'answers';
}

/** Ends it, in peace if it can. False when there was nothing to end. Its data stay unless `wipe` is set. */
export function stopService(name: ServiceName, options: StopOptions = {}): Promise<boolean> {
  return alone(name, options, async (folder) => {
    const { processes = [] } = (await readServices(folder))[name] ?? {};
    const alive = await Promise.all(processes.map(runs));
    for (const mark of processes.toReversed()) await endProcess(mark);
    if (processes.length > 0) await writeRecord(folder, name, undefined);
    if (options.wipe) await rm(join(folder, name, 'home'), { recursive: true, force: true });
    return alive.includes(true);
  });
}

/** Kills the broker with -9, as a machine that loses its power would. `startService` brings it back. */
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
export async function pauseService(name: ServiceName, options: ServiceOptions = {}): Promise<void> {
  for (const mark of await processesOf(name, servicesFolder(options.folder))) {
    await signalProcess(mark, 'SIGSTOP');
  }
}

/** Lets one that was paused go on. */
export async function resumeService(
  name: ServiceName,
  options: ServiceOptions = {},
): Promise<void> {
  for (const mark of await processesOf(name, servicesFolder(options.folder))) {
    await signalProcess(mark, 'SIGCONT');
  }
}

async function processesOf(name: ServiceName, folder: string): Promise<readonly ProcessMark[]> {
  const record = (await readServices(folder))[name];
  if (!record) throw new ServiceFault(`${name} was not started in ${folder}.`);
  return record.processes;
}

/** One command at a time for a service of a folder. */
async function alone<Result>(
  name: ServiceName,
  options: ServiceOptions,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = servicesFolder(options.folder);
  await mkdir(folder, { recursive: true });
  return withFileLock(join(folder, `${name}.lock`), () => work(folder), LOCK_PATIENCE_MS);
}
