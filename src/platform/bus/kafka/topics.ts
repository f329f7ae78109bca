import type { Route } from '#bus/carrier';
import type { BusCore } from '#bus/core';
import { isTransient } from '#database';
import { AppError } from '#errors';
import { isAway, type KafkaClient, reasonOf } from './client.ts';
import { ensureTopic, withLeaders } from './cluster.ts';
import { topicOf, topicsOf } from './layout.ts';
import { beginAnew, beginAt, type Position, readOffsets } from './store.ts';

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

const LATEST = -1n;
const EARLIEST = -2n;

export function createTopics(core: BusCore, client: KafkaClient): Topics {
  const partitions = new Map<string, number>();
  const begun = new Set<number>();
  const made = new Set<string>();

  async function ensure(topic: string): Promise<number> {
    const known = partitions.get(topic);
    if (known !== undefined) return known;
    const parts = await client.parts();
    const found = await client.answered(parts, ensureTopic(parts, topic));
    partitions.set(topic, found.partitions);
    if (found.isNew) made.add(topic);
    return found.partitions;
  }

  async function list(topics: readonly string[], timestamp: bigint) {
    const parts = await client.parts();
    const asked = await Promise.all(
      topics.map(async (name) => ({
        name,
        partitions: Array.from({ length: await ensure(name) }, (_, partitionIndex) => ({
          ...{ partitionIndex, timestamp },
        })),
      })),
    );
    const found = await withLeaders(parts, () =>
      client.answered(parts, parts.admin.listOffsets({ topics: asked, isolationLevel: 1 })),
    );
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
    // Somebody had deleted it.
    const anew: Position[] = [];
    const ends = await list(names, LATEST);
    for (const slot of names.keys()) {
      for (const [partition, offset] of ends.get(topicOf(route, slot)) ?? []) {
        const known = rows.some((row) => row.class === slot && row.partition === partition);
        // A topic that we made, or a partition that somebody added since, is read from its beginning.
        const isNew = made.has(topicOf(route, slot));
        const begins = !rows.some((row) => row.class === slot) && !isNew;
        if (!known) missing.push({ class: slot, partition, offset: begins ? offset : 0n });
        else if (isNew) anew.push({ class: slot, partition, offset: 0n });
      }
    }
    if (missing.length > 0) await beginAt(core.database.pool, queue, missing);
    if (anew.length > 0) await beginAnew(core.database.pool, queue, anew);
    begun.add(queue);
  }

  return {
    async establish(routes) {
      try {
        // All at once: making a topic is mostly waiting for its leaders.
        await Promise.all([...new Set(routes.flatMap(topicsOf))].map(ensure));
        for (const route of routes) {
          for (const { queue } of route.groups) if (!begun.has(queue)) await begin(route, queue);
          // A group that comes later hears what comes after it.
          for (const name of topicsOf(route)) made.delete(name);
        }
      } catch (error) {
        throw await notReady(client, error);
      }
    },
    partitionsOf: ensure,
    forget(topic) {
      partitions.delete(topic);
      begun.clear();
    },
    ends: (topics) => list(topics, LATEST),
    async begin(topic, partition) {
      return (await list([topic], EARLIEST)).get(topic)?.get(partition) ?? 0n;
    },
  };
}

async function notReady(client: KafkaClient, error: unknown): Promise<AppError> {
  if (error instanceof AppError && error.code === 'broker_away') return error;
  const { kafka } = await client.parts();
  const code = isAway(kafka, error) || isTransient(error) ? 'broker_away' : 'broker_refuses';
  const why = `Kafka's topics can't be made ready: ${reasonOf(error)}`;
  return new AppError('unavailable', code, why, { cause: error });
}
