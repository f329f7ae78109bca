import type { Clock } from '#clock';
import type { Database } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Bus, Group, Parcel } from './bus.ts';
import { createConsumer } from './consumer/consumer.ts';
import { idOf, sourceOf } from './consumer/foreign.ts';
import type { Source } from './consumer/supply.ts';
import { closeCore, openCore } from './core.ts';
import { declareGroup } from './declare.ts';
import { lookAtCarriers, measureDepths } from './depths.ts';
import type { Engine, SourceInput } from './engine.ts';
import { establishGroups, openEngines } from './open-engines.ts';
import { waitAtMost } from './patience.ts';
import { createPostgresSource } from './postgres/source.ts';
import {
  type EngineName,
  moveDeadLettersBack,
  type QueueRow,
  readDeadLetters,
  readEngines,
} from './postgres/store.ts';
import { createPublisher } from './publish.ts';
import { startRelay } from './relay/relay.ts';
import { type BusRoute, createRouting } from './routes.ts';

/** A relay that stops waits no longer for confirmations: what had none is sent again, and passed over. */
const RELAY_PATIENCE_MS = 1000;

export interface BusOptions {
  /** Where topics go that no route names. `postgres:` means the very database that `database` is. */
  readonly url: string;
  readonly routes?: readonly BusRoute[];
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The CloudEvents `source` of what this process publishes, such as `kopek/telco`. */
  readonly source: string;
  /** False for those who only look: what waits to be sent waits for others. */
  readonly relays?: boolean;
}

/**
 * Opens the bus on the engines that `url` and `routes` name. A broker that is away is waited for: until it is there,
 * what is published waits in the database. Throws `bus_unknown` for a scheme that this version does not speak.
 */
export async function openBus(options: BusOptions): Promise<Bus> {
  const routing = createRouting(options.url, options.routes ?? []);
  const core = await openCore(options);
  const engines = await openEngines(core, routing.urls);
  const carriers = options.relays === false ? [] : [...engines.values()];
  const relays = carriers.map((carrier) => startRelay({ ...core, carrier }));
  const stored = new Map(await readEngines(core.database.pool));
  const queues = new Map<string, QueueRow>();
  const engineOf = (topic: string): EngineName => stored.get(topic) ?? routing.engineOf(topic);
  const publishAll = createPublisher(core, engineOf);

  return {
    capabilities: { engine: engineOf(''), priorities: true, delays: true, ordered: true },
    async declare(groups) {
      const declared: QueueRow[] = [];
      for (const group of groups) {
        const input = { core, engines, wanted: routing.engineOf };
        const row = await declareGroup(input, group);
        queues.set(nameOf(group), row);
        stored.set(row.topic, row.engine);
        declared.push(row);
      }
      await establishGroups(core, engines, declared);
    },
    publish: (tx, topic, messages) =>
      publishAll(tx, [{ topic: topic as Parcel['topic'], messages }]),
    publishAll,
    consume(group, consumeOptions, handler) {
      const queue = queues.get(nameOf(group as Group));
      if (!queue)
        throw new Error(`must hold: ${nameOf(group as Group)} was declared before it is consumed`);
      const asked = { queue, group: group as Group, options: consumeOptions };
      const source = openSource(engines.get(queue.engine), asked);
      const ready = core.sweeper.watch(queue.queue);
      return createConsumer({ ...core, source, queue, options: consumeOptions, handler, ready });
    },
    depths: () => measureDepths(core, engines),
    carriers: () => lookAtCarriers(core, engines),
    async ready() {
      for (const engine of engines.values()) await engine.ready();
    },
    async deadLetters(topic, { group, limit }) {
      const rows = await readDeadLetters(core.database.pool, { topic, group, limit });
      return rows.map((row) => ({
        ...{ group: row.group_name, id: idOf(row), source: sourceOf(row) },
        ...{ at: row.died_at, reason: row.error },
      }));
    },
    async redrive(topic, { group, limit }) {
      const moved = await core.database.transaction((tx) =>
        moveDeadLettersBack(tx, { topic, group, limit, now: core.clock.now() }),
      );
      if (moved > 0) core.wakeUps.announce([topic]);
      return moved;
    },
    async close() {
      const stopping = Promise.all(relays.map((relay) => relay.stop()));
      // Who waits for a broker that stands still hears that it is closed.
      await waitAtMost(stopping, RELAY_PATIENCE_MS);
      await Promise.all([...engines.values()].map((engine) => engine.close()));
      await waitAtMost(stopping, RELAY_PATIENCE_MS);
      await closeCore(core);
    },
  };

  function openSource(engine: Engine | undefined, asked: SourceInput): Source {
    if (engine) return engine.openSource(asked);
    const { priorities } = asked.group.topic;
    return createPostgresSource({ ...core, queue: asked.queue, priorities });
  }
}

function nameOf(group: Pick<Group, 'topic' | 'name'>): string {
  return `${group.topic.name} → ${group.name}`;
}
