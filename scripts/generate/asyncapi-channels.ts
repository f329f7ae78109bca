import { type Wire, wireOf } from '#bus';
import { bareName, type TopicEntry } from './topic-list.ts';

type Json = Readonly<Record<string, unknown>>;

/** A topic as it stands in the document: where it is on each broker, and who listens. */
export interface Listed extends TopicEntry {
  readonly id: string;
  readonly groups: readonly string[];
  readonly wire: Wire;
}

export function listTopic(entry: TopicEntry, groups: readonly string[]): Listed {
  return { ...entry, id: bareName(entry.topic.name), groups, wire: wireOf(entry.topic, groups) };
}

/** By protocol, the ids of the servers. */
export const SERVERS = {
  amqp: ['rabbitmq', 'rabbitmq-tls'],
  kafka: ['kafka', 'kafka-tls'],
} as const;
type Protocol = keyof typeof SERVERS;

const AMQP_BINDING = { bindingVersion: '0.3.0' } as const;
const KAFKA_BINDING = { bindingVersion: '0.5.0' } as const;
/** What every queue is: quorum queues, durable, shared by all processes of a group. */
const QUEUE = { durable: true, exclusive: false, autoDelete: false } as const;

/** A place on one broker or on both, with all that belongs to it there. */
interface Stand {
  readonly id: string;
  readonly address: string;
  readonly protocols: readonly Protocol[];
  readonly note: string;
  readonly bindings: Json;
}

/** Where messages of the topic are sent to: a topic with priorities has one exchange and several Kafka topics. */
function standsOf({ id, topic, wire }: Listed): readonly Stand[] {
  const { amqp, kafka } = wire;
  const keys = amqp.routingKeys.map((key) => `\`${key}\``).join(', ');
  const exchange = {
    is: 'routingKey',
    exchange: { name: amqp.exchange, type: 'direct', durable: true, autoDelete: false },
    'x-routing-keys': amqp.routingKeys,
    ...AMQP_BINDING,
  };
  const { cleanup, partitions, replicas, settings } = { ...kafka, cleanup: ['delete'] };
  const log = {
    ...{ partitions, replicas },
    topicConfiguration: { 'cleanup.policy': cleanup, ...settings },
    ...KAFKA_BINDING,
  };
  const ofExchange = { id, address: topic.name, protocols: ['amqp'] } as const;
  if (topic.priorities === 1) {
    const key = topic.ordered
      ? "with its key's lane as routing key"
      : `with the routing key ${keys}`;
    const note = `On RabbitMQ the exchange of this name, ${key}; on Kafka the topic of this name.`;
    const bindings = { amqp: exchange, kafka: log };
    return [{ ...ofExchange, protocols: ['amqp', 'kafka'], note, bindings }];
  }
  const note = `On RabbitMQ the exchange of this name, with the routing key ${keys}: the first is taken first.`;
  const ofLogs = kafka.topics.map((address, at): Stand => {
    const rank = at === 0 ? 'is taken first' : `comes after \`${kafka.topics[at - 1]}\``;
    const text = `On Kafka the topic of one priority, which ${rank}.`;
    return {
      id: bareName(address),
      address,
      protocols: ['kafka'],
      note: text,
      bindings: { kafka: log },
    };
  });
  return [{ ...ofExchange, note, bindings: { amqp: exchange } }, ...ofLogs];
}

/** Channels to send to, and of RabbitMQ the queues to receive from. */
export function channelsOf(listed: Listed): Json {
  const { aliases = [], topic, wire } = listed;
  const older = aliases.map((alias) => `\`${alias}\``).join(', ');
  const known = older === '' ? '' : ` Known as ${older} to older systems.`;
  const channels = standsOf(listed).map(({ bindings, note, protocols, ...stand }) => [
    stand.id,
    {
      ...{ address: stand.address, title: topic.name },
      description: `${topic.description} ${note}${known}`,
      ...placed(listed, protocols),
      bindings,
    },
  ]);
  const queues = wire.amqp.queues.map(({ boundBy, group, name }) => [
    bareName(name),
    {
      ...{ address: name, title: `${topic.name} for ${group}` },
      description: `The queue of the group \`${group}\` on RabbitMQ, a quorum queue. Only Kopek takes from it.`,
      ...placed(listed, ['amqp']),
      bindings: {
        amqp: {
          ...{ is: 'queue', queue: { name, ...QUEUE } },
          ...{ 'x-exchange': wire.amqp.exchange, 'x-bound-by': boundBy, 'x-queue-type': 'quorum' },
          // One lane has one reader at a time.
          ...(topic.ordered ? { 'x-single-active-consumer': true } : {}),
          ...AMQP_BINDING,
        },
      },
    },
  ]);
  return Object.fromEntries([...channels, ...queues]);
}

