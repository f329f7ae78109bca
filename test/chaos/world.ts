import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, openDatabase, startEmbeddedServer } from '#database';
import { silentLog } from '#log';
import type { ProcessName } from '#processes';
import { type Lifetime, temporaryFolder } from '#testing';
import type { Broker } from './broker.ts';
import { type Kopek, ROOT } from './process.ts';
import { type OperatorSettings, type Stage, setStageOn } from './stage.ts';

/** Everything of a run that may die, and come back. */
export interface World {
  readonly stage: Stage;
  readonly crew: Crew;
  readonly server: DatabaseServer;
  readonly broker: Broker | undefined;
}

/** A durable PostgreSQL of the run's own. */
export interface DatabaseServer {
  readonly database: Database;
  /** As an administrator would restart it: connections end, nothing is lost. */
  restart(): Promise<void>;
  /** As a power cut would end it, and up again. */
  crash(): Promise<void>;
}

/** The processes of the house: some of them twice or three times, as on several machines. */
export interface Crew {
  readonly names: readonly string[];
  kill(at: number, awayMs: number): Promise<void>;
  /** SIGTERM, as an upgrade does. Answers its exit code. */
  replace(at: number): Promise<number | null>;
  /** It stands still, its leases end, others take over, and then it goes on as if nothing had been. */
  freeze(at: number, forMs: number): Promise<void>;
}

const PARTS: readonly (readonly ProcessName[])[] = [
  ['dispatcher'],
  ['mt-manager'],
  ['mt-manager'],
  ['telco'],
  ['telco'],
  ['telco'],
  ['qlistener'],
];
const DOWN_MS = 300;

export interface WorldOptions {
  readonly broker: Broker | undefined;
  readonly operator: Partial<OperatorSettings>;
  /** A checkout of the version that everything begins with. */
  readonly root?: string | undefined;
}

export async function openWorld(life: Lifetime, options: WorldOptions): Promise<World> {
  const { broker, operator, root = ROOT } = options;
  const server = await openServer(life);
  const settings: Readonly<Record<string, string>> = broker ? { BUS_URL: broker.url } : {};
  const stage = await setStageOn(server.database, life, { operator, settings, root });
  return { stage, server, broker, crew: await gather(stage, root) };
}

export async function openServer(life: Lifetime): Promise<DatabaseServer> {
  const folder = join(await temporaryFolder(life), 'postgres');
  const { url } = await startEmbeddedServer({ folder });
  const database = openDatabase({ url, log: silentLog(), name: 'kopek-chaos' });
  life.after(async () => {
    await database.close();
    const last = await startEmbeddedServer({ folder });
    await last.stop();
  });
  const down = async (signal: 'SIGINT' | 'SIGKILL') => {
    const pid = Number(
      (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0],
    );
    process.kill(pid, signal);
    await pause(DOWN_MS);
    await startEmbeddedServer({ folder });
  };
  return { database, restart: () => down('SIGINT'), crash: () => down('SIGKILL') };
}

/** Whoever comes back is of this version, whichever it was before. */
async function gather(stage: Stage, root: string): Promise<Crew> {
  const crew: Kopek[] = await Promise.all(PARTS.map((parts) => stage.startFrom(root, parts)));
  const again = async (at: number) => {
    crew[at] = await stage.start(...(PARTS[at] ?? []));
  };
  return {
    names: PARTS.map((parts) => parts.join('+')),
    async kill(at, awayMs) {
      await crew[at]?.kill();
      await pause(awayMs);
      await again(at);
    },
    async replace(at) {
      const ended = await crew[at]?.stop();
      await again(at);
      return ended?.code ?? null;
    },
    async freeze(at, forMs) {
      crew[at]?.pause();
      await pause(forMs);
      crew[at]?.resume();
    },
  };
}

export const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
