import { toEnvelope } from './amqp/envelope.ts';
import { placesOf, routingKeyOf } from './amqp/layout.ts';
import { REPLICAS_MAX, topicSettings } from './kafka/cluster.ts';
import { toHeaders } from './kafka/envelope.ts';
import { groupOf, topicOf } from './kafka/layout.ts';
import { LANES } from './key-hash.ts';
import type { Departure } from './relay/carrier.ts';
import type { Topic } from './topic.ts';

/** What other systems meet on a broker where it carries a topic: for references, and for tests with other clients. */
export interface Wire {
  readonly amqp: AmqpWire;
  readonly kafka: KafkaWire;
}

export interface AmqpWire {
  readonly exchange: string;
  /** What Kopek sends with: of a topic with priorities one for each, the first to be taken first. */
  readonly routingKeys: readonly string[];
  /** Of each group: one, or one for each priority or lane. */
  readonly queues: readonly AmqpQueue[];
  /** The names of all headers that a message has. */
  readonly headers: readonly string[];
}

export interface AmqpQueue {
  readonly name: string;
  readonly group: string;
  readonly routingKey: string;
  readonly boundBy: readonly string[];
}

export interface KafkaWire {
  /** One, or one for each priority, the first to be taken first. */
  readonly topics: readonly string[];
  /** As the cluster's own tools show them, in the order of the groups that were asked about. */
  readonly groups: readonly string[];
  /** What topics are made with. */
  readonly partitions: number;
  readonly replicas: number;
  readonly settings: Readonly<Record<string, number | string>>;
  readonly headers: readonly string[];
}

/** Looks at no broker: it is what Kopek makes and writes there. */
export function wireOf(topic: Topic<unknown>, groups: readonly string[]): Wire {
  const shape = { topic: topic.name, ordered: topic.ordered, priorities: topic.priorities };
  const slots = Array.from({ length: topic.ordered ? LANES : topic.priorities }, (_, slot) => slot);
  const classes = Array.from({ length: topic.priorities }, (_, slot) => slot);
  const sample = sampleOf(topic);
  return {
    amqp: {
      exchange: topic.name,
      routingKeys: slots.map((slot) => routingKeyOf(shape, slot)),
      queues: groups.flatMap((group) =>
        placesOf(shape, group).map(({ boundBy, name, routingKey }) => ({
          ...{ name, group, routingKey, boundBy },
        })),
      ),
      headers: Object.keys(toEnvelope(sample, '', '').headers ?? {}),
    },
    kafka: {
      topics: classes.map((slot) => topicOf(shape, slot)),
      groups: groups.map((group) => groupOf({ topic: topic.name, group_name: group })),
      ...{ partitions: LANES, replicas: REPLICAS_MAX, settings: topicSettings(REPLICAS_MAX) },
      headers: Object.keys(toHeaders(sample, '')),
    },
  };
}

/** With everything that a message can have. */
function sampleOf({ name }: Topic<unknown>): Departure {
  return {
    ...{ lane: 0, id: 0n, sequence: 0n, class: 0, bytes: 0, topic: name, payload: '' },
    ...{ message_id: '', key: '', source: '', traceparent: '' },
    published_at: '2000-01-01T00:00:00Z',
  };
}
