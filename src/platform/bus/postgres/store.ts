import { type Executor, sql, type Tx } from '#database';

/** A message as the database gives it back when it is taken. */
export interface TakenRow {
  readonly slot: number;
  readonly id: bigint;
  readonly message_id: string;
  readonly key: string;
  readonly published_at: Date;
  readonly source: string;
  readonly traceparent: string | null;
  readonly payload: string;
  readonly attempts: number;
  readonly pid: number;
}

export interface QueueRow {
  readonly queue: number;
  readonly topic: string;
  readonly group_name: string;
  readonly ordered: boolean;
  readonly lanes: number;
  readonly attempts_max: number;
}

/** One row of `insertMessages`' JSON. Short names: they are repeated for every message. */
export interface MessageInput {
  /** topic */ readonly o: string;
  /** message id */ readonly i: string;
  readonly k: string;
  /** slot */ readonly s: number;
  /** trace */ readonly r?: string | undefined;
  /** due, for delayed ones */ readonly d?: string | undefined;
  readonly p: unknown;
}

export async function declareQueue(
  executor: Executor,
  queue: Omit<QueueRow, 'queue'>,
): Promise<QueueRow> {
  const { rows } = await sql<QueueRow>`
    insert into platform.bus_queue (topic, group_name, ordered, lanes, attempts_max)
    values (${queue.topic}, ${queue.group_name}, ${queue.ordered}, ${queue.lanes}, ${queue.attempts_max})
    on conflict on constraint bus_queue_group_once_per_topic
      do update set attempts_max = excluded.attempts_max
    returning *`.execute(executor);
  const row = rows[0] as QueueRow;
  await sql`
    insert into platform.bus_lane (queue, lane)
    select ${row.queue}, lane from generate_series(0, ${row.ordered ? row.lanes - 1 : -1}) lane
    on conflict do nothing`.execute(executor);
  return row;
}

/** Lays messages into every group of their topics: one statement, one parameter, whatever their number. */
export async function insertMessages(
  tx: Tx,
  input: { readonly json: string; readonly publishedAt: Date; readonly source: string },
): Promise<void> {
  await sql`
    insert into platform.bus_message
      (queue, slot, message_id, key, published_at, source, traceparent, payload)
    select q.queue,
      case when q.ordered then (hashtext(m.k) & 2147483647) % q.lanes else m.s end,
      m.i, m.k, ${input.publishedAt}, ${input.source}, m.r, m.p
    from json_to_recordset(${input.json}::json) as m (o text, i uuid, k text, s smallint, r text, p json)
    join platform.bus_queue q on q.topic = m.o`.execute(tx);
}

export async function insertDelayedMessages(
  tx: Tx,
  input: { readonly json: string; readonly publishedAt: Date; readonly source: string },
): Promise<void> {
  await sql`
    insert into platform.bus_delayed
      (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at)
    select q.queue, m.s, nextval(pg_get_serial_sequence('platform.bus_message', 'id')),
      m.i, m.k, ${input.publishedAt}, ${input.source}, m.r, m.p, m.d
    from json_to_recordset(${input.json}::json)
      as m (o text, i uuid, k text, s smallint, r text, d timestamptz, p json)
    join platform.bus_queue q on q.topic = m.o`.execute(tx);
}

export async function takeFresh(
  tx: Tx,
  input: { queue: number; slots: readonly number[]; floors: readonly bigint[]; most: number },
): Promise<TakenRow[]> {
  const { rows } = await sql<TakenRow>`select * from platform.bus_take(
    ${input.queue}, ${input.slots}::smallint[], ${input.floors}::bigint[], ${input.most})`.execute(
    tx,
  );
  return rows;
}

export async function takeDue(
  tx: Tx,
  input: { queue: number; slots: readonly number[]; most: number; now: Date },
): Promise<TakenRow[]> {
  const { rows } = await sql<TakenRow>`select * from platform.bus_take_due(
    ${input.queue}, ${input.slots}::smallint[], ${input.most}, ${input.now})`.execute(tx);
  return rows;
}

export async function takeOrdered(
  tx: Tx,
  input: { queue: number; owner: string; most: number; now: Date },
): Promise<TakenRow[]> {
  const { rows } = await sql<TakenRow>`select * from platform.bus_take_ordered(
    ${input.queue}, ${input.owner}, ${input.most}, ${input.now})`.execute(tx);
  return rows;
}

