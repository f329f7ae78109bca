import type { MessageToProduce } from '@platformatic/kafka';
import type { Departure, Failure, Route } from '#bus/carrier';
import type { BusCore } from '#bus/core';
import { keyHash } from '#bus/key-hash';
import { AppError } from '#errors';
import { isAway, type KafkaClient, type KafkaParts, reasonOf } from './client.ts';
import { toHeaders } from './envelope.ts';
import { topicOf } from './layout.ts';
import type { Topics } from './topics.ts';

type Record = MessageToProduce<string, string, string, string>;

/** Sends with `acks=all`: one request for each topic, whose records of one partition are stored whole or not at all. */
export function createSender(core: BusCore, client: KafkaClient, topics: Topics) {
  const routes = new Map<string, Route>();

  return {
    async establish(asked: readonly Route[]): Promise<void> {
      for (const route of asked) routes.set(route.topic, route);
      await topics.establish(asked);
    },
    async send(departures: readonly Departure[]): Promise<readonly Failure[]> {
      const parts = await client.parts();
      const byTopic = Map.groupBy(departures, (departure) => nameOf(routes, departure));
      const sent = await Promise.all(
        [...byTopic].map(([topic, ofTopic]) => sendTo(parts, topic, ofTopic)),
      );
      return sent.flat();
    },
  };

  async function sendTo(
    parts: KafkaParts,
    topic: string,
    departures: readonly Departure[],
  ): Promise<Failure[]> {
    try {
      const partitions = await topics.partitionsOf(topic);
      // In the order of their numbers: within a partition that is what consumers rely on.
      const inOrder = departures.toSorted(byNumber);
      const messages = inOrder.map((departure): Record => {
        const { key, payload: value } = departure;
        const partition = keyHash(key) % partitions;
        return { topic, partition, key, value, headers: toHeaders(departure, core.origin) };
      });
      await parts.producer.send({ messages });
      return [];
    } catch (error) {
      if (isAway(parts.kafka, error)) {
        // Nobody knows what was stored: all of it is sent again, under the same numbers.
        const why = `Kafka can't be reached: ${reasonOf(error)}`;
        throw new AppError('unavailable', 'broker_away', why, { cause: error });
      }
      topics.forget(topic);
      return departures.map((departure) => ({ departure, reason: reasonOf(error) }));
    }
  }
}

function nameOf(routes: ReadonlyMap<string, Route>, { class: slot, topic }: Departure): string {
  const route = routes.get(topic);
  return route ? topicOf(route, slot) : topic;
}

function byNumber(left: Departure, right: Departure): number {
  if (left.lane !== right.lane) return left.lane - right.lane;
  return left.sequence < right.sequence ? -1 : 1;
}
