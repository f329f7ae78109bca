import { laneOf } from '#bus/key-hash';
import { type EngineName, type NewMessage, SEPARATOR } from '#bus/store';
import { deferred, type Executor, prepared, sql, type Tx } from '#database';
import type { Departure } from './carrier.ts';

export type BrokerName = Exclude<EngineName, 'postgres'>;

/** The topic under which a relay's wake-ups, lanes and members stand. */
export function relayTopic(engine: BrokerName): string {
  return `/${engine}`;
}

/** The lanes by which the relays of all processes share the rows of a broker. */
export async function declareRelay(
  executor: Executor,
  engine: BrokerName,
  lanes: number,
): Promise<number> {
  const topic = relayTopic(engine);
  await sql`
    insert into platform.bus_queue (topic, group_name, ordered, lanes, attempts_max, engine)
    values (${topic}, 'relay', true, ${lanes}, 1, 'relay')
    on conflict on constraint bus_queue_group_once_per_topic do nothing`.execute(executor);
  const { rows } = await sql<{ queue: number }>`
    select queue from platform.bus_queue where topic = ${topic} and group_name = 'relay'`.execute(
    executor,
  );
  const queue = rows[0]?.queue ?? 0;
  await sql`
    insert into platform.bus_lane (queue, lane) select ${queue}, lane from generate_series(0, ${lanes - 1}) lane
    on conflict do nothing`.execute(executor);
  return queue;
}

/** Messages for a broker: one row each, if any group listens to their topic. */
export async function insertOutgoing(
  tx: Tx,
  input: {
    readonly engine: BrokerName;
    readonly messages: readonly NewMessage[];
    readonly publishedAt: Date;
    readonly source: string;
  },
): Promise<void> {
  const { engine, messages, publishedAt, source } = input;
  if (messages.length === 0) return;
  const column = (read: (message: NewMessage) => string | number) =>
    sql`string_to_array(${messages.map(read).join(SEPARATOR)}, ${SEPARATOR})`;
  await deferred`
    insert into platform.bus_outgoing
      (engine, lane, topic, class, message_id, key, published_at, source, traceparent, payload, bytes)
    select ${engine}, m.lane::smallint, m.topic, m.class::smallint, m.id::uuid, m.key, ${publishedAt}, ${source},
      nullif(m.traceparent, ''), m.payload::json, octet_length(m.payload)
    from unnest(
      ${column((message) => laneOf(message.key))}, ${column((message) => message.topic)},
      ${column((message) => message.slot)}, ${column((message) => message.id)},
      ${column((message) => message.key)}, ${column((message) => message.traceparent ?? '')},
      ${column((message) => message.payload)}
    ) with ordinality as m (lane, topic, class, id, key, traceparent, payload, n)
    where exists (select from platform.bus_queue q where q.topic = m.topic)
    order by m.n`.execute(tx);
}

/** A relay's lane, as it is locked. */
export interface RelayLane {
  readonly lane: number;
  readonly sequence: bigint;
  readonly sending_ids: readonly bigint[];
  readonly sending_sequences: readonly bigint[];
  /** Microseconds of real time: a sequence number is never below, so that none comes twice after a restored backup. */
  readonly now_us: bigint;
}

/** Locks the lanes that `owner` holds a lease of, until `tx` ends. The plans of this transaction are pinned. */
export async function lockRelayLanes(
  tx: Tx,
  queue: number,
  owner: string,
): Promise<readonly RelayLane[]> {
  await prepared`select set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
    set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true)`.execute(
    tx,
  );
  const { rows } = await prepared<RelayLane>`
    select lane, sequence, sending_ids, sending_sequences,
      (extract(epoch from clock_timestamp()) * 1000000)::bigint as now_us
    from platform.bus_lane
    where queue = ${queue} and owner = ${owner} and lease_until > clock_timestamp()
    order by queue, lane for update`.execute(tx);
  return rows;
}

const COLUMNS = sql`lane, id, topic, class, message_id, key, published_at::text, source, traceparent,
  payload::text as payload, bytes`;

export type OutgoingRow = Omit<Departure, 'sequence'>;

