import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { AppError } from '#errors';
import { type RunAs, runAs, wrapCommand } from '#run-as';
import { locateBinaries } from './embedded-binaries.ts';

/** A PostgreSQL of our own, started from the binaries of an npm package, its data in a folder. */
export interface EmbeddedServer {
  readonly url: string;
  readonly version: string;
  /** True when this call created the data folder. */
  readonly created: boolean;
  /** True when it was already running, for instance after its starter was killed. */
  readonly adopted: boolean;
  /**
   * Stops it, unless another process is still connected to it; one that only looks on, and says so by a name
   * that ends in `-watching`, does not keep it. Never throws.
   */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Where the data lies; made if absent. */
  readonly folder: string;
  /** False only for tests: trades the safety of data on power loss for speed. */
  readonly durable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

const START_TRIES_MAX = 40;
const START_PAUSE_MS = 250;
/** Of several that start at once one wins and the others find it; a server that can't start fails each time. */
const START_FAILURES_MAX = 6;
const IN_USE_LOOKS = 10;
const IN_USE_PAUSE_MS = 30;
const DATABASE = 'kopek';
const USER = 'kopek';

/** Starts the server of `folder`, or adopts the one that runs there. Throws `database_unavailable` with its log. */
export async function startEmbeddedServer(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const folder = resolve(options.folder);
  const data = join(folder, 'data');
  const created = !existsSync(join(data, 'PG_VERSION'));
  await mkdir(folder, { recursive: true });
  const as = await runAs([folder], 'postgres');
  const binaries = await locateBinaries(as);
  if (as) await chown(folder, as.uid, as.gid);
  if (created) await createData({ as, binaries, data });
  const socket = await socketFolder(data, as);
  const url = serverUrl(socket);
  const adopted = !(await startUntilReady({ as, binaries, data, socket, options }));
  await createDatabase(socket);
  const version = await askVersion(url);
  return {
    url,
    version,
    created,
    adopted,
    stop: async () => {
      if (await staysInUse(url)) return;
      await run(as, join(binaries, 'pg_ctl'), ['stop', '-D', data, '-m', 'fast', '-w', '-t', '20']);
    },
  };
}

/**
 * Made beside its place and then moved there: an initdb that is killed half-way leaves nothing that looks like a
 * database. Of two that start at once the first to be done is taken.
 */
async function createData({ as, binaries, data }: Pick<StartInput, 'as' | 'binaries' | 'data'>) {
  await removeUnfinished(data);
  const fresh = `${data}.${process.pid}.${randomBytes(3).toString('hex')}`;
  await mustRun(as, join(binaries, 'initdb'), [
    ...['-D', fresh, '-U', USER, '--auth=trust', '--no-sync', '--no-instructions'],
    ...['-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
  ]);
  if (existsSync(join(data, 'PG_VERSION'))) return rm(fresh, { recursive: true, force: true });
  await rm(data, { recursive: true, force: true });
  await rename(fresh, data).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    await rm(fresh, { recursive: true, force: true });
  });
}

