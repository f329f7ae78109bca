import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Database, migrate, openDatabase, startEmbeddedServer } from '#database';
import { silentLog } from '#log';
import { type BenchContext, type Claim, type Comparison, median, type Result } from './claim.ts';

const MIGRATIONS = join(import.meta.dirname, '../../db/migrations');
const CONNECTIONS_MAX = 80;

/** The server of one run of benchmarks: durable, because claims about undurable work say nothing. */
export interface BenchServer {
  readonly version: string;
  createDatabase(): Promise<Database>;
  stop(): Promise<void>;
}

export async function startBenchServer(): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kopek-bench-'));
  await chmod(folder, 0o755); // run by root, PostgreSQL is another user
  const server = await startEmbeddedServer({ folder, durable: true });
  const template = openDatabase({ url: server.url, log: silentLog(), name: 'kopek-bench' });
  await migrate(template, MIGRATIONS);
  await template.close();
  let count = 0;
  return {
    version: server.version,
    async createDatabase() {
      count += 1;
      const url = new URL(server.url);
      const name = `bench_${count}`;
      url.pathname = '/postgres';
      const client = await openClient(url.href);
      await client.query(`create database ${name} template kopek`).finally(() => client.end());
      url.pathname = `/${name}`;
      return openDatabase({ url: url.href, log: silentLog(), connectionsMax: CONNECTIONS_MAX });
    },
    async stop() {
      // A claim that failed may have left connections, and a server with other clients goes on.
      const client = await openClient(server.url);
      await client
        .query(
          'select pg_terminate_backend(pid, 1000) from pg_stat_activity where pid <> pg_backend_pid()',
        )
        .finally(() => client.end());
      await server.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

export interface RunOptions {
  readonly samples: number;
  /** After this (`performance.now()`) a comparison is content with the samples that it has. */
  readonly endMs: number;
  readonly say: (text: string) => void;
}

export async function runClaim(
  claim: Claim,
  server: BenchServer,
  options: RunOptions,
): Promise<{ readonly results: readonly Result[]; readonly notes: readonly string[] }> {
  const results: Result[] = [];
  const notes: string[] = [];
  const open: Database[] = [];
  const context: BenchContext = {
    async openDatabase() {
      const database = await server.createDatabase();
      open.push(database);
      return database;
    },
    compare: async (comparison) => {
      results.push(await compare(claim.name, comparison, options));
    },
    progress: options.say,
    note: (text) => void notes.push(text),
  };
  try {
    await claim.run(context);
  } finally {
    for (const database of open) await database.close();
  }
  return { results, notes };
}

async function compare(
  claim: string,
  comparison: Comparison,
  options: RunOptions,
): Promise<Result> {
  const { ours, floor, ...said } = comparison;
  const samples = { ours: [] as number[], floor: [] as number[] };
  for (let at = 0; at < options.samples; at += 1) {
    if (at > 0 && performance.now() > options.endMs) break;
    // Whoever goes first changes: the second finds the machine warmer, or its disk busier.
    for (const side of at % 2 === 0 ? (['ours', 'floor'] as const) : (['floor', 'ours'] as const)) {
      samples[side].push(await (side === 'ours' ? ours : floor)());
    }
    const [mine, other] = [samples.ours.at(-1) ?? 0, samples.floor.at(-1) ?? 0];
    options.say(
      `${claim}, ${said.situation}, sample ${at + 1}: ${figure(mine)} against ${figure(other)}`,
    );
  }
  const ratios = samples.ours.map((value, at) => value / (samples.floor[at] ?? Number.NaN));
  const ratio = median(ratios);
  return { claim, ...said, ...samples, ratios, ratio, reached: ratio >= said.target };
}

export function figure(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
