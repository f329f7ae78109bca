import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defineTopic, openBus, parcel } from '#bus';
import { createSystemClock } from '#clock';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { eventually, freePort, temporaryFolder, testDatabase } from '#testing';
import { COMMANDS } from './commands.ts';

const KOPEK = join(import.meta.dirname, '../../bin/kopek.js');
const folder = await temporaryFolder();

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a person does, in an empty folder, with nothing set but what is given. */
function kopek(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [KOPEK, ...args], { cwd: folder, env: { PATH, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  return new Promise((done) => child.on('close', (code) => done({ code, out, err })));
}

test('--help lists every command, in plain text where nobody looks', async () => {
  const { code, out } = await kopek(['--help']);
  assert.equal(code, 0);
  for (const { name } of COMMANDS) assert.match(out, new RegExp(`kopek ${name} `));
  assert.ok(!out.includes('\x1b'));
});

test('every command has its help', async () => {
  const helps = await Promise.all(COMMANDS.map(({ name }) => kopek([name, '--help'])));
  for (const [index, { code, out }] of helps.entries()) {
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^kopek ${COMMANDS[index]?.name}`));
  }
});

test('bad usage is exit 2 with the usage', async () => {
  const unknown = await kopek(['folow']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /Meant: kopek follow/);
  for (const args of [['check', '--loud'], ['redrive'], ['explain', 'a', 'b'], ['follow']]) {
    const { code, err } = await kopek(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, new RegExp(`kopek ${args[0]}`));
  }
  assert.equal((await kopek(['serve', 'savior'])).code, 2);
});

test('check tells all bad settings at once, with the line they stand on', async (t) => {
  const dotenv = join(folder, '.env');
  await writeFile(dotenv, 'KOPEK_PROT=1\nKOPEK_SECRET=hush-hush\n');
  t.after(() => writeFile(dotenv, ''));
  const { code, out } = await kopek(['check'], {
    KOPEK_PORT: '10k',
    KOPEK_TRUSTED_PROXIES: '0.0.0.0/0',
  });
  assert.equal(code, 2);
  assert.match(out, /KOPEK_PORT +KOP-0120/);
  assert.match(out, /KOPEK_TRUSTED_PROXIES +KOP-0431/);
  assert.match(out, /KOPEK_SECRET +KOP-0130.*\.env:2/);
  assert.match(out, /KOPEK_PROT +unknown setting\. +Meant KOPEK_PORT/);
  assert.match(out, /3 errors, 1 unknown/);
  assert.ok(!out.includes('hush'));
});

test('a start with bad settings is refused with all of them', async () => {
  const { code, err } = await kopek(['up'], { KOPEK_PORT: 'x', KOPEK_DEMO: 'perhaps' });
  assert.equal(code, 2);
  assert.match(err, /KOP-0120/);
  assert.match(err, /KOP-0121/);
});

test('check reaches a database, and tells one that it can not reach without its password', async (t) => {
  const { url } = await testDatabase(t);
  const good = await kopek(['check', '--json'], { DATABASE_URL: url });
  assert.equal(good.code, 0, good.err);
  const { reach } = JSON.parse(good.out);
  assert.deepEqual(
    reach.map(({ name, state }: { name: string; state: string }) => [name, state]),
    [
      ['database', 'good'],
      ['bus', 'good'],
    ],
  );
  const bad = await kopek(['check'], { DATABASE_URL: 'postgres://kopek:hush@127.0.0.1:1/kopek' });
  assert.equal(bad.code, 2);
  assert.match(bad.out, /database.*KOP-0210/);
  assert.ok(!(bad.out + bad.err).includes('hush'));
});

test('what needs a running Kopek says so when there is none: exit 75', async () => {
  for (const args of [['follow', '03009102250'], ['smssend'], ['redrive', 'mt_manager']]) {
    const { code, err } = await kopek(args);
    assert.equal(code, 75, args.join(' '));
    assert.match(err, /No Kopek runs on \.kopek\/ now\. +KOP-0103/);
    assert.ok(!err.includes('    at '));
  }
});

test('follow tells an unknown number, and what is no number', async (t) => {
  const env = { DATABASE_URL: (await testDatabase(t)).url };
  assert.equal((await kopek(['follow', '+923009102250', '--once'], env)).code, 3);
  const nobody = await kopek(['follow', 'somebody', '--once'], env);
  assert.equal(nobody.code, 2);
});

test('redrive puts back what had died, and knows the topics', async (t) => {
  const database = await testDatabase(t);
  const env = { DATABASE_URL: database.url };
  const shared = {
    database,
    clock: createSystemClock(),
    log: silentLog(),
    metrics: createMetrics(),
  };
  const bus = await openBus({ ...shared, url: 'postgres:', source: 'kopek/test' });
  t.after(() => bus.close());
  const topic = defineTopic<object>('sad_stories', { schema: {}, description: 'Of tests.' });
  await bus.declare([{ topic, name: 'listeners', attemptsMax: 1 }]);
  const message = { key: '1', payload: {} };
  await database.transaction((tx) => bus.publishAll(tx, [parcel(topic, [message])]));
  const consumer = bus.consume({ topic, name: 'listeners' }, {}, async () => {
    throw new Error('no');
  });
  while ((await bus.depths())[0]?.dead !== 1) await new Promise((done) => setTimeout(done, 20));
  await consumer.stop();
  const dry = await kopek(['redrive', 'sad_stories', '--dry-run'], env);
  assert.match(dry.out, /^sad_stories → listeners: 1 dead\n {2}\S+ {2}\S+ from kopek\/test: no\n$/);
  assert.equal((await kopek(['redrive', 'sad_stories', '--group', 'x'], env)).code, 3);
  assert.equal((await kopek(['redrive', 'glad_stories'], env)).code, 3);
  assert.equal((await kopek(['redrive', 'sad_stories', '--limit', '0'], env)).code, 2);
  const { out, code } = await kopek(['redrive', 'sad_stories'], env);
  assert.equal(code, 0);
  assert.equal(out, '1 put back to sad_stories.\n');
  assert.equal((await bus.depths())[0]?.ready, 1);
});

test('migrate is done once, and says so', async (t) => {
  const env = { DATABASE_URL: (await testDatabase(t)).url };
  const dry = await kopek(['migrate', '--dry-run'], env);
  assert.equal(dry.out, 'Nothing to apply.\n');
  assert.match((await kopek(['migrate'], env)).out, /^0 applied, (\d+)\/\1 there\.\n$/);
});

test('serve waits for a migration that somebody else applies, and ends when it is told to meanwhile', async (t) => {
  const database = await testDatabase(t);
  const [last] = (
    await sql<{ name: string; checksum: string }>`
      delete from platform.migration where name = (select max(name) from platform.migration)
      returning name, checksum`.execute(database.pool)
  ).rows;
  const env = { DATABASE_URL: database.url, KOPEK_DATA_DIR: await temporaryFolder(t) };
  const start = async () => startServe(t, { ...env, QLISTENER_PORT: String(await freePort()) });
  const [waiting, leaving] = [await start(), await start()];
  for (const one of [waiting, leaving]) {
    await eventually(() => assert.match(one.said(), /waiting for migrations/), WITH_PATIENCE);
    assert.match(one.said(), new RegExp(last?.name ?? 'none'));
  }
  leaving.child.kill('SIGTERM');
  assert.deepEqual(await once(leaving.child, 'exit'), [0, null]);
  assert.doesNotMatch(waiting.said(), /ready/);
  await sql`insert into platform.migration (name, checksum) values (${last?.name}, ${last?.checksum})`.execute(
    database.pool,
  );
  await eventually(() => assert.match(waiting.said(), /"type":"ready"/), WITH_PATIENCE);
});

const WITH_PATIENCE = { timeoutMs: 30_000 };

/** `kopek serve qlistener` as a process of its own. */
function startServe(t: TestContext, settings: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [KOPEK, 'serve', 'qlistener', '--json'], {
    ...{ stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...settings } },
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout?.on('data', (chunk) => (said += chunk));
  child.stderr?.on('data', (chunk) => (said += chunk));
  return { child, said: () => said };
}

test('a database of a newer Kopek is left alone: exit 2', async (t) => {
  const database = await testDatabase(t);
  await sql`insert into platform.migration (name, checksum) values ('9999_later.sql', 'x')`.execute(
    database.pool,
  );
  const { code, err } = await kopek(['migrate'], { DATABASE_URL: database.url });
  assert.equal(code, 2);
  assert.match(err, /newer than this code: migration 9999_later\.sql.*KOP-0214/);
});

test('a code is explained offline', async () => {
  const { code, out } = await kopek(['explain', 'kop-0431']);
  assert.equal(code, 0);
  assert.match(out, /^KOP-0431 /);
  assert.equal((await kopek(['explain', 'KOP-9999'])).code, 3);
});

test('a database by itself goes on running between commands, until it is stopped', async (t) => {
  const env = { KOPEK_DATA_DIR: await temporaryFolder(t) };
  t.after(() => kopek(['database', 'stop'], env));
  const none = await kopek(['database', 'url'], env);
  assert.equal(none.code, 75);
  assert.match(none.err, /make start-db/);
  const started = await kopek(['database', 'start'], env);
  assert.equal(started.code, 0, started.err);
  const { out: url } = await kopek(['database', 'url'], env);
  assert.equal(started.out, `DATABASE_URL=${url}`);
  assert.equal((await kopek(['database', 'start'], env)).out, started.out);
  const key = await kopek(['key', 'me', 'payouts:read'], env);
  assert.match(key.out, /^kpk_[0-9A-Za-z]{32}\n$/);
  assert.equal((await kopek(['database', 'stop'], env)).out, 'Stopped.\n');
  assert.equal((await kopek(['database', 'url'], env)).code, 75);
  assert.equal((await kopek(['database', 'restart'], env)).code, 2);
});

test('a key is made for scopes only', async (t) => {
  const database = await testDatabase(t);
  const env = { DATABASE_URL: database.url };
  const refused = await kopek(['key', 'me', 'payouts'], env);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /"payouts" is no scope/);
  const { rows } = await sql`select from platform.api_key`.execute(database.pool);
  assert.equal(rows.length, 0);
});
