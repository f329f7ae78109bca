import { type Executor, sql, type Tx } from '#database';

/** One change that somebody made: what it was before is absent where it is new, what it is now where it is gone. */
export interface Change {
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface AuditRow {
  readonly id: bigint;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
}

export async function insertChanges(tx: Tx, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const json = JSON.stringify(changes);
  await sql`
    insert into rules.audit (at, actor, action, subject, before, after)
    select at, actor, action, subject, before, after
    from jsonb_to_recordset(${json}::jsonb)
      as c (at timestamptz, actor text, action text, subject text, before jsonb, after jsonb)`.execute(
    tx,
  );
}

/** Newest first, below `before`. */
export async function listChanges(
  executor: Executor,
  of: { readonly subject: string | null; readonly before: bigint | null; readonly limit: number },
): Promise<readonly AuditRow[]> {
  const { rows } = await sql<AuditRow>`
    select id, at, actor, action, subject, before, after from rules.audit
    where (${of.subject}::text is null or subject = ${of.subject})
      and (${of.before}::bigint is null or id < ${of.before})
    order by id desc limit ${of.limit}`.execute(executor);
  return rows;
}

/** Lines come in the order of time, nearly: the oldest `limit` are looked at. */
export async function deleteChanges(
  executor: Executor,
  of: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from rules.audit where id in (
      select id from (select id, at from rules.audit order by id limit ${of.limit}) oldest
      where at < ${of.before})`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

/** Begins a change of what every process holds in memory: the lock under which changes come one after the other. */
export async function raiseRevision(tx: Tx): Promise<void> {
  await sql`update rules.revision set number = number + 1`.execute(tx);
}

export async function readRevision(executor: Executor): Promise<bigint> {
  const { rows } = await sql<{ number: bigint }>`select number from rules.revision`.execute(
    executor,
  );
  return rows[0]?.number ?? 0n;
}
