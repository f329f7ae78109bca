import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, sql } from '#database';
import type { Generator } from './generator.ts';
import { code, head, table } from './markdown.ts';

const INTRODUCTION = `A schema belongs to one domain (\`platform\` to what stands under all), and only that domain's SQL names it. Times
are \`timestamptz\`; amounts are \`bigint\` of minor units; ids of the hot path are a customer's key and a bigint that
grows with time. Monthly partitions of the reports are left out. Types for the code: [db/types.ts](../../db/types.ts).
`;

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly needed: boolean;
}

interface Rule {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** Schemas, tables, columns and rules, from the catalogue of the migrated database. */
export const databaseReference: Generator = {
  path: 'docs/reference/database.md',
  async generate({ root, database }) {
    const comments = await readComments(join(root, 'db/migrations'));
    const columns = Map.groupBy(await readColumns(database), (column) => column.table);
    const rules = Map.groupBy(await readRules(database), (rule) => rule.table);
    const schemas = Map.groupBy(columns.keys(), (name) => name.split('.')[0] ?? '');
    const parts = [...schemas].flatMap(([schema, tables]) => [
      `## ${schema}\n`,
      ...tables.map((name) =>
        describeTable(name, {
          columns: columns.get(name) ?? [],
          rules: rules.get(name) ?? [],
          comments,
        }),
      ),
    ]);
    const title = head('Database', 'the migrated database and the comments of its migrations');
    return [title, INTRODUCTION, ...parts].join('\n');
  },
};

interface Described {
  readonly columns: readonly Column[];
  readonly rules: readonly Rule[];
  readonly comments: ReadonlyMap<string, string>;
}

function describeTable(name: string, { columns, comments, rules }: Described): string {
  const about = comments.get(name);
  const rows = columns.map((column) => [
    code(column.name),
    column.needed ? column.type : `${column.type}, may be null`,
    comments.get(`${name}.${column.name}`) ?? '',
  ]);
  const lines = rules.map((rule) => `- ${code(rule.name)}: ${code(rule.definition)}`);
  return [
    `### ${name}\n`,
    ...(about ? [`${about}\n`] : []),
    table(['Column', 'Type', 'Meaning'], rows),
    '',
    ...lines,
    ...(lines.length > 0 ? [''] : []),
  ].join('\n');
}

/** Tables that are no partitions, by schema and name. */
async function readColumns(database: Database): Promise<readonly Column[]> {
  const { rows } = await sql<Column>`
    select format('%s.%s', n.nspname, c.relname) as "table", a.attname::text as name,
      format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as needed
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p') and not c.relispartition
      and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
    order by n.nspname collate "C", c.relname collate "C", a.attnum`.execute(database.pool);
  return rows;
}

/** Constraints but those that say "not null", and unique indexes that are no constraint. */
async function readRules(database: Database): Promise<readonly Rule[]> {
  const { rows } = await sql<Rule>`
    select * from (
      select format('%s.%s', n.nspname, c.relname) as "table", o.conname::text as name,
        regexp_replace(pg_get_constraintdef(o.oid, true), '\\s+', ' ', 'g') as definition
      from pg_constraint o join pg_class c on c.oid = o.conrelid join pg_namespace n on n.oid = c.relnamespace
      where o.contype in ('p', 'u', 'c', 'f') and not c.relispartition
      union all
      select format('%s.%s', n.nspname, c.relname), i.relname::text,
        regexp_replace(pg_get_indexdef(i.oid), '^CREATE (UNIQUE )?INDEX \\S+ ON \\S+ USING ', '\\1')
      from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
      join pg_namespace n on n.oid = c.relnamespace
      where not c.relispartition and not exists (select from pg_constraint o where o.conindid = i.oid)
        and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
    ) rules
    order by "table" collate "C", name collate "C"`.execute(database.pool);
  return rows;
}

const TABLE_BEGINS = /^create (?:unlogged )?table (\w+\.\w+) \(/;
const COLUMN = /^ {2}(\w+) /;
const COMMENT = /^\s*-- ?(.*)$/;

/** What the migrations say right above a table or a column, by `schema.table` or `schema.table.column`. */
async function readComments(folder: string): Promise<ReadonlyMap<string, string>> {
  const comments = new Map<string, string>();
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  for (const name of names) {
    let current = '';
    let above: string[] = [];
    for (const line of (await readFile(join(folder, name), 'utf8')).split('\n')) {
      const comment = COMMENT.exec(line);
      if (comment) {
        above.push(comment[1] ?? '');
        continue;
      }
      const begins = TABLE_BEGINS.exec(line)?.[1];
      const column = current === '' ? undefined : COLUMN.exec(line)?.[1];
      const about = begins ?? (column && `${current}.${column}`);
      if (about && above.length > 0) comments.set(about, above.join(' '));
      current = begins ?? (line.startsWith(')') ? '' : current);
      above = [];
    }
  }
  return comments;
}
