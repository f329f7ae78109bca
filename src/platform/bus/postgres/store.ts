import { deferred, type Executor, prepared, sql, type Tx } from '#database';

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

/** A message on its way into the queues of its topic. No text in it has the letters NUL and those that separate. */
export interface NewMessage {
  readonly topic: string;
  readonly id: string;
  readonly key: string;
  /** Its priority class, 0 being taken first. */
  readonly slot: number;
  /** Where its topic is ordered: the lane of its key. */
  readonly lane: number | undefined;
  readonly traceparent: string | undefined;
  readonly dueAt: Date | undefined;
  /** JSON. */
  readonly payload: string;
}

/** Stands between the messages of a parcel: both sides split a text faster than they read an array, or JSON. */
export const SEPARATOR = '\x1f';
/** Stands between parcels on their way to the database. */
export const PARCEL_SEPARATOR = '\x1e';

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
  readonly messages: readonly NewMessage[];
  readonly publishedAt: Date;
  readonly source: string;
}

/**
 * Lays messages into every group of their topics: one statement, whatever their number. In the order of their
 * publication, because a parcel's id is the order of taking.
 */
export async function insertMessages(tx: Tx, publication: Publication): Promise<void> {
  const { messages, publishedAt, source } = publication;
  if (messages.length === 0) return;
  const parcels = pack(messages);
  const column = (read: (message: NewMessage) => string) =>
    sql`string_to_array(${parcels.map((parcel) => parcel.map(read).join(SEPARATOR)).join(PARCEL_SEPARATOR)}, ${PARCEL_SEPARATOR})`;
  const traced = messages.some((message) => message.traceparent);
  await deferred`
    insert into platform.bus_parcel
      (queue, slot, id, size, published_at, source, message_ids, keys, payloads, traceparents)
    select queue, slot, platform.bus_next_id(), size, ${publishedAt}, ${source}, ids, keys, payloads, traceparents
    from (
      select q.queue, p.*
      from unnest(
        ${parcels.map((parcel) => parcel[0]?.topic)}::text[], ${parcels.map(([first]) => first && slotOf(first))}::smallint[],
        ${parcels.map((parcel) => parcel.length)}::smallint[], ${column((one) => one.id)}, ${column((one) => one.key)},
        ${column((one) => one.payload)}, ${traced ? column((one) => one.traceparent ?? '') : sql`null::text[]`}
      ) with ordinality as p (topic, slot, size, ids, keys, payloads, traceparents, n)
      join platform.bus_queue q on q.topic = p.topic
      order by p.n
    ) laid`.execute(tx);
}

/** Consumers share the work parcel by parcel: larger ones would be cheaper by little. */
export const PARCEL_MOST = 64;
/** With its ids and the rest it then fits into a page of the database. */
const PARCEL_LETTERS_MOST = 7000;
const ID_LETTERS = 37;

const slotOf = ({ lane, slot }: NewMessage) => lane ?? slot;

/** Messages of one topic and slot together, in their order. */
function pack(messages: readonly NewMessage[]): readonly (readonly NewMessage[])[] {
  const parcels: NewMessage[][] = [];
  const open = new Map<string, { parcel: NewMessage[]; letters: number }>();
  for (const message of messages) {
    const place = `${slotOf(message)} ${message.topic}`;
    const letters = ID_LETTERS + message.key.length + message.payload.length;
    const last = open.get(place);
    if (last && last.parcel.length < PARCEL_MOST && last.letters + letters <= PARCEL_LETTERS_MOST) {
      last.parcel.push(message);
      last.letters += letters;
      continue;
    }
    const parcel = [message];
    parcels.push(parcel);
    open.set(place, { parcel, letters });
  }
  return parcels;
}

/** The same for those that are not due yet, a row each; their topics are not ordered. */
export async function insertDelayedMessages(tx: Tx, publication: Publication): Promise<void> {
  const { messages, publishedAt, source } = publication;
  if (messages.length === 0) return;
  const column = <Value>(read: (message: NewMessage) => Value) => messages.map(read);
  await deferred`
    insert into platform.bus_delayed
      (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at)
    select q.queue, m.slot, platform.bus_next_id(), m.id, m.key, ${publishedAt}, ${source}, m.traceparent,
      m.payload::json, m.due_at
    from unnest(
      ${column((one) => one.topic)}::text[], ${column((one) => one.slot)}::smallint[],
      ${column((one) => one.id)}::uuid[], ${column((one) => one.key)}::text[],
      ${column((one) => one.payload)}::text[], ${column((one) => one.traceparent ?? null)}::text[],
      ${column((one) => one.dueAt)}::timestamptz[]
    ) as m (topic, slot, id, key, payload, traceparent, due_at)
    join platform.bus_queue q on q.topic = m.topic`.execute(tx);
}

