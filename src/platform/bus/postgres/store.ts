import { type Executor, sql, type Tx } from '#database';

/** A message as the database gives it back when it is taken. */
export interface TakenRow {
  readonly slot: number;
  readonly id: bigint;
  readonly message_id: string;
  readonly key: string;
  /** As PostgreSQL writes it: parsed only where it is asked for. */
  readonly published_at: string;
  readonly source: string;
  readonly traceparent: string | null;
  readonly payload: string;
  readonly attempts: number;
  readonly pid: number;
  /** Its consumer died while handling it: nothing else of the process is to be in work beside it. */
  readonly alone: boolean;
  /** While it has no row here yet: what the broker delivered. */
  readonly delivery?: unknown;
}

/** What carries the messages of a queue. */
export type EngineName = 'postgres' | 'amqp' | 'kafka';

export interface QueueRow {
  readonly queue: number;
  readonly topic: string;
  readonly group_name: string;
  readonly ordered: boolean;
  readonly lanes: number;
  readonly attempts_max: number;
  readonly engine: EngineName;
  readonly priorities: number;
}

/** A message on its way into the queues of its topic. No text in it has the letters NUL and SEPARATOR. */
export interface NewMessage {
  readonly topic: string;
  readonly id: string;
  readonly key: string;
  /** Where its queue is not ordered. */
  readonly slot: number;
  readonly traceparent: string | undefined;
  readonly dueAt: Date | undefined;
  /** JSON. */
  readonly payload: string;
}

/** Stands between the values of a column: PostgreSQL splits a text faster than it reads an array, or JSON. */
export const SEPARATOR = '\x1f';

/** The engine that stays is the first one's: `engine` of the answer tells. */
export async function declareQueue(
  executor: Executor,
  queue: Omit<QueueRow, 'queue'>,
): Promise<QueueRow> {
  const { rows } = await sql<QueueRow>`
    insert into platform.bus_queue (topic, group_name, ordered, lanes, attempts_max, engine, priorities)
    values (${queue.topic}, ${queue.group_name}, ${queue.ordered}, ${queue.lanes}, ${queue.attempts_max}, ${queue.engine},
      ${queue.priorities})
    on conflict on constraint bus_queue_group_once_per_topic
      do update set attempts_max = excluded.attempts_max, priorities = excluded.priorities
    returning *`.execute(executor);
  const row = rows[0] as QueueRow;
  await sql`
    insert into platform.bus_lane (queue, lane)
    select ${row.queue}, lane
    from generate_series(0, ${row.ordered || row.engine === 'kafka' ? row.lanes - 1 : -1}) lane
    on conflict do nothing`.execute(executor);
  return row;
}

interface Publication {
  /** Those of one topic stand together. */
  readonly messages: readonly NewMessage[];
  readonly publishedAt: Date;
  readonly source: string;
}

/**
 * Lays messages into every group of their topics: one statement, whatever their number. Sorted, because ids are
 * the order of taking and a join may turn its rows around; by queue first, so that a batch has neighbouring ids.
 */
export async function insertMessages(tx: Tx, publication: Publication): Promise<void> {
  const { messages, publishedAt, source } = publication;
  if (messages.length === 0) return;
  await sql`
    insert into platform.bus_message
      (queue, slot, message_id, key, published_at, source, traceparent, payload)
    select q.queue,
      case when q.ordered then (hashtext(m.key) & 2147483647) % q.lanes else m.slot::smallint end,
      m.id::uuid, m.key, ${publishedAt}, ${source}, nullif(m.traceparent, ''), m.payload::json
    ${queuesAnd(messages)} order by q.queue, m.n`.execute(tx);
}

/** The same for those that are not due yet; their topics are not ordered. */
export async function insertDelayedMessages(tx: Tx, publication: Publication): Promise<void> {
  const { messages, publishedAt, source } = publication;
  if (messages.length === 0) return;
  await sql`
    insert into platform.bus_delayed
      (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at)
    select q.queue, m.slot::smallint, nextval(pg_get_serial_sequence('platform.bus_message', 'id')),
      m.id::uuid, m.key, ${publishedAt}, ${source}, nullif(m.traceparent, ''), m.payload::json,
      m.due_at::timestamptz
    ${queuesAnd(messages)}`.execute(tx);
}

