import { readFile, rm, writeFile } from 'node:fs/promises';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 50;

/** Runs `work` while no other process of this machine does so under the same `path`. A dead holder is ignored. */
export async function withFileLock<Result>(
  path: string,
  work: () => Promise<Result>,
  patienceMs = PATIENCE_MS,
): Promise<Result> {
  const endMs = performance.now() + patienceMs;
  while (!(await take(path))) {
    if (performance.now() > endMs)
      throw new Error(`${path} is held by another process for too long`);
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(path, 'utf8').catch(() => ''));
  // An empty file is one whose writer is between its two steps: it counts as held.
  if (holder > 0 && !isAlive(holder)) await rm(path, { force: true });
  return false;
}

/** Whether a process with that id runs on this machine. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
