import { createHash } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedServer, findEmbeddedServer, startEmbeddedServer } from '#database';
import { withFileLock } from './file-lock.ts';
import { sweepClones } from './template.ts';

/** A PostgreSQL for one run of tests, with its folder. */
export interface TestServer {
  readonly folder: string;
  readonly url: string;
}

const STOP_TRIES_MAX = 20;

const servers = new WeakMap<TestServer, EmbeddedServer>();

/** Starts a server in `folder` whose data need not survive anything. Whoever starts it ends it. */
export async function startTestServer(folder: string): Promise<TestServer> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755); // run by root, PostgreSQL is another user
  const embedded = await startEmbeddedServer({ folder, durable: false });
  const server = { folder, url: embedded.url };
  servers.set(server, embedded);
  return server;
}

/** Stops the server, whoever is still connected, and deletes its folder and that of its socket. */
export async function endTestServer(server: TestServer): Promise<void> {
  for (let tries = 0; tries < STOP_TRIES_MAX; tries += 1) {
    // A test process that outlived its runner would keep the server, and may come back at once.
    await disconnectAll(server.url).catch(() => {});
    await servers.get(server)?.stop();
    if (!(await findEmbeddedServer(server.folder))) break;
  }
  const socket = new URL(server.url).searchParams.get('host');
  const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 };
  await rm(server.folder, removal);
  if (socket) await rm(socket, removal);
}

async function disconnectAll(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query(
    `select pg_terminate_backend(pid, 1000) from pg_stat_activity
     where backend_type = 'client backend' and pid <> pg_backend_pid()`,
  );
  await client.end();
}

let shared: Promise<string> | undefined;

/**
 * The URL of the server that single test files run on when no runner has started one. It goes on running
 * between runs, so that the next starts in an instant; what ended processes left on it is dropped.
 */
export function sharedTestServer(): Promise<string> {
  shared ??= startShared();
  return shared;
}

async function startShared(): Promise<string> {
  const owner = `${import.meta.dirname} ${process.getuid?.() ?? ''}`;
  const hash = createHash('sha256').update(owner).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `kopek-test-${hash}`);
  // Files that start side by side would both create the same data folder.
  const { url } = await withFileLock(`${folder}.lock`, () => startTestServer(folder));
  await sweepClones(url);
  return url;
}
