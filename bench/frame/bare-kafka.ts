import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import type { Database } from '#database';
import {
  BATCH,
  createEffects,
  createFacts,
  inBatches,
  inFlight,
  type Load,
  type Queue,
  type Wanted,
  writeFact,
} from './queue.ts';
import { writeRows } from './rows.ts';

const PARTITIONS = 16;
const LEADERS_MS = 1000;

/**
 * Kafka by its client alone, with the same durability: a row of the caller's, committed; then `acks=all` from an
 * idempotent producer; then rows written in sets, whose offsets are committed after their commit.
 */
export async function openBareKafka(url: string, database: Database): Promise<Queue> {
  const shared = { clientId: 'bench', bootstrapBrokers: [new URL(url).host] };
  const topic = `bench.bare.${process.pid}.${Date.now()}`;
  const admin = new Admin(shared);
  await createEffects(database);
  await createFacts(database);
  await admin.createTopics({ topics: [topic], partitions: PARTITIONS, replicas: 1 });
  // Leaders that were chosen a moment ago may not know it yet.
  await new Promise((resolve) => setTimeout(resolve, LEADERS_MS));
  const producer = new Producer<string, string, string, string>({
    ...{ ...shared, idempotent: true, serializers: stringSerializers },
  });
  const send = (from: number, count: number) =>
    producer.send({
      messages: Array.from({ length: count }, (_, at) => ({
        ...{ topic, key: `k${from + at}` },
        value: JSON.stringify({ n: from + at, text: 'what a message carries, more or less' }),
      })),
    });
  return {
    publish: (wanted) =>
      inBatches(wanted, async (from) => {
        await database.transaction((tx) => writeFact(tx, from));
        await send(from, BATCH);
      }),
    publishSingly: (wanted) =>
      inFlight(wanted, async (n) => {
        await database.transaction((tx) => writeFact(tx, n));
        await send(n, 1);
      }),
    consume: (wanted) => consume({ shared, topic, database, wanted }),
    async close() {
      await producer.close();
      await admin.deleteTopics({ topics: [topic] });
      await admin.close();
    },
  };
}

interface Consuming {
  readonly shared: { readonly clientId: string; readonly bootstrapBrokers: string[] };
  readonly topic: string;
  readonly database: Database;
  readonly wanted: Wanted;
}

async function consume({ database, shared, topic, wanted }: Consuming): Promise<void> {
  const consumer = new Consumer<string, string, string, string>({
    ...{ ...shared, groupId: topic, deserializers: stringDeserializers, autocommit: false },
  });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST });
  const client = await database.connect();
  let batch: { load: Load; partition: number; offset: bigint; epoch: number }[] = [];
  let left = wanted.count;
  const flush = async () => {
    await writeRows(
      client,
      batch.map(({ load }) => load.n),
    );
    const last = new Map(batch.map((one) => [one.partition, one]));
    await consumer.commit({
      offsets: [...last.values()].map(({ epoch, offset, partition }) => ({
        ...{ topic, partition, offset: offset + 1n, leaderEpoch: epoch },
      })),
    });
    left -= batch.length;
    batch = [];
  };
  for await (const { offset, partition, value } of stream) {
    batch.push({ load: JSON.parse(value) as Load, partition, offset, epoch: -1 });
    if (batch.length >= Math.min(BATCH, left)) await flush();
    if (left <= 0) break;
  }
  await stream.close();
  await consumer.close(true);
  await client.end();
}