function placed({ id, topic }: Listed, protocols: readonly Protocol[]): Json {
  const parameters = [...topic.name.matchAll(/{(\w+)}/g)].map(([, name = '']) => [
    name,
    { $ref: `#/components/parameters/${name}` },
  ]);
  // A channel that names none is on all servers.
  const servers = protocols.flatMap((protocol) => SERVERS[protocol]).map(ref('servers'));
  return {
    ...(protocols.length > 1 ? {} : { servers }),
    ...(parameters.length > 0 ? { parameters: Object.fromEntries(parameters) } : {}),
    messages: { [id]: { $ref: `#/components/messages/${id}` } },
  };
}

/** What Kopek sends, and what each of its groups receives. */
export function operationsOf(listed: Listed): Json {
  const { from, groups, id, topic } = listed;
  const sends = standsOf(listed).map((stand) => [
    `send_${stand.id}`,
    {
      ...{ action: 'send', channel: ref('channels')(stand.id), title: `Send ${stand.address}` },
      ...{ summary: topic.description, description: `Sent by ${from}.` },
      bindings: sendBindings(stand.protocols),
      messages: messagesAt(stand.id, id),
    },
  ]);
  const receives = groups.flatMap((group, at) =>
    standsOf(listed).map((stand) => [
      `receive_${stand.id}_${group}`,
      {
        ...{ action: 'receive', channel: ref('channels')(stand.id) },
        title: `Receive ${stand.address} as ${group}`,
        description: howReceived(listed, stand, group),
        bindings: receiveBindings(stand.protocols, listed.wire.kafka.groups[at] ?? ''),
        messages: messagesAt(stand.id, id),
      },
    ]),
  );
  return Object.fromEntries([...sends, ...receives]);
}

function howReceived({ wire }: Listed, { protocols }: Stand, group: string): string {
  const queues = wire.amqp.queues.filter((queue) => queue.group === group);
  const names = queues.map(({ name }) => `\`${name}\``).join(', ');
  const rabbit = `On RabbitMQ from ${queues.length === 1 ? 'the queue' : 'the queues'} ${names}.`;
  return [
    `The group \`${group}\` gets each message once in effect.`,
    ...(protocols.includes('amqp') ? [rabbit] : []),
    ...(protocols.includes('kafka')
      ? ["On Kafka its true offsets are in Kopek's database; the consumer group is a copy."]
      : []),
  ].join(' ');
}

function sendBindings(protocols: readonly Protocol[]): Json {
  const amqp = { deliveryMode: 2, mandatory: true, timestamp: true, ...AMQP_BINDING };
  // Kafka has nothing to say of a sending.
  return protocols.includes('amqp') ? { amqp } : { kafka: KAFKA_BINDING };
}

function receiveBindings(protocols: readonly Protocol[], group: string): Json {
  return {
    ...(protocols.includes('amqp') ? { amqp: { ack: true, ...AMQP_BINDING } } : {}),
    ...(protocols.includes('kafka')
      ? { kafka: { groupId: { type: 'string', const: group }, ...KAFKA_BINDING } }
      : {}),
  };
}

function messagesAt(channel: string, message: string): readonly Json[] {
  return [{ $ref: `#/channels/${channel}/messages/${message}` }];
}

export function ref(place: string): (id: string) => Json {
  return (id) => ({ $ref: `#/${place}/${id}` });
}

/** The message of a topic; its payload's schema stands under the same id. */
export function messageOf({ id, key, topic }: Listed): Json {
  return {
    ...{ name: topic.name, title: topic.name, summary: topic.description },
    contentType: 'application/json',
    headers: { $ref: '#/components/schemas/headers' },
    payload: { $ref: `#/components/schemas/${id}` },
    bindings: {
      amqp: { contentEncoding: 'utf-8', messageType: topic.name, ...AMQP_BINDING },
      kafka: { key: { type: 'string', description: `The key: ${key}.` }, ...KAFKA_BINDING },
    },
  };
}
