import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of Linux's /proc: a hundred a second on all that Node runs on. */
const TICK_US = 10_000;

/** Processor time in microseconds that processes have used so far; of those that are children of `parent`, all of them. */
export function cpuOf(pid: number, options: { readonly withChildren?: boolean } = {}): number {
  const own = read(pid);
  if (!own) return 0;
  if (!options.withChildren) return own.used * TICK_US;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => read(Number(name)))
    .filter((one) => one?.parent === pid);
  const used = children.reduce((sum, one) => sum + (one?.used ?? 0), own.used + own.ended);
  return used * TICK_US;
}

/** The process that started this one: of a connection's backend, the database's server. */
export function parentOf(pid: number): number {
  return read(pid)?.parent ?? 0;
}

/** Undefined where the process is gone, or where there is no /proc. */
function read(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before may hold spaces and brackets.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, used = 0, system = 0, ended = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map(
      (at) => fields[at] ?? 0,
    );
    return { parent, used: used + system, ended: ended + endedSystem };
  } catch {
    return undefined;
  }
}
