import { Type } from 'typebox';
import { BrokerSupply } from '#bus/broker-supply';
import type { BusCore } from '#bus/core';
import type { Engine, SourceInput } from '#bus/engine';
import { createFaultFinder } from '#bus/incoming';
import { createLanes } from '#bus/lanes';
import { waitAtMost } from '#bus/patience';
import type { QueueRow } from '#bus/store';
import type { Source } from '#bus/supply';
import { defineTopic, type Topic } from '#bus/topic';
import { uuidV7 } from '#ids';
import { createKafkaClient } from './client.ts';
import { KafkaFeed } from './feed.ts';
import { topicOf, topicsOf } from './layout.ts';
import { createMirror } from './mirror.ts';
import { createReader } from './reader.ts';
import { createSender } from './sender.ts';
import { readOffsets } from './store.ts';
import { createTopics } from './topics.ts';

const CLOSE_PATIENCE_MS = 500;

/** Kafka: `kafka://host:port,host:port`. */
export function openKafkaEngine(core: BusCore, url: string): Engine {
  const client = createKafkaClient(url, core.source, core.log);
  const topics = createTopics(core, client);
  const sender = createSender(core, client, topics);
  const reader = createReader(client, core.log);

  function openFeed(queue: QueueRow, topic: Topic<unknown>, shared: boolean): KafkaFeed {
    const { topic: name, ordered, priorities } = queue;
    const groups = [{ queue: queue.queue, name: queue.group_name }];
    const lanes = shared ? createLanes(core.database, queue, uuidV7()) : undefined;
    const establish = () => topics.establish([{ topic: name, ordered, priorities, groups }]);
    return new KafkaFeed({ core, reader, topics, queue, topic, lanes, establish });
  }

  function openSource({ group, queue }: SourceInput): Source {
    const feed = openFeed(queue, group.topic, true);
    const faultOf = createFaultFinder(group.topic);
    const mirror = createMirror({ core, client, queue, feed });
    return {
      open: (owner) =>
        new BrokerSupply({
          ...{ database: core.database, clock: core.clock, log: core.log, sweeper: core.sweeper },
          ...{ queue, priorities: group.topic.priorities, owner, feed, lanes: undefined, faultOf },
          stir: () => core.wakeUps.stir(queue.topic),
        }),
      async close() {
        await waitAtMost(mirror.close(), CLOSE_PATIENCE_MS);
        await feed.close();
      },
    };
  }

  async function countBehind(queue: QueueRow): Promise<number> {
    const rows = await readOffsets(core.database.pool, queue.queue);
    if (rows.length === 0) return 0;
    const ends = await topics.ends(topicsOf(queue));
    return rows.reduce((sum, row) => {
      const end = ends.get(topicOf(queue, row.class))?.get(row.partition) ?? row.next_offset;
      return sum + Math.max(0, Number(end - row.next_offset));
    }, 0);
  }

  return {
    engine: 'kafka',
    ready: client.ready,
    establish: sender.establish,
    send: sender.send,
    openSource,
    openFeed(queue) {
      const topic = defineTopic<unknown>(queue.topic, { schema: Type.Unknown(), description: '' });
      return openFeed(queue, topic, false);
    },
    async depths(queues) {
      const found = new Map<number, number>();
      for (const queue of queues) found.set(queue.queue, await countBehind(queue));
      return found;
    },
    async close() {
      // A cluster that stands still answers nothing: the end of the connections ends what is asked of it.
      await waitAtMost(reader.close(), CLOSE_PATIENCE_MS);
      await waitAtMost(client.close(), CLOSE_PATIENCE_MS);
    },
  };
}
