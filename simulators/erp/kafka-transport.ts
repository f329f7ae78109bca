import {
  Consumer,
  type MessagesStream,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import type { ErpTransport, TopicNames } from './transport.ts';

const clientId = 'erp-simulator';
/** After a kill -9 the next start waits for so long until the group lets it in. */
const sessionTimeoutMs = 10_000;
const pauseMs = 500;

/** As any other system does it: a consumer group of its own, records with the payout's id as their key. */
export function openKafkaTransport(brokers: readonly string[], topics: TopicNames): ErpTransport {
  const shared = { clientId, bootstrapBrokers: [...brokers], retries: 3 };
  const producer = new Producer({ ...shared, serializers: stringSerializers });
  let consumer: StringConsumer | undefined;
  let stream: MessagesStream<string, string, string, string> | undefined;
  let closed = false;

  async function listen(
    take: (messages: readonly unknown[]) => Promise<void>,
    isHere: () => boolean,
  ): Promise<void> {
    consumer = newConsumer(shared, `${topics.newPayout}.erp-simulator`);
    stream = await consumer.consume({
      ...{ topics: [topics.newPayout], autocommit: false },
      ...{ mode: MessagesStreamModes.COMMITTED },
      ...{ fallbackMode: MessagesStreamFallbackModes.EARLIEST },
    });
    for await (const message of stream) {
      while (!isHere() && !closed) await pause();
      if (closed) return;
      await take([parsed(message.value)]);
      await message.commit();
    }
  }

  /** The topic may not be there yet, and a cluster goes away now and then. */
  async function listenAlways(...args: Parameters<typeof listen>): Promise<void> {
    while (!closed) {
      await listen(...args).catch(() => undefined);
      await consumer?.close(true).catch(() => undefined);
      if (!closed) await pause();
    }
  }

  return {
    take(take, isHere) {
      void listenAlways(take, isHere);
    },
    async tell(feed, statuses) {
      await producer.send({
        messages: statuses.map((status) => ({
          ...{ topic: topics[feed], key: status.erp_id, value: JSON.stringify(status) },
        })),
      });
    },
    async close() {
      closed = true;
      await stream?.close().catch(() => undefined);
      await consumer?.close(true).catch(() => undefined);
      await producer.close(true).catch(() => undefined);
    },
  };
}

type StringConsumer = Consumer<string, string, string, string>;

function newConsumer(
  shared: { clientId: string; bootstrapBrokers: string[] },
  groupId: string,
): StringConsumer {
  return new Consumer({
    ...{ ...shared, groupId, deserializers: stringDeserializers },
    ...{ sessionTimeout: sessionTimeoutMs, heartbeatInterval: 1000 },
  });
}

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, pauseMs));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
