import { type Executor, sql, type Tx } from '#database';

export interface OffsetRow {
  readonly class: number;
  readonly partition: number;
  readonly next_offset: bigint;
  readonly lane_sequences: readonly bigint[];
}

/** How far `queue` has read, by class and partition. */
export async function readOffsets(
  executor: Executor,
  queue: number,
): Promise<readonly OffsetRow[]> {
  const { rows } = await sql<OffsetRow>`
    select class, partition, next_offset, lane_sequences from platform.bus_offset
    where queue = ${queue} order by class, partition`.execute(executor);
  return rows;
}

export interface Position {
  readonly class: number;
  readonly partition: number;
  readonly offset: bigint;
}

/** Where a queue begins to read what it has not read yet; where it has, nothing changes. */
export async function beginAt(
  executor: Executor,
  queue: number,
  positions: readonly Position[],
): Promise<void> {
  await sql`
    insert into platform.bus_offset (queue, class, partition, next_offset)
    select ${queue}, class, partition, next from unnest(
      ${positions.map((one) => one.class)}::smallint[], ${positions.map((one) => one.partition)}::integer[],
      ${positions.map((one) => one.offset)}::bigint[]
    ) as p (class, partition, next)
    order by class, partition on conflict do nothing`.execute(executor);
}

/** The log was made anew, and its offsets with it. The numbers that were seen go on. */
export async function beginAnew(
  executor: Executor,
  queue: number,
  positions: readonly Position[],
): Promise<void> {
  await sql`
    update platform.bus_offset o set next_offset = p.next from unnest(
      ${positions.map((one) => one.class)}::smallint[], ${positions.map((one) => one.partition)}::integer[],
      ${positions.map((one) => one.offset)}::bigint[]
    ) as p (class, partition, next)
    where o.queue = ${queue} and o.class = p.class and o.partition = p.partition`.execute(executor);
}

export interface Step {
  readonly class: number;
  readonly partition: number;
  /** What the row must say, or another has read on. */
  readonly from: bigint;
  readonly to: bigint;
  readonly sequences: readonly bigint[];
}

export interface MovedRow {
  readonly id: bigint;
  readonly pid: number;
  readonly suspected: readonly string[];
}

/**
 * Reads on: one row for each partition, locked until `tx` ends. Answers how many had been where they were expected, and
 * as many ids as asked for. What a crash of the server takes of it, it takes together with the effect.
 */
export async function readOn(
  tx: Tx,
  input: {
    readonly queue: number;
    readonly steps: readonly Step[];
    readonly messageIds: readonly string[];
  },
) {
  const { queue, steps, messageIds } = input;
  const json = JSON.stringify(
    steps.map(({ class: of, partition, from, to, sequences }) => ({
      ...{ class: of, partition, from: String(from), to: String(to) },
      sequences: `{${sequences.join(',')}}`,
    })),
  );
  const moved = await sql`
    with relaxed as (
      select set_config('synchronous_commit', 'off', true)
    ), wanted as (
      select * from jsonb_to_recordset(${json}::jsonb)
        as s (class smallint, partition integer, "from" bigint, "to" bigint, sequences text), relaxed
    ), locked as (
      select o.class, o.partition from platform.bus_offset o
      join wanted w on w.class = o.class and w.partition = o.partition
      where o.queue = ${queue} order by o.class, o.partition for update of o
    )
    update platform.bus_offset o set next_offset = w."to", lane_sequences = w.sequences::bigint[]
    from wanted w, locked l
    where o.queue = ${queue} and o.class = w.class and o.partition = w.partition and o.next_offset = w."from"
      and l.class = o.class and l.partition = o.partition
    returning 1 as one`.execute(tx);
  if (messageIds.length === 0) return { moved: moved.rows.length, ids: [], pid: 0, suspected: [] };
  const { rows } = await sql<MovedRow>`
    with suspected as (
      delete from platform.bus_suspected where queue = ${queue} and message_id = any (${messageIds}::uuid[])
      returning message_id
    ), found as (select coalesce(array_agg(message_id::text), '{}') as ids from suspected)
    select platform.bus_next_id() as id, pg_backend_pid() as pid, f.ids as suspected
    from found f, generate_series(1, ${messageIds.length}::integer)`.execute(tx);
  const ids = rows.map(({ id }) => id).sort((left, right) => (left < right ? -1 : 1));
  return {
    moved: moved.rows.length,
    ids,
    pid: rows[0]?.pid ?? 0,
    suspected: rows[0]?.suspected ?? [],
  };
}

/** Passes over what is no message: marks of transactions, what was compacted away or has expired. */
export async function passOver(executor: Executor, queue: number, step: Omit<Step, 'sequences'>) {
  const { rows } = await sql`
    update platform.bus_offset set next_offset = ${step.to}
    where queue = ${queue} and class = ${step.class} and partition = ${step.partition}
      and next_offset = ${step.from} returning 1 as one`.execute(executor);
  return rows.length > 0;
}
