import type { Clock } from '#clock';
import { type Database, sql, type Tx } from '#database';
import { AppError } from '#errors';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { park } from './consumer/broker-store.ts';
import type { Delivery } from './consumer/delivery.ts';
import { type BusCore, closeCore, openCore } from './core.ts';
import type { Engine } from './engine.ts';
import { openEngines, whenReady } from './open-engines.ts';
import {
  bury,
  type EngineName,
  hasUnsent,
  type QueueRow,
  readQueues,
  SEPARATOR,
  setEngine,
  type TakenRow,
} from './postgres/store.ts';
import { whileAbsent } from './presence.ts';
import { startRelay } from './relay/relay.ts';
import { engineOfUrl, type Routing } from './routes.ts';

export interface MoveOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where topics are to be; what waits is fetched from where it is. */
  readonly to: Routing;
  /** Where engines are that `to` does not name. */
  readonly from: readonly string[];
  /** Only these; all when empty. */
  readonly topics: readonly string[];
}

export interface MovedQueue {
  readonly topic: string;
  readonly group: string;
  readonly from: EngineName;
  readonly to: EngineName;
  /** How many messages went along. */
  readonly messages: number;
}

const AT_ONCE_MAX = 500;
const PAUSE_MS = 50;
/** Leases of relays that died end within this. */
const SEND_PATIENCE_MS = 60_000;

/**
 * Hands queues over to other engines, with all that waits on the old ones: it waits in the database afterwards, due now
 * and in its order. Throws `bus_in_use` while any process uses the bus.
 */
export async function moveQueues(options: MoveOptions): Promise<readonly MovedQueue[]> {
  const { clock, database, from, log, metrics, to, topics } = options;
  return whileAbsent(database, async () => {
    const shared = { database, clock, log, metrics, source: 'kopek/move' };
    const core = await openCore({ ...shared, isMover: true });
    try {
      const rows = (await readQueues(database.pool)).filter(
        ({ engine, topic }) =>
          to.engineOf(topic) !== engine && (topics.length === 0 || topics.includes(topic)),
      );
      const urls = new Map([...from.map((url) => [engineOfUrl(url), url] as const), ...to.urls]);
      const engines = await openEngines(core, urls);
      try {
        await sendAll(core, engines, rows);
        const moved: MovedQueue[] = [];
        for (const row of rows) moved.push(await moveQueue(core, engines, { row, to }));
        return moved;
      } finally {
        await Promise.all([...engines.values()].map((engine) => engine.close()));
      }
    } finally {
      await closeCore(core);
    }
  });
}

/** What was published and not sent yet goes to its broker first: only that way nobody has to guess what it has. */
async function sendAll(
  core: BusCore,
  engines: ReadonlyMap<EngineName, Engine>,
  rows: readonly QueueRow[],
): Promise<void> {
  for (const [name, ofEngine] of Map.groupBy(rows, ({ engine }) => engine)) {
    if (name === 'postgres') continue;
    const carrier = mustKnow(engines, name);
    const relay = startRelay({ ...core, carrier });
    try {
      const endMs = performance.now() + SEND_PATIENCE_MS;
      for (const { topic } of ofEngine) {
        while (await hasUnsent(core.database.pool, topic)) {
          if (performance.now() > endMs) {
            const why = `${topic} has messages that ${name} does not take; nothing was moved.`;
            throw new AppError('unavailable', 'broker_refuses', why);
          }
          await pause();
        }
      }
    } finally {
      await relay.stop();
    }
  }
}

function mustKnow(engines: ReadonlyMap<EngineName, Engine>, name: EngineName): Engine {
  const engine = engines.get(name);
  if (engine) return engine;
  const why = `Messages wait on ${name}, and no setting says where that is. Name it: --from ${name}://…`;
  throw new AppError('precondition', 'bus_url_missing', why);
}

async function moveQueue(
  core: BusCore,
  engines: ReadonlyMap<EngineName, Engine>,
  { row, to }: { readonly row: QueueRow; readonly to: Routing },
): Promise<MovedQueue> {
  const messages =
    row.engine === 'postgres'
      ? await setApart(core, row)
      : await drain(core, mustKnow(engines, row.engine), row);
  const target = to.engineOf(row.topic);
  await setEngine(core.database.pool, row.queue, target);
  return { topic: row.topic, group: row.group_name, from: row.engine, to: target, messages };
}

/** From the queue itself to what waits: one statement. */
async function setApart({ clock, database }: BusCore, { queue }: QueueRow): Promise<number> {
  const { rows } = await sql`
    with gone as (delete from platform.bus_parcel where queue = ${queue} returning *)
    insert into platform.bus_delayed
      (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at)
    select g.queue, g.slot, g.id + m.n - 1, m.message_id::uuid, m.key, g.published_at, g.source,
      nullif(m.traceparent, ''), m.payload::json, ${clock.now()}
    from gone g cross join lateral unnest(
      string_to_array(g.message_ids, ${SEPARATOR}), string_to_array(g.keys, ${SEPARATOR}),
      string_to_array(g.traceparents, ${SEPARATOR}), string_to_array(g.payloads, ${SEPARATOR})
    ) with ordinality as m (message_id, key, traceparent, payload, n)
    returning 1 as one`.execute(database.pool);
  return rows.length;
}

/** Takes what the broker has, as a consumer would, and lets it wait here. */
async function drain(core: BusCore, engine: Engine, row: QueueRow): Promise<number> {
  await whenReady(engine);
  const feed = engine.openFeed(row);
  let count = 0;
  try {
    for (;;) {
      await feed.keep();
      feed.verified(feed.unverified());
      const deliveries = feed.reserve(AT_ONCE_MAX);
      if (deliveries.length === 0) {
        if ((await engine.depths([row])).get(row.queue) === 0) return count;
        await pause();
        continue;
      }
      count += await core.database.transaction(async (tx) => {
        const { fresh } = await feed.mark(tx, deliveries);
        await store(core, tx, row, fresh);
        return fresh.length;
      });
      feed.done(deliveries);
    }
  } finally {
    await feed.close();
  }
}

async function store(
  { clock }: BusCore,
  tx: Tx,
  { queue }: QueueRow,
  fresh: readonly { readonly delivery: Delivery; readonly id: bigint }[],
): Promise<void> {
  const now = clock.now();
  const rows = fresh.map(({ delivery, id }) => ({ row: toRow(delivery, id), delivery }));
  const good = rows.filter(({ delivery }) => delivery.fault === undefined);
  const parked = good.map(({ row }) => ({ row, attempts: 0, alone: false, error: null }));
  await park(tx, queue, { parked, now });
  const faulty = rows.filter(({ delivery }) => delivery.fault !== undefined);
  const dead = faulty.map(({ delivery, row }) => ({
    ...{ row, attempts: 0, error: delivery.fault ?? '', at: now },
  }));
  await bury(tx, queue, dead);
}

function toRow(delivery: Delivery, id: bigint): TakenRow {
  return {
    ...{ slot: delivery.slot, id, message_id: delivery.messageId, key: delivery.key },
    ...{ published_at: delivery.publishedAt, source: delivery.source },
    ...{ traceparent: delivery.traceparent ?? null, payload: delivery.payload },
    ...{ attempts: 0, pid: 0, alone: false },
  };
}

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, PAUSE_MS));
}
