import type { BrokerUnderTest, ForeignMessage } from '#bus/conformance-broker';
import type { BusUnderTest } from '#bus/conformance-stage';
import { openBus } from '#bus/open-bus';
import type { Topic } from '#bus/topic';
import type { Database } from '#database';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { testBroker } from '#testing';
import { createAmqpClient } from './client.ts';
import { placesOf } from './layout.ts';

/** Where tests find a RabbitMQ; without it they say that they were not run. */
const broker = testBroker('AMQP');
export const AMQP_URL = broker.url;

/** The bus on RabbitMQ, for the conformance suite and the tests of crashes. */
export function amqpUnderTest(database: Database, url: string = AMQP_URL): BusUnderTest {
  return {
    ...{ name: 'amqp:', url, database },
    open: (clock) =>
      openBus({
        ...{ url, database, clock, log: silentLog() },
        ...{ metrics: createMetrics(), source: 'kopek/test' },
      }),
    forget: (topic) => forgetTopic(database, topic),
  };
}

/** The same, and what other systems do with it. */
export function rabbitUnderTest(database: Database): BrokerUnderTest {
  const { hostname, port } = new URL(AMQP_URL);
  return {
    ...amqpUnderTest(database),
    ...{ host: hostname, port: Number(port || 5672), sendForeign },
    restart: broker.restart,
    through(way) {
      const url = new URL(AMQP_URL);
      url.hostname = '127.0.0.1';
      url.port = String(way);
      return url.href;
    },
  };
}

async function sendForeign(topic: string, message: ForeignMessage): Promise<void> {
  const { attributes = {}, body, id } = message;
  const headers = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [`cloudEvents_${name}`, value]),
  );
  const client = createAmqpClient(AMQP_URL, 'erp', silentLog());
  await waitFor(client.ready);
  const channel = await client.channel();
  await channel.confirmSelect();
  await channel.basicPublish(
    {
      ...{ exchange: topic, routingKey: '', headers, contentType: 'application/json' },
      ...(id === undefined ? {} : { messageId: id }),
    },
    Buffer.from(body),
  );
  await channel.close();
  await client.close();
}

async function forgetTopic(database: Database, topic: Topic<unknown>): Promise<void> {
  const client = createAmqpClient(AMQP_URL, 'kopek/test', silentLog());
  const { rows } = await sql<{ topic: string; group_name: string }>`
    select topic, group_name from platform.bus_queue where starts_with(topic, ${topic.name})`.execute(
    database.pool,
  );
  await waitFor(client.ready);
  const channel = await client.channel();
  for (const row of rows) {
    const shape = { topic: row.topic, ordered: topic.ordered, priorities: topic.priorities };
    for (const { name } of placesOf(shape, row.group_name)) await channel.queueDelete(name);
    await channel.exchangeDelete({ exchange: row.topic });
  }
  await channel.close();
  await client.close();
}

async function waitFor(check: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      return await check();
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}
