import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import pg from 'pg';
import { migrate, openDatabase } from '#database';
import { silentLog } from '#log';
import { isAlive } from './file-lock.ts';

/** The folder of the migrations. */
export const MIGRATIONS = join(import.meta.dirname, '../../../db/migrations');

/** One process at a time builds the template or sweeps; any number, the same for all of them. */
const TEMPLATE_LOCK = 7_787_002;
const SWEPT_AT_ONCE_MAX = 100;
const IDENTIFIER_LENGTH_MAX = 63;

/** Makes the template database unless it is there, and returns its name, which tells its migrations. */
export async function prepareTemplate(serverUrl: string): Promise<string> {
  const name = `kopek_template_${await hashOfMigrations()}`;
  await withLock(serverUrl, async (client) => {
    const { rows } = await client.query(
      'select datistemplate as ready from pg_database where datname = $1',
      [name],
    );
    if (rows[0]?.ready) return;
    await client.query(`drop database if exists ${name}`); // one whose maker was killed half-way
    await client.query(`create database ${name}`);
    await migrateDatabase(databaseUrl(serverUrl, name));
    await client.query(`alter database ${name} is_template true`);
  });
  return name;
}

/** A new database, a copy of the template; returns its URL. Nobody drops it before its server goes. */
export async function cloneTemplate(serverUrl: string): Promise<string> {
  const template = await prepareTemplate(serverUrl);
  const file = basename(process.argv[1] ?? '').replace(/\.test\.ts$|\.ts$/, '');
  const words = `${process.pid}_${randomBytes(3).toString('hex')}_${file.replace(/\W+/g, '_')}`;
  const name = `kopek_test_${words}`.toLowerCase().slice(0, IDENTIFIER_LENGTH_MAX);
  await withClient(serverUrl, (client) =>
    client.query(`create database ${name} template ${template} strategy file_copy`),
  );
  return databaseUrl(serverUrl, name);
}

/** Drops clones whose process has ended and templates of older migrations: for servers that outlive a run. */
export async function sweepClones(serverUrl: string): Promise<void> {
  const current = `kopek_template_${await hashOfMigrations()}`;
  await withLock(serverUrl, async (client) => {
    const { rows } = await client.query(
      `select datname as name from pg_database d
       where (datname like 'kopek\\_test\\_%' or datname like 'kopek\\_template\\_%') and datname <> $1
         and not exists (select from pg_stat_activity a where a.datid = d.oid)
       limit $2`,
      [current, SWEPT_AT_ONCE_MAX],
    );
    for (const { name } of rows as { name: string }[]) {
      if (isAlive(Number(/^kopek_test_(\d+)_/.exec(name)?.[1]))) continue;
      // Another process may be at the same, or use an old template this very moment: both may win.
      await client.query(`alter database ${name} is_template false`).catch(() => {});
      await client.query(`drop database if exists ${name}`).catch(() => {});
    }
  });
}

async function hashOfMigrations(): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
  for (const name of names) hash.update(name).update(await readFile(join(MIGRATIONS, name)));
  return hash.digest('hex').slice(0, 12);
}

async function migrateDatabase(url: string): Promise<void> {
  const database = openDatabase({ url, log: silentLog(), name: 'kopek-template' });
  try {
    await migrate(database, MIGRATIONS);
  } finally {
    await database.close();
  }
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function withLock(serverUrl: string, work: (client: pg.Client) => Promise<void>) {
  await withClient(serverUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]); // ends with the connection
    await work(client);
  });
}

async function withClient(serverUrl: string, work: (client: pg.Client) => Promise<unknown>) {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