export async function takeThese(
  tx: Tx,
  input: { queue: number; slots: readonly number[]; ids: readonly bigint[] },
): Promise<TakenRow[]> {
  const { rows } = await sql<TakenRow>`select * from platform.bus_take_these(
    ${input.queue}, ${input.slots}::smallint[], ${input.ids}::bigint[])`.execute(tx);
  return rows;
}

/** A message that was taken in this transaction waits for its next attempt. */
export async function putOff(
  tx: Tx,
  input: { queue: number; row: TakenRow; attempts: number; dueAt: Date; error: string },
): Promise<void> {
  const { row } = input;
  await sql`
    insert into platform.bus_delayed
      (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at, attempts, error)
    values (${input.queue}, ${row.slot}, ${row.id}, ${row.message_id}, ${row.key}, ${row.published_at},
      ${row.source}, ${row.traceparent}, ${row.payload}::json, ${input.dueAt}, ${input.attempts}, ${input.error})`.execute(
    tx,
  );
}

/** A message that was taken in this transaction goes to the dead letters. */
export async function bury(
  tx: Tx,
  input: { queue: number; row: TakenRow; attempts: number; diedAt: Date; error: string },
): Promise<void> {
  const { row } = input;
  await sql`
    insert into platform.bus_dead
      (queue, id, slot, message_id, key, published_at, source, traceparent, payload, attempts, error, died_at)
    values (${input.queue}, ${row.id}, ${row.slot}, ${row.message_id}, ${row.key}, ${row.published_at},
      ${row.source}, ${row.traceparent}, ${row.payload}::json, ${input.attempts}, ${input.error}, ${input.diedAt})`.execute(
    tx,
  );
}

/** Written outside the batch's transaction, before its handler begins. */
export async function writeHand(
  executor: Executor,
  input: {
    hand: string;
    queue: number;
    slots: readonly number[];
    ids: readonly bigint[];
    pid: number;
  },
): Promise<void> {
  await sql`
    insert into platform.bus_hand (hand, queue, slots, ids, backend_pid, held_since)
    values (${input.hand}, ${input.queue}, ${input.slots}::smallint[], ${input.ids}::bigint[], ${input.pid},
      clock_timestamp())
    on conflict (hand) do update set slots = excluded.slots, ids = excluded.ids, backend_pid = excluded.backend_pid,
      held_since = excluded.held_since`.execute(executor);
}

export async function clearHand(executor: Executor, hand: string): Promise<void> {
  await sql`delete from platform.bus_hand where hand = ${hand}`.execute(executor);
}

/**
 * Finds hands whose connection is gone. What they held and is still here was being handled when its consumer
 * died: it goes behind, counted once more, to be run alone; or to the dead letters when that was its last attempt.
 */
export async function suspectTheHeld(
  tx: Tx,
  input: { readonly queues: readonly number[]; readonly now: Date },
): Promise<number> {
  const { rows } = await sql<{ suspects: bigint }>`
    with gone as (
      delete from platform.bus_hand h
      where h.queue = any (${input.queues}::integer[]) and not exists (
        select from pg_stat_activity a where a.pid = h.backend_pid and a.backend_start <= h.held_since
      )
      returning h.queue, h.slots, h.ids
    ), held as (
      select g.queue, one.slot, one.id from gone g, unnest(g.slots, g.ids) as one (slot, id)
    ), fresh as (
      delete from platform.bus_message m using held h
      where m.queue = h.queue and m.slot = h.slot and m.id = h.id
      returning m.queue, m.slot, m.id, m.message_id, m.key, m.published_at, m.source, m.traceparent, m.payload
    ), again as (
      update platform.bus_delayed d set attempts = d.attempts + 1, alone = true, due_at = ${input.now}
      from held h where d.queue = h.queue and d.id = h.id
      returning d.id
    ), behind as (
      insert into platform.bus_delayed
        (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at, attempts, alone, error)
      select queue, slot, id, message_id, key, published_at, source, traceparent, payload,
        ${input.now}, 1, true, 'its consumer died while handling it' from fresh
      returning id
    )
    select (select count(*) from behind) + (select count(*) from again) as suspects`.execute(tx);
  return Number(rows[0]?.suspects ?? 0n);
}

