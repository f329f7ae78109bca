import { spawn, spawnSync } from 'node:child_process';
import pg from 'pg';
import type { Database } from '#database';

const SCALE = 10;
const CLIENTS = 8;

/** TPC-B-like transactions per second on a database: the field's common measure of what a server can commit. */
export interface TpcB {
  readonly tool: string;
  run(seconds: number): Promise<number>;
}

/** `pgbench` itself where it is installed, else the same seven statements from a process of our own. */
export async function openTpcB(database: Database): Promise<TpcB> {
  const installed = spawnSync('pgbench', ['--version']).status === 0;
  if (!installed) return openOwn(database);
  await pgbench(database.url, ['-i', '-q', '-s', String(SCALE)]);
  return {
    tool: `pgbench, scale ${SCALE}, ${CLIENTS} clients, prepared`,
    async run(seconds) {
      const output = await pgbench(database.url, [
        '-c',
        String(CLIENTS),
        '-M',
        'prepared',
        '-T',
        String(seconds),
      ]);
      const found = /tps = ([0-9.]+)/.exec(output)?.[1];
      if (!found) throw new Error(`pgbench said no rate: ${output}`);
      return Number(found);
    },
  };
}

/** pgbench reads no host from a query string of this form, so it is told apart. */
function pgbench(url: string, args: readonly string[]): Promise<string> {
  const { pathname, searchParams, username } = new URL(url);
  const where = ['-h', searchParams.get('host') ?? 'localhost', '-U', username, pathname.slice(1)];
  return new Promise((resolve, reject) => {
    const child = spawn('pgbench', [...args, ...where], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`pgbench: ${errors}`)),
    );
  });
}

async function openOwn(database: Database): Promise<TpcB> {
  const client = await database.connect();
  await client.query(
    `
    create table pgbench_branches (bid int primary key, bbalance int);
    create table pgbench_tellers (tid int primary key, bid int, tbalance int);
    create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84));
    create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp);
    insert into pgbench_branches select n, 0 from generate_series(1, ${SCALE}) n;
    insert into pgbench_tellers select n, (n - 1) / 10 + 1, 0 from generate_series(1, ${SCALE} * 10) n;
    insert into pgbench_accounts select n, (n - 1) / 100000 + 1, 0, '' from generate_series(1, ${SCALE} * 100000) n;
    vacuum analyze`.replace('vacuum analyze', ''),
  );
  await client.end();
  return {
    tool: `seven statements from Node, ${CLIENTS} clients, prepared`,
    run: (seconds) => runOwn(database.url, seconds),
  };
}

async function runOwn(url: string, seconds: number): Promise<number> {
  const endMs = performance.now() + seconds * 1000;
  let done = 0;
  const one = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    while (performance.now() < endMs) {
      await transaction(client);
      done += 1;
    }
    await client.end();
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
  return done / seconds;
}

const upTo = (most: number) => 1 + Math.floor(Math.random() * most);

async function transaction(client: pg.Client): Promise<void> {
  const [aid, bid, tid, delta] = [upTo(SCALE * 100_000), upTo(SCALE), upTo(SCALE * 10), upTo(5000)];
  const say = (name: string, text: string, values: number[]) =>
    client.query({ name, text, values });
  await client.query('begin');
  await say('a', 'update pgbench_accounts set abalance = abalance + $1 where aid = $2', [
    delta,
    aid,
  ]);
  await say('b', 'select abalance from pgbench_accounts where aid = $1', [aid]);
  await say('c', 'update pgbench_tellers set tbalance = tbalance + $1 where tid = $2', [
    delta,
    tid,
  ]);
  await say('d', 'update pgbench_branches set bbalance = bbalance + $1 where bid = $2', [
    delta,
    bid,
  ]);
  await say('e', 'insert into pgbench_history values ($1, $2, $3, $4, now())', [
    tid,
    bid,
    aid,
    delta,
  ]);
  await client.query('commit');
}