/** What a process that was killed had begun to make. */
async function removeUnfinished(data: string): Promise<void> {
  for (const name of await readdir(dirname(data))) {
    const pid = Number(/^data\.(\d+)\.\w+$/.exec(name)?.[1]);
    if (pid > 0 && !lives(pid))
      await rm(join(dirname(data), name), { recursive: true, force: true });
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The URL of the server of `folder` if one answers there now; undefined otherwise. Starts nothing. */
export async function findEmbeddedServer(folder: string): Promise<string | undefined> {
  const data = join(resolve(folder), 'data');
  const socket = socketPath(data);
  return (await answers(socket, DATABASE)) ? serverUrl(socket) : undefined;
}

interface StartInput {
  readonly as: RunAs | undefined;
  readonly binaries: string;
  readonly data: string;
  readonly socket: string;
  readonly options: EmbeddedOptions;
}

/** True when we started it, false when it was there. Two processes that start at once settle it by retrying. */
async function startUntilReady(input: StartInput): Promise<boolean> {
  const { as, binaries, data, socket } = input;
  let lastOutput = '';
  let failures = 0;
  for (let tries = 0; tries < START_TRIES_MAX && failures < START_FAILURES_MAX; tries += 1) {
    if (await answers(socket, 'postgres')) return false;
    const holder = await freeFromStrangers(join(data, 'postmaster.pid'));
    await freeFromStrangers(lockOf(socket));
    if (holder !== 'server') {
      const started = await run(as, join(binaries, 'pg_ctl'), [
        ...['start', '-D', data, '-w', '-t', '30', '-l', join(data, 'server.log')],
        ...['-o', serverOptions(socket, input.options)],
      ]);
      if (started.code === 0) return true;
      lastOutput = started.output;
      failures += 1;
    }
    await new Promise((done) => setTimeout(done, START_PAUSE_MS));
  }
  const log = await readFile(join(data, 'server.log'), 'utf8').catch(() => '');
  throw new AppError(
    'unavailable',
    'database_unavailable',
    'The embedded PostgreSQL did not start.',
    {
      details: { output: lastOutput, log: log.split('\n').slice(-12).join('\n') },
    },
  );
}

function serverOptions(socket: string, options: EmbeddedOptions): string {
  const settings: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: socket,
    max_connections: '200',
    jit: 'off', // plans here are short; compiling them costs more than running them
    max_wal_size: '2GB',
    log_min_messages: 'warning',
    ...(options.durable === false
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
      : {}),
    ...options.settings,
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}='${value}'`)
    .join(' ');
}

/** PostgreSQL takes any living process of its user for a server, and would refuse to start for ever. */
async function freeFromStrangers(pidFile: string): Promise<'server' | 'nobody'> {
  const holder = await pidHolder(pidFile);
  if (holder !== 'stranger') return holder;
  await rm(pidFile, { force: true });
  return 'nobody';
}

/**
 * Whose the pid in that file is. A server that was killed and not reaped yet counts as one: PostgreSQL itself
 * would refuse to start. A stranger has got the pid after a reboot, or in a container that was started anew.
 */
async function pidHolder(pidFile: string): Promise<'server' | 'stranger' | 'nobody'> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !lives(pid)) return 'nobody';
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return 'server'; // no /proc on this system: believe the signal
  const [name, state] = [
    stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    stat.slice(stat.lastIndexOf(')') + 2)[0],
  ];
  return name === 'postgres' || state === 'Z' ? 'server' : 'stranger';
}

/** Unix socket paths end at 107 bytes, so the folder stands in the system's temporary one under a short name. */
function socketPath(data: string): string {
  const hash = createHash('sha256').update(data).digest('hex').slice(0, 12);
  return join(tmpdir(), `kopek-pg-${hash}`);
}

/** Beside its socket a server writes down who it is, as in `postmaster.pid`. */
function lockOf(socket: string): string {
  return join(socket, '.s.PGSQL.5432.lock');
}

async function socketFolder(data: string, as: RunAs | undefined): Promise<string> {
  const path = socketPath(data);
  // Mode 700: whoever may enter may connect, so nobody else may enter.
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (as) await chown(path, as.uid, as.gid);
  return path;
}

function serverUrl(socket: string): string {
  return `postgres://${USER}@localhost/${DATABASE}?host=${encodeURIComponent(socket)}`;
}

async function answers(socket: string, database: string): Promise<boolean> {
  if (!existsSync(join(socket, '.s.PGSQL.5432'))) return false;
  const client = new pg.Client({
    host: socket,
    user: USER,
    database,
    connectionTimeoutMillis: 2000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

/** duplicate_database, and the unique violation under it when two are at it. */
const TAKEN = new Set(['42P04', '23505']);

async function createDatabase(socket: string): Promise<void> {
  const client = new pg.Client({ host: socket, user: USER, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } catch (error) {
    // Another process that started at the same moment has just made it, or is making it.
    if (!TAKEN.has((error as { code?: string }).code ?? '')) throw error;
  } finally {
    await client.end();
  }
}

async function askVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query('show server_version');
    return String(rows[0].server_version).split(' ')[0] ?? '';
  } finally {
    await client.end();
  }
}

/** Our own connections, closed a moment ago, are still listed for some milliseconds: one look is not enough. */
async function staysInUse(url: string): Promise<boolean> {
  for (let looks = 1; await hasOtherClients(url); looks += 1) {
    if (looks === IN_USE_LOOKS) return true;
    await new Promise((done) => setTimeout(done, IN_USE_PAUSE_MS));
  }
  return false;
}

async function hasOtherClients(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      `select count(*)::int as others from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid()
         and application_name not like '%-watching'`,
    );
    await client.end();
    return rows[0].others > 0;
  } catch {
    return false;
  }
}

async function mustRun(
  as: RunAs | undefined,
  command: string,
  args: readonly string[],
): Promise<void> {
  const { code, output } = await run(as, command, args);
  if (code !== 0) {
    throw new AppError(
      'unavailable',
      'database_unavailable',
      `${command} failed (${code}): ${output}`,
    );
  }
}

async function run(as: RunAs | undefined, command: string, args: readonly string[]) {
  const wrapped = wrapCommand(as, command, args);
  return new Promise<{ code: number; output: string }>((done, fail) => {
    const child = spawn(wrapped.command, wrapped.args, {
      ...wrapped.options,
      cwd: tmpdir(),
      detached: true, // so that Ctrl-C on the terminal reaches us and not the server
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { LC_ALL: 'C' },
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', fail);
    // 'exit', not 'close': the server that pg_ctl leaves behind inherits the pipes.
    child.on('exit', (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      done({ code: code ?? 1, output: output.trim() });
    });
  });
}
