import { type Executor, sql, type Tx } from '#database';

export interface RuleSetRow {
  readonly id: string;
  readonly version: number;
  readonly status: 'draft' | 'active' | 'retired';
  readonly document: unknown;
  readonly effective_from: Date;
  readonly effective_to: Date | null;
  readonly built_in: boolean;
  readonly saved_at: Date;
  readonly saved_by: string;
  readonly activated_at: Date | null;
  readonly retired_at: Date | null;
}

/** Active versions of one set never overlap each other, so a new one meets a handful. */
const OVERLAPPING_MOST = 100;
const COLUMNS = sql.raw(
  'id, version, status, document, effective_from, effective_to, built_in, saved_at, saved_by, activated_at, retired_at',
);

export async function readActiveSets(executor: Executor): Promise<readonly RuleSetRow[]> {
  const { rows } = await sql<RuleSetRow>`
    select ${COLUMNS} from rules.rule_set where status = 'active' order by id, version`.execute(
    executor,
  );
  return rows;
}

/** Of every set, by name and then the newest version first, behind `after`. */
export async function listSets(
  executor: Executor,
  of: {
    readonly id: string | null;
    readonly status: string | null;
    readonly after: readonly [id: string, version: number];
    readonly limit: number;
  },
): Promise<readonly RuleSetRow[]> {
  const [id, version] = of.after;
  const { rows } = await sql<RuleSetRow>`
    select ${COLUMNS} from rules.rule_set
    where (${of.id}::text is null or id = ${of.id}) and (${of.status}::text is null or status = ${of.status})
      and (id > ${id} or (id = ${id} and version < ${version}))
    order by id, version desc limit ${of.limit}`.execute(executor);
  return rows;
}

export async function findSet(
  executor: Executor,
  of: { readonly id: string; readonly version: number },
): Promise<RuleSetRow | undefined> {
  const { rows } = await sql<RuleSetRow>`
    select ${COLUMNS} from rules.rule_set where id = ${of.id} and version = ${of.version}`.execute(
    executor,
  );
  return rows[0];
}

/** All versions that are written down of these sets, whatever their status. A set has few. */
export async function findVersions(
  executor: Executor,
  ids: readonly string[],
): Promise<readonly { readonly id: string; readonly version: number }[]> {
  const { rows } = await sql<{ id: string; version: number }>`
    select id, version from rules.rule_set where id = any (${ids}::text[])`.execute(executor);
  return rows;
}

export interface NewSet {
  readonly id: string;
  readonly version: number;
  readonly document: unknown;
  readonly effectiveFrom: Date;
  readonly effectiveTo: Date | null;
  readonly builtIn: boolean;
  readonly savedAt: Date;
  readonly savedBy: string;
}

/** Whether that version is there with these very rules, in whatever order its parts are written. */
export async function isWritten(
  tx: Tx,
  set: { readonly id: string; readonly version: number },
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    select id from rules.rule_set where id = ${set.id} and version = ${set.version}
      and document = ${JSON.stringify(set)}::jsonb`.execute(tx);
  return rows.length > 0;
}

/** A draft may be written over. Undefined where the version is no draft any more: it stays as it is. */
export async function writeDraft(tx: Tx, set: NewSet): Promise<RuleSetRow | undefined> {
  const { rows } = await sql<RuleSetRow>`
    insert into rules.rule_set as r (id, version, status, document, effective_from, effective_to, built_in, saved_at,
      saved_by)
    values (${set.id}, ${set.version}, 'draft', ${JSON.stringify(set.document)}::jsonb, ${set.effectiveFrom},
      ${set.effectiveTo}, ${set.builtIn}, ${set.savedAt}, ${set.savedBy})
    on conflict (id, version) do update set document = excluded.document, effective_from = excluded.effective_from,
      effective_to = excluded.effective_to, saved_at = excluded.saved_at, saved_by = excluded.saved_by
    where r.status = 'draft'
    returning ${COLUMNS}`.execute(tx);
  return rows[0];
}

export async function writeStatus(
  tx: Tx,
  set: {
    readonly id: string;
    readonly version: number;
    readonly status: 'active' | 'retired';
    readonly at: Date;
  },
): Promise<RuleSetRow> {
  const { rows } = await sql<RuleSetRow>`
    update rules.rule_set set status = ${set.status},
      activated_at = case when ${set.status}::text = 'active' then ${set.at}::timestamptz else activated_at end,
      retired_at = case when ${set.status}::text = 'retired' then ${set.at}::timestamptz end
    where id = ${set.id} and version = ${set.version} returning ${COLUMNS}`.execute(tx);
  return rows[0] as RuleSetRow;
}

/** It holds up to `to`, and not at it. */
export async function writeEnd(
  tx: Tx,
  set: { readonly id: string; readonly version: number; readonly to: Date },
): Promise<void> {
  await sql`update rules.rule_set set effective_to = ${set.to}
    where id = ${set.id} and version = ${set.version}`.execute(tx);
}

/** Other versions of it that hold at a moment at which it would, the earliest first. There are few of them. */
export async function findOverlapping(
  executor: Executor,
  set: Pick<RuleSetRow, 'id' | 'version' | 'effective_from' | 'effective_to'>,
): Promise<readonly RuleSetRow[]> {
  const { rows } = await sql<RuleSetRow>`
    select ${COLUMNS} from rules.rule_set
    where id = ${set.id} and version <> ${set.version} and status = 'active'
      and tstzrange(effective_from, effective_to) && tstzrange(${set.effective_from}, ${set.effective_to})
    order by effective_from limit ${OVERLAPPING_MOST}`.execute(executor);
  return rows;
}
