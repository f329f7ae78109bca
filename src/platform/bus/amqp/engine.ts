import { Type } from 'typebox';
import { BrokerSupply } from '#bus/broker-supply';
import type { BusCore } from '#bus/core';
import type { Engine, SourceInput } from '#bus/engine';
import { createFaultFinder } from '#bus/incoming';
import { createLanes } from '#bus/lanes';
import type { QueueRow } from '#bus/store';
import type { Source } from '#bus/supply';
import { defineTopic } from '#bus/topic';
import { type AmqpClient, createAmqpClient } from './client.ts';
import { AmqpFeed } from './feed.ts';
import { createJanitor } from './janitor.ts';
import { placesOf } from './layout.ts';
import { createSender } from './sender.ts';
import { createTopology } from './topology.ts';

/** Sent ahead by the broker, for each of its queues: twice what is handled at once, within these bounds. */
const PREFETCH_LEAST = 50;
const PREFETCH_MOST = 2000;
const BATCH_SIZE = 200;
const DRAIN_PREFETCH = 500;

/** RabbitMQ: `amqp://user:password@host:port/vhost`. */
export function openAmqpEngine(core: BusCore, url: string): Engine {
  const client = createAmqpClient(url, core.source, core.log);
  const topology = createTopology(client);
  const sender = createSender(client, topology, core.origin);
  const { doubt } = topology;
  const feeds = new Map<number, Set<AmqpFeed>>();

  const routeOf = (queue: QueueRow) => ({
    ...{ topic: queue.topic, ordered: queue.ordered, priorities: queue.priorities },
    groups: [{ queue: queue.queue, name: queue.group_name }],
  });

  function feedsOf(queue: QueueRow): Set<AmqpFeed> {
    const ofQueue = feeds.get(queue.queue) ?? new Set<AmqpFeed>();
    feeds.set(queue.queue, ofQueue);
    return ofQueue;
  }

  function openSource({ queue, group, options }: SourceInput): Source {
    const { batchSize = BATCH_SIZE, concurrency = 1 } = options;
    const wanted = 2 * batchSize * (queue.ordered ? 1 : concurrency);
    const prefetch = Math.min(PREFETCH_MOST, Math.max(PREFETCH_LEAST, wanted));
    const establish = () => topology.establish([routeOf(queue)]);
    const shared = { core, client, queue, topic: group.topic, prefetch, establish, doubt };
    const faultOf = createFaultFinder(group.topic);
    const ofQueue = feedsOf(queue);
    const plain = queue.ordered ? undefined : new AmqpFeed(shared, undefined);
    if (plain) ofQueue.add(plain);
    const janitor = createJanitor({
      core,
      queue,
      idle: () => [...ofQueue].every((feed) => feed.idle),
      isEmpty: async () => (await countAll(client, queue)) === 0,
    });
    return {
      open(owner) {
        const lanes = queue.ordered ? createLanes(core.database, queue, owner) : undefined;
        const feed = plain ?? new AmqpFeed(shared, lanes);
        ofQueue.add(feed);
        const stir = () => core.wakeUps.stir(queue.topic);
        return new BrokerSupply({
          ...{ database: core.database, clock: core.clock, log: core.log, sweeper: core.sweeper },
          ...{ queue, priorities: group.topic.priorities, owner, stir, feed, lanes, faultOf },
        });
      },
      async close() {
        janitor.close();
        await plain?.close();
        feeds.delete(queue.queue);
      },
    };
  }

  return {
    engine: 'amqp',
    ready: client.ready,
    establish: topology.establish,
    send: sender.send,
    openSource,
    async depths(queues) {
      const found = new Map<number, number>();
      for (const queue of queues) {
        const held = [...(feeds.get(queue.queue) ?? [])].map((feed) => feed.outstanding());
        const inHand = held.reduce((sum, one) => sum + one, 0);
        found.set(queue.queue, inHand + (await countAll(client, queue)));
      }
      return found;
    },
    openFeed(queue) {
      const topic = defineTopic<unknown>(queue.topic, { schema: Type.Unknown(), description: '' });
      const establish = () => topology.establish([routeOf(queue)]);
      const feed = new AmqpFeed(
        { core, client, queue, topic, prefetch: DRAIN_PREFETCH, establish, doubt },
        undefined,
      );
      feedsOf(queue).add(feed);
      return feed;
    },
    async close() {
      await sender.close();
      await client.close();
    },
  };
}

async function countAll(client: AmqpClient, queue: QueueRow): Promise<number> {
  let count = 0;
  for (const { name } of placesOf(queue, queue.group_name)) count += await countReady(client, name);
  return count;
}

/** A channel of its own: one that asks for a queue that is not there is closed. */
async function countReady(client: AmqpClient, queue: string): Promise<number> {
  const channel = await client.channel();
  try {
    return (await channel.queueDeclare({ queue, passive: true })).messageCount;
  } catch (error) {
    if ((error as { code?: string }).code === 'NOT_FOUND') return 0;
    throw error;
  } finally {
    await channel.close();
  }
}