/** The first rows of each lane from its floor on, without those of `held` topics; bounded by count and bytes. */
export async function readOutgoing(
  tx: Tx,
  input: {
    readonly engine: BrokerName;
    readonly lanes: readonly number[];
    readonly floors: readonly bigint[];
    readonly held: readonly string[];
    readonly rowsMax: number;
    readonly bytesMax: number;
  },
): Promise<OutgoingRow[]> {
  const { rows } = await prepared<OutgoingRow>`
    select o.* from unnest(${input.lanes}::smallint[], ${input.floors}::bigint[]) as l (lane, floor)
    cross join lateral (
      select ${COLUMNS} from (
        select o.*, sum(o.bytes) over (order by o.engine, o.lane, o.id) as total, row_number() over (order by o.engine, o.lane, o.id) as n
        from platform.bus_outgoing o
        where o.engine = ${input.engine} and o.lane = l.lane and o.id >= l.floor
          and o.topic <> all (${input.held}::text[])
        order by o.engine, o.lane, o.id limit ${input.rowsMax}
      ) o where o.n = 1 or o.total <= ${input.bytesMax}
    ) o`.execute(tx);
  return rows;
}

/** These very rows, as far as they are still there. */
export async function readThese(
  tx: Tx,
  input: {
    readonly engine: BrokerName;
    readonly lanes: readonly number[];
    readonly ids: readonly bigint[];
  },
): Promise<OutgoingRow[]> {
  if (input.ids.length === 0) return [];
  const { rows } = await prepared<OutgoingRow>`
    select ${sql.raw(
      'o.lane, o.id, o.topic, o.class, o.message_id, o.key, o.published_at::text, o.source, o.traceparent,',
    )} o.payload::text as payload, o.bytes
    from unnest(${input.lanes}::smallint[], ${input.ids}::bigint[]) as w (lane, id)
    join platform.bus_outgoing o on o.engine = ${input.engine} and o.lane = w.lane and o.id = w.id`.execute(
    tx,
  );
  return rows;
}

/** The broker has them. */
export async function deleteOutgoing(
  tx: Tx,
  input: {
    readonly engine: BrokerName;
    readonly lanes: readonly number[];
    readonly ids: readonly bigint[];
  },
): Promise<void> {
  if (input.ids.length === 0) return;
  await prepared`
    delete from platform.bus_outgoing where ctid = any (array(
      select o.ctid from unnest(${input.lanes}::smallint[], ${input.ids}::bigint[]) as w (lane, id)
      join platform.bus_outgoing o on o.engine = ${input.engine} and o.lane = w.lane and o.id = w.id
    ))`.execute(tx);
}

export interface Registration {
  readonly lane: number;
  readonly sequence: bigint;
  readonly ids: readonly bigint[];
  readonly sequences: readonly bigint[];
}

/** Writes down what is about to be sent, of locked lanes. */
export async function registerSending(
  tx: Tx,
  queue: number,
  registrations: readonly Registration[],
): Promise<void> {
  if (registrations.length === 0) return;
  const json = JSON.stringify(
    registrations.map(({ lane, sequence, ids, sequences }) => ({
      ...{ lane, sequence: String(sequence) },
      ...{ ids: `{${ids.join(',')}}`, sequences: `{${sequences.join(',')}}` },
    })),
  );
  await prepared`
    update platform.bus_lane l set sequence = r.sequence, sending_ids = r.ids::bigint[],
      sending_sequences = r.sequences::bigint[]
    from jsonb_to_recordset(${json}::jsonb) as r (lane smallint, sequence bigint, ids text, sequences text)
    where l.queue = ${queue} and l.lane = r.lane`.execute(tx);
}

export interface GroupRow {
  readonly queue: number;
  readonly topic: string;
  readonly group_name: string;
  readonly ordered: boolean;
  readonly priorities: number;
}

/** All groups of `topics` that any process has declared. */
export async function readGroups(
  executor: Executor,
  topics: readonly string[],
): Promise<readonly GroupRow[]> {
  const { rows } = await prepared<GroupRow>`
    select queue, topic, group_name, ordered, priorities from platform.bus_queue
    where topic = any (${topics}::text[]) and engine <> 'relay' order by queue`.execute(executor);
  return rows;
}

export interface LagRow {
  readonly engine: BrokerName;
  readonly waiting: bigint;
  readonly lag_seconds: number;
}

/** What waits for each broker. */
export async function readLag(executor: Executor, now: Date): Promise<readonly LagRow[]> {
  const { rows } = await sql<LagRow>`
    select engine, count(*) as waiting,
      greatest(0, extract(epoch from ${now} - min(published_at)))::float8 as lag_seconds
    from platform.bus_outgoing group by engine`.execute(executor);
  return rows;
}
