import { Connection } from 'rabbitmq-client';
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

const GATHER_MS = 5;

/**
 * RabbitMQ by its client alone, with the same durability: a row of the caller's, committed; then persistent messages
 * with confirms into a quorum queue; then rows written in sets, acknowledged after their commit. A message lost between
 * the first two, or handled twice after a crash, is what it does not prevent.
 */
export async function openBareAmqp(url: string, database: Database): Promise<Queue> {
  const connection = new Connection(url);
  const queue = `bench.bare.${process.pid}.${Date.now()}`;
  await createEffects(database);
  await createFacts(database);
  await connection.queueDeclare({
    ...{ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } },
  });
  const publisher = connection.createPublisher({ confirm: true });
  const send = (n: number) =>
    publisher.send(
      { routingKey: queue, durable: true, messageId: `m${n}` },
      { n, text: 'what a message carries, more or less' },
    );
  return {
    publish: (wanted) =>
      inBatches(wanted, async (from) => {
        await database.transaction((tx) => writeFact(tx, from));
        await inFlight({ count: BATCH, concurrency: BATCH }, (at) => send(from + at));
      }),
    publishSingly: (wanted) =>
      inFlight(wanted, async (n) => {
        await database.transaction((tx) => writeFact(tx, n));
        await send(n);
      }),
    consume: (wanted) => consume(connection, queue, { database, wanted }),
    async close() {
      await publisher.close();
      await connection.queueDelete({ queue });
      await connection.close();
    },
  };
}

interface Consuming {
  readonly database: Database;
  readonly wanted: Wanted;
}

async function consume(connection: Connection, queue: string, { database, wanted }: Consuming) {
  const channel = await connection.acquire();
  await channel.basicQos({ prefetchCount: BATCH * wanted.concurrency });
  const client = await database.connect();
  let waiting: { readonly tag: number; readonly load: Load }[] = [];
  await channel.basicConsume({ queue }, (message) => {
    waiting.push({ tag: message.deliveryTag, load: message.body as Load });
  });
  for (let left = wanted.count; left > 0; ) {
    if (waiting.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      continue;
    }
    const batch = waiting.slice(0, BATCH);
    waiting = waiting.slice(BATCH);
    await writeRows(
      client,
      batch.map(({ load }) => load.n),
    );
    channel.basicAck({ deliveryTag: batch.at(-1)?.tag ?? 0, multiple: true });
    left -= batch.length;
  }
  await client.end();
  await channel.close();
}