export async function takeFresh(
  tx: Tx,
  input: { queue: number; slots: readonly number[]; floors: readonly bigint[]; most: number },
): Promise<TakenRow[]> {
  const { rows } = await prepared<TakenParcel>`select * from platform.bus_take(
    ${input.queue}, ${input.slots}::smallint[], ${input.floors}::bigint[], ${input.most})`.execute(
    tx,
  );
  return rows.flatMap(unpack);
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
  const { rows } = await prepared<TakenParcel>`select * from platform.bus_take_due(${input.queue},
    ${input.slots}::smallint[], ${input.floors}::bigint[], ${input.most}, ${input.now}, false)`.execute(
    tx,
  );
  return rows.flatMap(unpack);
}

export async function takeOrdered(
  tx: Tx,
  input: { queue: number; owner: string; most: number; now: Date },
): Promise<TakenRow[]> {
  const { rows } = await prepared<TakenParcel>`select * from platform.bus_take_ordered(
    ${input.queue}, ${input.owner}, ${input.most}, ${input.now})`.execute(tx);
  return rows.flatMap(unpack);
}

/** Takes what was taken before, in a transaction that failed, as far as it is still as it was. */
export async function takeThese(
  tx: Tx,
  queue: QueueRow,
  rows: readonly TakenRow[],
): Promise<TakenRow[]> {
  const taken = await prepared<TakenParcel>`select * from platform.bus_take_these(${queue.queue},
    ${rows.map((row) => row.slot)}::smallint[], ${rows.map((row) => row.id)}::bigint[],
    ${rows.map((row) => row.attempts)}::smallint[], ${queue.ordered})`.execute(tx);
  return taken.rows.flatMap(unpack);
}

/** Cuts what is larger than a batch at the head of a queue, so that consumers of small batches work side by side. */
export async function cutParcels(
  executor: Executor,
  input: { queue: number; slots: readonly number[]; floors: readonly bigint[]; most: number },
): Promise<void> {
  await prepared`select platform.bus_cut(${input.queue}, ${input.slots}::smallint[], ${input.floors}::bigint[],
    ${input.most})`.execute(executor);
}

/** Messages as they come back: one value of each column a message, their ids neighbours. */
export interface TakenParcel {
  readonly slot: number;
  readonly id: bigint;
  readonly size: number;
  readonly published_at: string;
  readonly source: string;
  readonly message_ids: string;
  readonly keys: string;
  readonly traceparents: string | null;
  readonly payloads: string;
  readonly attempts: number;
  readonly pid: number;
  readonly alone: boolean;
}

export function unpack(parcel: TakenParcel): readonly TakenRow[] {
  const { alone, attempts, pid, published_at, slot, source } = parcel;
  const ids = parcel.message_ids.split(SEPARATOR);
  const keys = parcel.keys.split(SEPARATOR);
  const payloads = parcel.payloads.split(SEPARATOR);
  const traceparents = parcel.traceparents?.split(SEPARATOR);
  return ids.map((message_id, at) => ({
    ...{
      slot,
      id: parcel.id + BigInt(at),
      message_id,
      key: keys[at] as string,
      published_at,
      source,
    },
    ...{ traceparent: traceparents?.[at] || null, payload: payloads[at] as string },
    ...{ attempts, pid, alone },
  }));
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
      insert into platform.bus_parcel
        (queue, slot, id, size, message_ids, keys, published_at, source, traceparents, payloads)
      select t.queue, t.slot, t.id, 1, t.message_id::text, t.key, t.published_at, t.source, t.traceparent, t.payload::text
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
      select coalesce(sum(size), 0) as ready, min(published_at) as oldest from platform.bus_parcel p
      where p.queue = q.queue
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

export interface DeadRow {
  readonly group_name: string;
  readonly message_id: string;
  readonly source: string;
  readonly error: string;
  readonly died_at: Date;
}

/** The newest dead letters of a topic. */
export async function readDeadLetters(
  executor: Executor,
  input: { readonly topic: string; readonly group: string | undefined; readonly limit: number },
): Promise<DeadRow[]> {
  const { group = null, limit, topic } = input;
  const { rows } = await sql<DeadRow>`
    select q.group_name, d.message_id, d.source, d.error, d.died_at
    from platform.bus_dead d join platform.bus_queue q using (queue)
    where q.topic = ${topic} and (${group}::text is null or q.group_name = ${group})
    order by d.died_at desc, d.id desc limit ${limit}`.execute(executor);
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
    select exists (select from platform.bus_parcel where queue = ${queue}) as has`.execute(
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
