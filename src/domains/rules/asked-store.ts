import { deferred, type Executor, sql, type Tx } from '#database';

/** What the rules were asked about one message, without its text, and what they said. */
export interface AskedRow {
  readonly at: Date;
  readonly message: string;
  readonly entity: string;
  readonly class: string;
  readonly recipient: string;
  readonly person: string | null;
  readonly sender: string | null;
  readonly providers: readonly string[] | null;
  readonly segments: number;
  readonly body_length: number;
  readonly time_zone: string | null;
  readonly region: string | null;
  readonly tags: readonly string[];
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly not_before: Date | null;
  readonly expires_at: Date;
  readonly outcome: 'send' | 'defer' | 'reject';
  readonly reason: string | null;
  readonly until: Date | null;
}

/** One statement for a batch: a JSON array, because lists of lists are no arrays in SQL. */
export async function insertAsked(
  tx: Tx,
  rows: readonly (AskedRow & { readonly body_digest: string })[],
): Promise<void> {
  if (rows.length === 0) return;
  await deferred`
    insert into rules.asked (at, message, entity, class, recipient, person, sender, providers, segments, body_digest,
      body_length, time_zone, region, tags, attributes, not_before, expires_at, outcome, reason, until)
    select at, message, entity, class, recipient, person, sender, providers, segments, decode(body_digest, 'hex'),
      body_length, time_zone, region, tags, attributes, not_before, expires_at, outcome, reason, until
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as a (at timestamptz, message text, entity text,
      class text, recipient text, person text, sender text, providers text[], segments integer, body_digest text,
      body_length integer, time_zone text, region text, tags text[], attributes jsonb,
      not_before timestamptz, expires_at timestamptz,
      outcome text, reason text, until timestamptz)`.execute(tx);
}

export interface AskedPosition {
  readonly at: Date;
  readonly id: bigint;
}

export interface PastRequest extends AskedRow {
  readonly id: bigint;
  readonly body_digest: string;
}

/** In the order of time, behind `after`, before `until`. */
export async function readAsked(
  executor: Executor,
  of: {
    readonly after: AskedPosition;
    readonly until: Date;
    readonly entity: string | null;
    readonly limit: number;
  },
): Promise<readonly PastRequest[]> {
  const { rows } = await sql<PastRequest>`
    select at, id, message, entity, class, recipient, person, sender, providers, segments,
      encode(body_digest, 'hex') as body_digest, body_length, time_zone, region, tags, attributes, not_before, expires_at,
      outcome, reason, until
    from rules.asked
    where (at, id) > (${of.after.at}, ${of.after.id}) and at < ${of.until}
      and (${of.entity}::text is null or entity = ${of.entity})
    order by at, id limit ${of.limit}`.execute(executor);
  return rows;
}

export async function countAsked(
  executor: Executor,
  of: { readonly since: Date; readonly until: Date; readonly entity: string | null },
): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from rules.asked where at >= ${of.since} and at < ${of.until}
      and (${of.entity}::text is null or entity = ${of.entity})`.execute(executor);
  return Number(rows[0]?.count ?? 0n);
}

export async function deleteAsked(
  executor: Executor,
  of: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from rules.asked where (at, id) in (
      select at, id from rules.asked where at < ${of.before} order by at, id limit ${of.limit})`.execute(
    executor,
  );
  return Number(numAffectedRows ?? 0n);
}
