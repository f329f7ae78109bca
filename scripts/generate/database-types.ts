import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Database, sql } from '#database';
import type { Generator } from './generator.ts';

/** The types of every table and view, as `DB['schema.table']`. */
export const databaseTypes: Generator = {
  path: 'db/types.ts',
  async generate({ root, database }) {
    const schemas = await readSchemas(database);
    const folder = await mkdtemp(join(tmpdir(), 'kopek-types-'));
    try {
      const file = join(folder, 'types.ts');
      await promisify(execFile)(process.execPath, [
        join(root, 'node_modules/kysely-codegen/dist/cli/bin.js'),
        ...['--dialect', 'postgres', '--url', database.url, '--out-file', file],
        // Without a default schema every table's key carries its own. A list in braces would match nothing.
        ...['--default-schema', 'none', '--include-pattern', `+(${schemas.join('|')}).*`],
        ...['--type-mapping', '{"int8":"bigint"}'], // as the driver is told to parse it
      ]);
      return await readFile(file, 'utf8');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function readSchemas(database: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select nspname::text as name from pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
    order by nspname`.execute(database.pool);
  return rows.map((row) => row.name);
}
