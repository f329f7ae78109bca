import { type Executor, sql, type Tx } from '#database';

export interface TemplateRow {
  readonly entity: string;
  readonly name: string;
  readonly version: number;
  readonly body: string;
  readonly created_at: Date;
  readonly created_by: string;
}

const COLUMNS = sql.raw('t.entity, t.name, t.version, t.body, t.created_at, t.created_by');
const TEMPLATES_MOST = 500;

/** The newest version of each of these. */
export async function findTemplates(
  executor: Executor,
  wanted: readonly { readonly entity: string; readonly name: string }[],
): Promise<readonly TemplateRow[]> {
  if (wanted.length === 0) return [];
  const { rows } = await sql<TemplateRow>`
    select distinct on (t.entity, t.name) ${COLUMNS}
    from unnest(${wanted.map((one) => one.entity)}::text[], ${wanted.map((one) => one.name)}::text[]) as n (entity, name)
    join sms.template t using (entity, name)
    order by t.entity, t.name, t.version desc`.execute(executor);
  return rows;
}

/** The newest version of each of an entity's. */
export async function listTemplates(
  executor: Executor,
  entity: string,
): Promise<readonly TemplateRow[]> {
  const { rows } = await sql<TemplateRow>`
    select distinct on (t.name) ${COLUMNS} from sms.template t where t.entity = ${entity}
    order by t.name, t.version desc limit ${TEMPLATES_MOST}`.execute(executor);
  return rows;
}

/** A text that is the same as the newest version stays that version. */
export async function insertTemplate(
  tx: Tx,
  input: Omit<TemplateRow, 'version'>,
): Promise<TemplateRow> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${input.entity} ${input.name}`}, 0))`.execute(
    tx,
  );
  const [newest] = await findTemplates(tx, [input]);
  if (newest?.body === input.body) return newest;
  const { rows } = await sql<TemplateRow>`
    insert into sms.template as t (entity, name, version, body, created_at, created_by)
    values (${input.entity}, ${input.name}, ${(newest?.version ?? 0) + 1}, ${input.body}, ${input.created_at},
      ${input.created_by})
    returning ${COLUMNS}`.execute(tx);
  return rows[0] as TemplateRow;
}