export async function moveDeadLettersBack(
  tx: Tx,
  input: { readonly topic: string; readonly group: string | undefined; readonly limit: number },
): Promise<number> {
  const { rows } = await sql<{ moved: bigint }>`
    with chosen as (
      select d.queue, d.id from platform.bus_dead d join platform.bus_queue q on q.queue = d.queue
      where q.topic = ${input.topic} and (${input.group ?? null}::text is null or q.group_name = ${input.group ?? null})
      order by d.id limit ${input.limit} for update of d skip locked
    ), taken as (
      delete from platform.bus_dead d using chosen c where d.queue = c.queue and d.id = c.id returning d.*
    ), put_back as (
      insert into platform.bus_message
        (queue, slot, id, message_id, key, published_at, source, traceparent, payload)
      overriding system value
      select queue, slot, id, message_id, key, published_at, source, traceparent, payload from taken
      returning id
    )
    select count(*) as moved from put_back`.execute(tx);
  return Number(rows[0]?.moved ?? 0n);
}

export interface DepthRow {
  readonly topic: string;
  readonly group_name: string;
  readonly ready: bigint;
  readonly delayed: bigint;
  readonly dead: bigint;
  readonly oldest_seconds: number;
}

export async function readDepths(executor: Executor, now: Date): Promise<DepthRow[]> {
  const { rows } = await sql<DepthRow>`
    select q.topic, q.group_name,
      m.ready + d.due as ready, d.waiting as delayed, x.dead,
      coalesce(extract(epoch from ${now} - least(m.oldest, d.oldest)), 0)::float8 as oldest_seconds
    from platform.bus_queue q
    cross join lateral (
      select count(*) as ready, min(published_at) as oldest from platform.bus_message m where m.queue = q.queue
    ) m
    cross join lateral (
      select count(*) filter (where due_at <= ${now}) as due, count(*) filter (where due_at > ${now}) as waiting,
        min(due_at) filter (where due_at <= ${now}) as oldest
      from platform.bus_delayed d where d.queue = q.queue
    ) d
    cross join lateral (select count(*) as dead from platform.bus_dead x where x.queue = q.queue) x
    order by q.topic, q.group_name`.execute(executor);
  return rows;
}

/** Renews what `owner` holds, gives back what is above its fair share, takes what is free. Answers its lanes. */
export async function settleLanes(
  tx: Tx,
  input: { readonly queue: number; readonly owner: string; readonly leaseMs: number },
): Promise<number> {
  const lease = sql`clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})`;
  const { rows } = await sql<{ lanes: bigint; owners: bigint; mine: bigint }>`
    select count(*) as lanes,
      count(distinct owner) filter (where lease_until > clock_timestamp() and owner <> ${input.owner}) + 1 as owners,
      count(*) filter (where owner = ${input.owner} and lease_until > clock_timestamp()) as mine
    from platform.bus_lane where queue = ${input.queue}`.execute(tx);
  const { lanes = 0n, owners = 1n, mine = 0n } = rows[0] ?? {};
  const share = Math.ceil(Number(lanes) / Number(owners));
  const surplus = Math.max(0, Number(mine) - share);
  await sql`
    update platform.bus_lane set owner = null, lease_until = '-infinity'
    where queue = ${input.queue} and lane in (
      select lane from platform.bus_lane where queue = ${input.queue} and owner = ${input.owner}
      order by lane desc limit ${surplus} for update skip locked
    )`.execute(tx);
  await sql`
    update platform.bus_lane set lease_until = ${lease}
    where queue = ${input.queue} and owner = ${input.owner} and lease_until > clock_timestamp()`.execute(
    tx,
  );
  const taken = await sql`
    update platform.bus_lane set owner = ${input.owner}, lease_until = ${lease}
    where queue = ${input.queue} and lane in (
      select lane from platform.bus_lane where queue = ${input.queue} and lease_until <= clock_timestamp()
      order by lane limit ${Math.max(0, share - Number(mine))} for update skip locked
    )
    returning lane`.execute(tx);
  return Number(mine) - surplus + taken.rows.length;
}

export async function releaseLanes(executor: Executor, owner: string): Promise<void> {
  await sql`update platform.bus_lane set owner = null, lease_until = '-infinity' where owner = ${owner}`.execute(
    executor,
  );
}
