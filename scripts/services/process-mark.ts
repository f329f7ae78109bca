import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process that can't be mistaken for a later one that was given the same number. */
export interface ProcessMark {
  readonly label: string;
  readonly pid: number;
  readonly born: string;
}

const LOOK_EVERY_MS = 50;
const END_PATIENCE_MS = 20_000;
const KILL_PATIENCE_MS = 5_000;
/** Fields of /proc/<pid>/stat that follow the name: its state, and when it began, in ticks since boot. */
const STATE = 0;
const BEGAN = 19;

/** The mark of a process that runs now. */
export async function markProcess(label: string, pid: number): Promise<ProcessMark> {
  return { label, pid, born: (await birth(pid)) ?? '' };
}

/** Whether it still runs. One that has ended and only waits to be fetched by its parent does not. */
export async function runs(mark: ProcessMark): Promise<boolean> {
  return mark.born !== '' && (await birth(mark.pid)) === mark.born;
}

/** Ends it as it wishes, and with -9 when it has not done so in time. */
export async function endProcess(mark: ProcessMark, patienceMs = END_PATIENCE_MS): Promise<void> {
  if (!(await runs(mark))) return;
  send(mark.pid, 'SIGTERM');
  send(mark.pid, 'SIGCONT'); // one that was paused could not obey
  if (!(await hasEnded(mark, patienceMs))) await killProcess(mark);
}

/** -9, for it and those of its group. */
export async function killProcess(mark: ProcessMark): Promise<void> {
  if (!(await runs(mark))) return;
  send(-mark.pid, 'SIGKILL');
  if (!(await hasEnded(mark, KILL_PATIENCE_MS))) {
    throw new Error(`process ${mark.pid} (${mark.label}) does not end, not even with -9`);
  }
}

/** Makes it stand still, and returns when every one of its threads does. */
export async function pauseProcess(mark: ProcessMark): Promise<void> {
  if (!(await runs(mark))) return;
  send(mark.pid, 'SIGSTOP');
  const endMs = performance.now() + KILL_PATIENCE_MS;
  while ((await runs(mark)) && !(await standsStill(mark.pid)) && performance.now() < endMs) {
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}

/** Lets one that was paused go on. */
export async function resumeProcess(mark: ProcessMark): Promise<void> {
  if (await runs(mark)) send(mark.pid, 'SIGCONT');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function hasEnded(mark: ProcessMark, patienceMs: number): Promise<boolean> {
  const endMs = performance.now() + patienceMs;
  while (await runs(mark)) {
    if (performance.now() > endMs) return false;
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
  return true;
}

async function standsStill(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const states = await Promise.all(
    threads.map(async (thread) => {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ') T');
      return fieldsOf(stat)[STATE];
    }),
  );
  return states.every((state) => state === 'T');
}

/** When it began, as a text that no other process shares; undefined when there is no such process. */
async function birth(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return birthByPs(pid);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = fieldsOf(stat);
  if (fields[STATE] === 'Z' || fields[STATE] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()} ${fields[BEGAN]}`;
}

/** Those after the name, which may hold anything. */
function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

async function birthByPs(pid: number): Promise<string | undefined> {
  const asked = promisify(execFile)('ps', ['-o', 'state=,lstart=', '-p', String(pid)]);
  const [state = '', ...began] = (await asked.catch(() => ({ stdout: '' }))).stdout
    .trim()
    .split(/\s+/);
  return state === '' || state.startsWith('Z') ? undefined : began.join(' ');
}
