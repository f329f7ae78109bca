import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { findEmbeddedServer, startEmbeddedServer } from '#database';
import { eventually, temporaryFolder } from '#testing';

const FAST = { durable: false } as const;

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query({ text, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

async function postmaster(folder: string): Promise<number> {
  return Number((await readFile(join(folder, 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
}

test('a server is made, adopted, stopped, and found again with its data, also after kill -9', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await startEmbeddedServer({ folder, ...FAST });
  t.after(() => first.stop());
  assert.deepEqual([first.created, first.adopted], [true, false]);
  assert.match(first.version, /^\d+\.\d+/);
  assert.equal(await findEmbeddedServer(folder), first.url);
  await ask(first.url, 'create table kept as select 42 as answer');

  const second = await startEmbeddedServer({ folder, ...FAST });
  assert.deepEqual([second.created, second.adopted, second.url], [false, true, first.url]);

  const client = new pg.Client({ connectionString: first.url });
  client.on('error', () => {});
  await client.connect();
  await second.stop();
  assert.equal(await ask(first.url, 'select answer from kept'), 42, 'who still uses it keeps it');
  await client.end();

  await first.stop();
  assert.equal(await findEmbeddedServer(folder), undefined);
  await first.stop(); // twice harms nobody

  const third = await startEmbeddedServer({ folder });
  t.after(() => third.stop());
  assert.deepEqual([third.created, third.adopted], [false, false]);
  assert.equal(await ask(third.url, 'select answer from kept'), 42);

  await ask(third.url, 'checkpoint');
  process.kill(await postmaster(folder), 'SIGKILL');
  await eventually(async () => assert.equal(await findEmbeddedServer(folder), undefined));
  assert.ok(existsSync(join(folder, 'data/postmaster.pid')), 'it left its pid file behind');
  const fourth = await startEmbeddedServer({ folder, ...FAST });
  t.after(() => fourth.stop());
  assert.equal(fourth.adopted, false);
  assert.equal(await ask(fourth.url, 'select answer from kept'), 42);

  await fourth.stop();
  // After a reboot the pid of the old server may be anyone's: here it is ours.
  await writeFile(join(folder, 'data/postmaster.pid'), `${process.pid}\n${join(folder, 'data')}\n`);
  const fifth = await startEmbeddedServer({ folder, ...FAST });
  t.after(() => fifth.stop());
  assert.equal(await ask(fifth.url, 'select answer from kept'), 42);
  await fifth.stop();
});

test('a process that got the pid of a killed server keeps nobody from starting', async (t) => {
  const folder = await temporaryFolder(t);
  const killed = await startEmbeddedServer({ folder, ...FAST });
  t.after(() => killed.stop());
  const socket = new URL(killed.url).searchParams.get('host') ?? '';
  const files = [join(folder, 'data/postmaster.pid'), join(socket, '.s.PGSQL.5432.lock')];
  const written = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  process.kill(await postmaster(folder), 'SIGKILL');
  await eventually(async () => assert.equal(await findEmbeddedServer(folder), undefined));

  // Of the server's own user, or PostgreSQL would not mind: in a container they are all one user's.
  const { uid, gid } = await stat(socket);
  const stranger = spawn('sleep', ['600'], { uid, gid, stdio: 'ignore' });
  t.after(() => stranger.kill('SIGKILL'));
  await Promise.all(
    files.map((file, at) =>
      writeFile(file, (written[at] ?? '').replace(/^\d+/, String(stranger.pid))),
    ),
  );

  const next = await startEmbeddedServer({ folder, ...FAST });
  t.after(() => next.stop());
  assert.equal(next.adopted, false);
  assert.equal(await ask(next.url, 'select 1'), 1);
});

test('two that start at once on an empty folder share one server, and half-made data is swept away', async (t) => {
  const folder = await temporaryFolder(t);
  // As left by an initdb that was killed: something lies there and it is no database.
  await mkdir(join(folder, 'data/base'), { recursive: true });
  await mkdir(join(folder, 'data.999999999.abc/base'), { recursive: true });
  const [one, two] = await Promise.all([
    startEmbeddedServer({ folder, ...FAST }),
    startEmbeddedServer({ folder, ...FAST }),
  ]);
  t.after(() => one.stop());
  assert.equal(one.url, two.url);
  assert.deepEqual([one.adopted, two.adopted].toSorted(), [false, true]);
  assert.equal(await ask(one.url, 'select 1'), 1);
  assert.deepEqual(await readdir(folder), ['data']);
  await one.stop();
  assert.equal(await findEmbeddedServer(folder), undefined);
});

test('a server that can not start says why', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await startEmbeddedServer({ folder, ...FAST });
  await server.stop();
  await writeFile(join(folder, 'data/postgresql.conf'), 'shared_buffers = nonsense\n');
  await assert.rejects(
    startEmbeddedServer({ folder, ...FAST }),
    (error: { code: string; details: { log: string } }) =>
      error.code === 'database_unavailable' && /shared_buffers/.test(error.details.log),
  );
});