/** `from` the queues `q` of each message `m`. */
function queuesAnd(messages: readonly NewMessage[]) {
  const column = (read: (message: NewMessage) => string | number) =>
    sql`string_to_array(${messages.map(read).join(SEPARATOR)}, ${SEPARATOR})`;
  const dueAt = column((message) => message.dueAt?.toISOString() ?? '');
  const topics = [...new Set(messages.map((message) => message.topic))];
  // A message is of the topic within whose bounds its number stands: comparing two numbers for it is next to nothing.
  const firsts = topics.map((topic) => messages.findIndex((one) => one.topic === topic) + 1);
  const lasts = [...firsts.slice(1).map((first) => first - 1), messages.length];
  return sql`
    from unnest(${topics}::text[], ${firsts}::integer[], ${lasts}::integer[]) as t (topic, first, last)
    join platform.bus_queue q on q.topic = t.topic
    join unnest(
      ${column((message) => message.id)}, ${column((message) => message.key)},
      ${column((message) => message.slot)}, ${column((message) => message.payload)},
      ${messages.some((message) => message.traceparent) ? column((message) => message.traceparent ?? '') : sql`null::text[]`},
      ${messages.some((message) => message.dueAt) ? dueAt : sql`null::text[]`}
    ) with ordinality as m (id, key, slot, payload, traceparent, due_at, n) on m.n between t.first and t.last`;
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
  input: {
    queue: number;
    slots: readonly number[];
    floors: readonly bigint[];
    most: number;
    now: Date;
  },
): Promise<TakenRow[]> {
  const { rows } = await sql<TakenRow>`select * from platform.bus_take_due(${input.queue},
    ${input.slots}::smallint[], ${input.floors}::bigint[], ${input.most}, ${input.now}, false)`.execute(
    tx,
  );
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

/** Takes what was taken before, in a transaction that failed, as far as it is still as it was. */
export async function takeThese(
  tx: Tx,
  queue: QueueRow,
  rows: readonly TakenRow[],
): Promise<TakenRow[]> {
  const taken = await sql<TakenRow>`select * from platform.bus_take_these(${queue.queue},
    ${rows.map((row) => row.slot)}::smallint[], ${rows.map((row) => row.id)}::bigint[],
    ${rows.map((row) => row.attempts)}::smallint[], ${queue.ordered})`.execute(tx);
  return taken.rows;
}

/** A message that was taken in this transaction and was not done. */
export interface NotDone {
  readonly row: TakenRow;
  /** How often it has failed, this time included. */
  readonly attempts: number;
  readonly error: string;
  /** When it is due again, or when it died. */
  readonly at: Date;
}

/** They wait for their next attempt. */
export async function putOff(tx: Tx, queue: number, messages: readonly NotDone[]): Promise<void> {
  if (messages.length === 0) return;
  await sql`
    insert into platform.bus_delayed
      (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at, attempts, error)
    select ${queue}, ${columnsOf(messages)}`.execute(tx);
}

/** They go to the dead letters. */
export async function bury(tx: Tx, queue: number, messages: readonly NotDone[]): Promise<void> {
  if (messages.length === 0) return;
  await sql`
    insert into platform.bus_dead
      (queue, slot, id, message_id, key, published_at, source, traceparent, payload, died_at, attempts, error)
    select ${queue}, ${columnsOf(messages)}`.execute(tx);
}

const ERROR_LENGTH_MAX = 2000;

function columnsOf(messages: readonly NotDone[]) {
  const column = <Value>(read: (message: NotDone) => Value) => messages.map(read);
  return sql`slot, id, message_id, key, published_at, source, traceparent, payload::json, at, attempts, error
    from unnest(
      ${column(({ row }) => row.slot)}::smallint[], ${column(({ row }) => row.id)}::bigint[],
      ${column(({ row }) => row.message_id)}::uuid[], ${column(({ row }) => row.key)}::text[],
      ${column(({ row }) => row.published_at)}::timestamptz[], ${column(({ row }) => row.source)}::text[],
      ${column(({ row }) => row.traceparent)}::text[], ${column(({ row }) => row.payload)}::text[],
      ${column(({ at }) => at)}::timestamptz[], ${column(({ attempts }) => attempts)}::smallint[],
      ${column(({ error }) => storable(error))}::text[]
    ) as n (slot, id, message_id, key, published_at, source, traceparent, payload, at, attempts, error)`;
}

/** An error may quote anything; PostgreSQL's text has no letter NUL. */
function storable(error: string): string {
  return error.slice(0, ERROR_LENGTH_MAX).replaceAll('\0', '');
}

/** Counts and sets apart what consumers held whose connection is gone; see the function's own words. */
export async function suspectTheHeld(
  tx: Tx,
  input: { readonly queues: readonly number[]; readonly now: Date },
): Promise<{ readonly suspects: number; readonly buried: number }> {
  const { rows } = await sql<{ suspects: number; buried: number }>`
    select * from platform.bus_suspect(${input.queues}::integer[], ${input.now})`.execute(tx);
  return rows[0] ?? { suspects: 0, buried: 0 };
}

export async function moveDeadLettersBack(
  tx: Tx,
  input: {
    readonly topic: string;
    readonly group: string | undefined;
    readonly limit: number;
    readonly now: Date;
  },
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
      select t.queue, t.slot, t.id, t.message_id, t.key, t.published_at, t.source, t.traceparent, t.payload
      from taken t join platform.bus_queue q on q.queue = t.queue where q.engine = 'postgres'
      returning id
    ), put_back_beside_a_broker as (
      insert into platform.bus_delayed
        (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at)
      select t.queue, t.slot, t.id, t.message_id, t.key, t.published_at, t.source, t.traceparent, t.payload, ${input.now}
      from taken t join platform.bus_queue q on q.queue = t.queue where q.engine <> 'postgres'
      returning id
    )
    select (select count(*) from put_back) + (select count(*) from put_back_beside_a_broker) as moved`.execute(
    tx,
  );
  return Number(rows[0]?.moved ?? 0n);
}

export interface DepthRow extends QueueRow {
  readonly ready: bigint;
  /** Of a broker's topic: not yet with the broker. */
  readonly unsent: bigint;
  readonly delayed: bigint;
  readonly dead: bigint;
  readonly oldest_seconds: number;
}

export async function readDepths(executor: Executor, now: Date): Promise<DepthRow[]> {
  const { rows } = await sql<DepthRow>`
    select q.*, m.ready + d.due as ready, d.waiting as delayed, x.dead, coalesce(o.unsent, 0) as unsent,
      coalesce(extract(epoch from ${now} - least(m.oldest, d.oldest, o.oldest)), 0)::float8 as oldest_seconds
    from platform.bus_queue q
    left join (
      select topic, count(*) as unsent, min(published_at) as oldest from platform.bus_outgoing group by topic
    ) o on o.topic = q.topic
    cross join lateral (
      select count(*) as ready, min(published_at) as oldest from platform.bus_message m where m.queue = q.queue
    ) m
    cross join lateral (
      select count(*) filter (where due_at <= ${now}) as due, count(*) filter (where due_at > ${now}) as waiting,
        min(due_at) filter (where due_at <= ${now}) as oldest
      from platform.bus_delayed d where d.queue = q.queue
    ) d
    cross join lateral (select count(*) as dead from platform.bus_dead x where x.queue = q.queue) x
    where q.engine <> 'relay'
    order by q.topic, q.group_name`.execute(executor);
  return rows;
}

/** The engine of each topic that has groups. */
export async function readEngines(executor: Executor): Promise<readonly [string, EngineName][]> {
  const { rows } = await sql<{ topic: string; engine: EngineName }>`
    select distinct topic, engine from platform.bus_queue where engine <> 'relay'`.execute(
    executor,
  );
  return rows.map(({ topic, engine }) => [topic, engine]);
}

export async function setEngine(
  executor: Executor,
  queue: number,
  engine: EngineName,
): Promise<void> {
  await sql`update platform.bus_queue set engine = ${engine} where queue = ${queue}`.execute(
    executor,
  );
}

export async function hasMessages(executor: Executor, queue: number): Promise<boolean> {
  const { rows } = await sql<{ has: boolean }>`
    select exists (select from platform.bus_message where queue = ${queue}) as has`.execute(
    executor,
  );
  return rows[0]?.has ?? false;
}

/** Whether something of `topic` is still to be sent to its broker. */
export async function hasUnsent(executor: Executor, topic: string): Promise<boolean> {
  const { rows } = await sql<{ has: boolean }>`
    select exists (select from platform.bus_outgoing where topic = ${topic}) as has`.execute(
    executor,
  );
  return rows[0]?.has ?? false;
}

export async function readQueues(executor: Executor): Promise<readonly QueueRow[]> {
  const { rows } = await sql<QueueRow>`
    select * from platform.bus_queue where engine <> 'relay' order by topic, group_name`.execute(
    executor,
  );
  return rows;
}
