import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { AppError } from '#errors';
import type { Database } from './open-database.ts';

export interface MigrationReport {
  readonly applied: readonly string[];
  readonly total: number;
}

interface MigrationFile {
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

/** One migration runs at a time, whoever starts it: any number, the same for every Kopek process. */
const MIGRATION_LOCK = 7_787_001;

/**
 * Applies the files of `folder` that the database has not seen, in order, each in a transaction of its own,
 * under a lock. Throws `database_newer` when the database knows a migration that this code does not, and
 * `migration_edited` when an applied file was changed: neither can be mended by running on.
 */
export async function migrate(database: Database, folder: string): Promise<MigrationReport> {
  const files = await readMigrations(folder);
  const client = await database.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(
      `create schema if not exists platform;
       create table if not exists platform.migration (
         name text primary key,
         checksum text not null,
         applied_at timestamptz not null default clock_timestamp()
       )`,
    );
    const todo = unapplied(files, await readApplied(client));
    for (const file of todo) await apply(client, file);
    return { applied: todo.map((file) => file.name), total: files.length };
  } finally {
    await client.end();
  }
}

/** Names of migrations that are still to be applied; throws as `migrate` does. */
export async function pendingMigrations(
  database: Database,
  folder: string,
): Promise<readonly string[]> {
  const files = await readMigrations(folder);
  const client = await database.connect();
  try {
    const known = await client.query(
      `select to_regclass('platform.migration') is not null as known`,
    );
    const applied = known.rows[0].known ? await readApplied(client) : new Map<string, string>();
    return unapplied(files, applied).map((file) => file.name);
  } finally {
    await client.end();
  }
}

const LOOK_EVERY_MS = 1000;

/**
 * Waits until whoever migrates has applied all that this code needs; `tell` hears what is waited for, whenever that
 * changes. Ends with the reason of `signal` when that is aborted. Throws as `migrate` does.
 */
export async function untilMigrated(
  database: Database,
  folder: string,
  {
    signal,
    tell,
  }: { readonly signal: AbortSignal; readonly tell: (left: readonly string[]) => void },
): Promise<void> {
  let told = '';
  for (;;) {
    const left = await pendingMigrations(database, folder);
    if (left.length === 0) return;
    if (left.join() !== told) tell(left);
    told = left.join();
    await setTimeout(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function readMigrations(folder: string): Promise<readonly MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

async function readApplied(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query('select name, checksum from platform.migration');
  return new Map(rows.map((row) => [row.name as string, row.checksum as string]));
}

function unapplied(files: readonly MigrationFile[], applied: ReadonlyMap<string, string>) {
  const names = new Set(files.map((file) => file.name));
  const foreign = [...applied.keys()].filter((name) => !names.has(name)).sort();
  if (foreign.length > 0) {
    throw new AppError(
      'precondition',
      'database_newer',
      `The database is newer than this code: migration ${foreign.at(-1)} was applied, code knows ` +
        `${files.at(-1)?.name}. Update the code, or restore a backup made before.`,
    );
  }
  const edited = files.find((file) => (applied.get(file.name) ?? file.checksum) !== file.checksum);
  if (edited) {
    throw new AppError(
      'precondition',
      'migration_edited',
      `Migration ${edited.name} was changed after it had been applied. Restore the file; write a new one.`,
    );
  }
  return files.filter((file) => !applied.has(file.name));
}

async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  try {
    await client.query('begin');
    await client.query(file.text);
    await client.query('insert into platform.migration (name, checksum) values ($1, $2)', [
      file.name,
      file.checksum,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new AppError('internal', 'migration_failed', `Migration ${file.name} failed: ${error}`, {
      cause: error,
    });
  }
}
