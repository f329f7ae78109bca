import { randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (from 32768 on Linux, from 49152 elsewhere). A broker
 * that restarts must find its port free, and a client that knocks there meanwhile could be given that very port
 * as its own: it would then be connected to itself, and the broker locked out.
 */
const FIRST = 20_000;
const LAST = 32_000;
const TRIES_MAX = 200;

/**
 * A free port for each name: the one that `file` remembers as long as nobody else listens there, so that a broker
 * comes back where its clients look for it.
 */
export async function lastingPorts<Name extends string>(
  file: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, number>>> {
  const known = await readPorts(file);
  const ports = new Map<Name, number>();
  for (const name of names) {
    const before = known[name];
    const usable = before !== undefined && !taken(ports, before) && (await isFree(before));
    ports.set(name, usable ? before : await findFree(ports));
  }
  const chosen = Object.fromEntries(ports) as Record<Name, number>;
  await writeFile(file, `${JSON.stringify(chosen)}\n`);
  return chosen;
}

async function readPorts(file: string): Promise<Readonly<Record<string, number | undefined>>> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return {}; // there is none yet, or it was cut off: others are as good
  }
}

async function findFree(ports: ReadonlyMap<string, number>): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(FIRST, LAST);
    if (!taken(ports, port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port was found between ${FIRST} and ${LAST}`);
}

function taken(ports: ReadonlyMap<string, number>, port: number): boolean {
  return [...ports.values()].includes(port);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
