import { type Executor, sql, type Tx } from '#database';

/** A place that a message takes in a counter. */
export interface Place {
  readonly scope: string;
  readonly message: string;
  readonly at: Date;
  /** It comes back when the message was not delivered. */
  readonly onlyDelivered: boolean;
}

/** Makes sure that each scope has its row. Sorted, so that two who make the same ones wait and never cross. */
export async function insertScopes(tx: Tx, sorted: readonly string[]): Promise<void> {
  await sql`
    insert into rules.scope (scope)
    select n.scope from unnest(${sorted}::text[]) with ordinality as n (scope, place)
    where not exists (select from rules.scope s where s.scope = n.scope)
    order by n.place
    on conflict do nothing`.execute(tx);
}

/** Locks the rows of scopes in the order of their names, until the transaction ends. Answers which were there. */
export async function lockScopes(
  tx: Tx,
  sorted: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const { rows } = await sql<{ scope: string; id: bigint }>`
    select scope, id from rules.scope where scope = any (${sorted}::text[])
    order by scope collate "C" for update`.execute(tx);
  return new Map(rows.map(({ id, scope }) => [scope, id]));
}

interface CountRow {
  readonly scope: string;
  readonly messages: readonly string[];
  readonly at_ms: readonly number[];
}

/** The newest places of each scope since `since`, at most `most` of each; scopes without a place are absent. */
export async function readPlaces(
  executor: Executor,
  of: { readonly scopes: readonly string[]; readonly since: Date; readonly most: number },
): Promise<readonly CountRow[]> {
  const { rows } = await sql<CountRow>`
    select s.scope, c.messages, c.at_ms
    from rules.scope s
    cross join lateral (
      select array_agg(message order by at) as messages,
        array_agg((extract(epoch from at) * 1000)::float8 order by at) as at_ms
      from (
        select message, at from rules.counted
        where scope_id = s.id and at > ${of.since} order by at desc limit ${of.most}
      ) newest
    ) c
    where s.scope = any (${of.scopes}::text[]) and c.messages is not null`.execute(executor);
  return rows;
}

/** A message that has its place already keeps one: at the later moment. */
export async function insertPlaces(
  tx: Tx,
  places: readonly Place[],
  scopes: ReadonlyMap<string, bigint>,
): Promise<void> {
  if (places.length === 0) return;
  await sql`
    insert into rules.counted as c (message, scope_id, at, only_delivered)
    select * from unnest(${places.map((one) => one.message)}::text[],
      ${places.map((one) => scopes.get(one.scope))}::bigint[], ${places.map((one) => one.at)}::timestamptz[],
      ${places.map((one) => one.onlyDelivered)}::boolean[])
    on conflict (message, scope_id) do update set at = greatest(c.at, excluded.at)`.execute(tx);
}

/** Answers how many places are free again; `onlyDelivered`: of those that count delivered messages. Sorted, against deadlocks. */
export async function deletePlaces(
  tx: Tx,
  messages: readonly string[],
  of: { readonly onlyDelivered: boolean },
): Promise<number> {
  if (messages.length === 0) return 0;
  const { numAffectedRows } = await sql`
    delete from rules.counted c using (
      select message, scope_id from rules.counted where message = any (${messages}::text[])
        and (only_delivered or not ${of.onlyDelivered}::boolean)
      order by message, scope_id for update
    ) mine
    where c.message = mine.message and c.scope_id = mine.scope_id`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}

export async function deleteOldPlaces(
  executor: Executor,
  of: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from rules.counted where ctid = any (array(
      select ctid from rules.counted where at < ${of.before} limit ${of.limit} for update skip locked))`.execute(
    executor,
  );
  return Number(numAffectedRows ?? 0n);
}

/** Locks some scopes behind `after`, without waiting for those that somebody holds. */
export async function lockFreeScopes(
  tx: Tx,
  of: { readonly after: bigint; readonly limit: number },
): Promise<readonly bigint[]> {
  const { rows } = await sql<{ id: bigint }>`
    select id from rules.scope where id > ${of.after} order by id limit ${of.limit}
    for update skip locked`.execute(tx);
  return rows.map(({ id }) => id);
}

/** Of scopes that are locked: a place taken before the lock was is seen by this statement, and keeps its scope. */
export async function deleteEmptyScopes(tx: Tx, locked: readonly bigint[]): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from rules.scope s where s.id = any (${locked}::bigint[])
      and not exists (select from rules.counted c where c.scope_id = s.id)`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}
