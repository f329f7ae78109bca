import type { Route } from '#bus/carrier';
import type { BusCore } from '#bus/core';
import { LANES } from '#bus/key-hash';
import { AppError } from '#errors';
import { type KafkaClient, type KafkaParts, reasonOf } from './client.ts';
import { topicOf, topicsOf } from './layout.ts';
import { beginAt, type Position, readOffsets } from './store.ts';

/** Topics of the cluster, and where our queues begin to read them. */
export interface Topics {
  /** Makes topics that are not there; a live one is never changed. */
  establish(routes: readonly Route[]): Promise<void>;
  partitionsOf(topic: string): Promise<number>;
  /** Something was wrong with it: it is looked at again. */
  forget(topic: string): void;
  /** By topic, the offsets behind its last records. */
  ends(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<number, bigint>>>;
  /** The first offset that is still there. */
  begin(topic: string, partition: number): Promise<bigint>;
}

const REPLICAS_MAX = 3;
/** A payload may have 1 MiB; key, headers and a batch's head come on top. */
const MESSAGE_BYTES_MAX = 1_310_720;
/** Longer than any standstill that nobody notices: what is not read by then is gone. */
const RETENTION_MS = 30 * 86_400_000;
const LEADERS_PATIENCE_MS = 8000;
const PAUSE_MS = 50;
const LATEST = -1n;
const EARLIEST = -2n;
const TOPIC_ALREADY_EXISTS = 'TOPIC_ALREADY_EXISTS';

export function createTopics(core: BusCore, client: KafkaClient): Topics {
  const partitions = new Map<string, number>();
  const begun = new Set<number>();

  async function lookUp(parts: KafkaParts, topic: string): Promise<number | undefined> {
    try {
      const { topics } = await parts.admin.metadata({ topics: [topic], forceUpdate: true });
      const found = topics.get(topic);
      if (!found || found.partitions.some(({ leader }) => leader < 0)) return undefined;
      return found.partitionsCount || undefined;
    } catch (error) {
      if (/unknown topic/i.test(String(error))) return undefined;
      if (parts.kafka.findErrorBy(error as Error, 'apiId', 'LEADER_NOT_AVAILABLE'))
        return undefined;
      throw error;
    }
  }

  async function create(parts: KafkaParts, topic: string): Promise<void> {
    const { brokers } = await parts.admin.metadata({ topics: [], forceUpdate: true });
    const replicas = Math.min(REPLICAS_MAX, brokers.size);
    const configs = Object.entries({
      'max.message.bytes': String(MESSAGE_BYTES_MAX),
      'retention.ms': String(RETENTION_MS),
      // Of three copies two must have what we take for stored.
      'min.insync.replicas': String(Math.max(1, replicas - 1)),
      // Business time is in `ce_time`: the log's own clock decides what has expired.
      'message.timestamp.type': 'LogAppendTime',
    }).map(([name, value]) => ({ name, value }));
    try {
      await parts.admin.createTopics({ topics: [topic], partitions: LANES, replicas, configs });
    } catch (error) {
      if (!parts.kafka.findErrorBy(error as Error, 'apiId', TOPIC_ALREADY_EXISTS)) throw error;
    }
  }

  async function ensure(topic: string): Promise<number> {
    const known = partitions.get(topic);
    if (known !== undefined) return known;
    const parts = await client.parts();
    let count = await lookUp(parts, topic);
    if (count === undefined) await create(parts, topic);
    const endMs = performance.now() + LEADERS_PATIENCE_MS;
    while (count === undefined) {
      if (performance.now() > endMs) throw new Error(`${topic} was made and has no leaders`);
      await new Promise((done) => setTimeout(done, PAUSE_MS));
      count = await lookUp(parts, topic);
    }
    partitions.set(topic, count);
    return count;
  }

  async function list(topics: readonly string[], timestamp: bigint) {
    const { admin } = await client.parts();
    const asked = await Promise.all(
      topics.map(async (name) => ({
        name,
        partitions: Array.from({ length: await ensure(name) }, (_, partitionIndex) => ({
          ...{ partitionIndex, timestamp },
        })),
      })),
    );
    const found = await admin.listOffsets({ topics: asked, isolationLevel: 1 });
    return new Map(
      found.map(({ name, partitions: of }) => [
        name,
        new Map(of.map(({ offset, partitionIndex }) => [partitionIndex, offset])),
      ]),
    );
  }

  /** A new group hears what comes after it; nobody sends before its rows are there. */
  async function begin(route: Route, queue: number): Promise<void> {
    const names = topicsOf(route);
    const rows = await readOffsets(core.database.pool, queue);
    const missing: Position[] = [];
    const ends = await list(names, LATEST);
    for (const slot of names.keys()) {
      for (const [partition, offset] of ends.get(topicOf(route, slot)) ?? []) {
        const known = rows.some((row) => row.class === slot && row.partition === partition);
        // A partition that somebody added since is read from its beginning.
        const isNew = !rows.some((row) => row.class === slot);
        if (!known) missing.push({ class: slot, partition, offset: isNew ? offset : 0n });
      }
    }
    if (missing.length > 0) await beginAt(core.database.pool, queue, missing);
    begun.add(queue);
  }

  return {
    async establish(routes) {
      try {
        for (const route of routes) {
          await Promise.all(topicsOf(route).map(ensure));
          for (const { queue } of route.groups) if (!begun.has(queue)) await begin(route, queue);
        }
      } catch (error) {
        const why = `Kafka's topics can't be made ready: ${reasonOf(error)}`;
        throw new AppError('unavailable', 'broker_away', why, { cause: error });
      }
    },
    partitionsOf: ensure,
    forget: (topic) => void partitions.delete(topic),
    ends: (topics) => list(topics, LATEST),
    async begin(topic, partition) {
      return (await list([topic], EARLIEST)).get(topic)?.get(partition) ?? 0n;
    },
  };
}
