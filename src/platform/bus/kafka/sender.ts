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

/**
 * Of one partition in one request. A topic that others made may have a batch of 1 MiB for its limit, and fewer
 * partitions than we have lanes.
 */
const BATCH_BYTES_MAX = 786_432;
/** Of a record beside its payload: key and headers. */
const HEAD_BYTES = 600;

/** Sends with `acks=all`: requests for each topic, one after the other, whose records of one partition are stored whole or not at all. */
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
      for (const departing of inRequests(inOrder, partitions)) {
        const messages = departing.map((departure): Record => {
          const { key, payload: value } = departure;
          const partition = partitionOf(departure, partitions);
          return { topic, partition, key, value, headers: toHeaders(departure, core.origin) };
        });
        await client.answered(parts, parts.producer.send({ messages }));
      }
      return [];
    } catch (error) {
      if (error instanceof AppError && error.kind === 'unavailable') throw error;
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

const partitionOf = ({ key }: Departure, partitions: number) => keyHash(key) % partitions;

/** In their order within each partition. */
function inRequests(departures: readonly Departure[], partitions: number): Departure[][] {
  const requests: Departure[][] = [];
  const filled = new Map<number, { at: number; bytes: number }>();
  for (const departure of departures) {
    const partition = partitionOf(departure, partitions);
    const place = filled.get(partition) ?? { at: 0, bytes: 0 };
    filled.set(partition, place);
    const bytes = departure.bytes + HEAD_BYTES;
    if (place.bytes > 0 && place.bytes + bytes > BATCH_BYTES_MAX) {
      place.at += 1;
      place.bytes = 0;
    }
    place.bytes += bytes;
    const request = requests[place.at] ?? [];
    request.push(departure);
    requests[place.at] = request;
  }
  return requests;
}

function byNumber(left: Departure, right: Departure): number {
  if (left.lane !== right.lane) return left.lane - right.lane;
  return left.sequence < right.sequence ? -1 : 1;
}
