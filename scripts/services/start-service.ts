import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alone, type ServiceOptions } from './alone.ts';
import { shakeHands } from './handshake.ts';
import { kafka } from './kafka.ts';
import { endProcess, type ProcessMark, runs } from './process-mark.ts';
import { rabbitmq } from './rabbitmq.ts';
import { readServices, type ServiceRecord, writeRecord } from './record.ts';
import { startProgram } from './run-program.ts';
import { type Prepared, type Service, ServiceFault, type ServiceName } from './service.ts';
import { workFolder } from './work-folder.ts';

export interface StartOptions extends ServiceOptions {
  /** Whether packages that are missing may be installed. Only root can. */
  readonly install?: boolean;
  /** Hears what is being done. */
  readonly say?: (line: string) => void;
}

export interface Started {
  /** Whether this call started it, or found it up. */
  readonly outcome: 'started' | 'already_up';
  readonly record: ServiceRecord;
}

const SERVICES: Readonly<Record<ServiceName, Service>> = { rabbitmq, kafka };
/** For a first start on a machine that is busy; usually it takes less than ten seconds. */
const READY_PATIENCE_MS = 120_000;
const READY_LOOK_EVERY_MS = 100;
const LOG_LINES = 12;
/** Data without it are those of a first start that was broken off: they are made anew. */
const COMPLETE = 'complete';

/** Starts it and waits until it answers; what is up stays as it is. Throws `ServiceFault` with the end of its log. */
export function startService(name: ServiceName, options: StartOptions = {}): Promise<Started> {
  return alone(name, options, async (folder) => {
    const before = (await readServices(folder))[name];
    if (before && (await isUp(before))) {
      const record = before.software ? before : await complete(name, folder, before);
      return { outcome: 'already_up', record };
    }
    // What is left of one that was killed, or stands still: another can't share its data.
    await endAll(before?.processes ?? []);
    return { outcome: 'started', record: await startAnew(name, folder, options) };
  });
}

/** Whether all its processes run, and it answers. */
export async function isUp(record: ServiceRecord): Promise<boolean> {
  const alive = await Promise.all(record.processes.map(runs));
  return !alive.includes(false) && (await shakeHands(record.url)).outcome === 'answers';
}

async function startAnew(name: ServiceName, root: string, options: StartOptions) {
  const folder = await workFolder(root, name);
  const home = join(folder, 'home');
  if (!existsSync(join(home, COMPLETE))) await rm(home, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755); // run by root, the broker is another user
  const { install = false, say = () => {} } = options;
  const prepared = await SERVICES[name].prepare({ folder, home, install, say });
  const processes: ProcessMark[] = [];
  const startedAt = new Date().toISOString();
  const record = { url: prepared.url, software: '', processes, startedAt };
  try {
    for (const program of prepared.programs) {
      processes.push(await startProgram(program));
      // Noted before it answers: whoever kills us now must not leave a process that nobody knows.
      await writeRecord(root, name, record);
    }
    await untilItAnswers(prepared, processes);
    return await complete(name, root, record);
  } catch (error) {
    await endAll(processes);
    await writeRecord(root, name, undefined);
    throw error;
  }
}

/** It has answered, so its data are whole. Who started it may have been killed before they could note it. */
async function complete(name: ServiceName, root: string, record: ServiceRecord) {
  const hands = await shakeHands(record.url);
  const software = hands.outcome === 'answers' ? hands.software : '';
  await writeFile(join(await workFolder(root, name), 'home', COMPLETE), '');
  await writeRecord(root, name, { ...record, software });
  return { ...record, software };
}

async function untilItAnswers(prepared: Prepared, processes: readonly ProcessMark[]) {
  const endMs = performance.now() + READY_PATIENCE_MS;
  for (;;) {
    const hands = await shakeHands(prepared.url);
    if (hands.outcome === 'answers') return;
    const alive = await Promise.all(processes.map(runs));
    const ended = processes[alive.indexOf(false)];
    if (ended || performance.now() > endMs) {
      const what = ended
        ? `${ended.label} ended while it was starting.`
        : `It did not answer in time: ${hands.reason}.`;
      throw new ServiceFault(`${what}\n${await endOfLogs(prepared.logFiles)}`);
    }
    await new Promise((done) => setTimeout(done, READY_LOOK_EVERY_MS));
  }
}

async function endOfLogs(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const text = (await readFile(file, 'utf8').catch(() => '')).trimEnd();
      return text === '' ? [] : [`${file}:\n${text.split('\n').slice(-LOG_LINES).join('\n')}`];
    }),
  );
  return parts.flat().join('\n');
}

/** The broker first: what it leans on started before it. */
async function endAll(processes: readonly ProcessMark[]): Promise<void> {
  for (const mark of processes.toReversed()) await endProcess(mark);
}
