import type { BrokerUnderTest, ForeignMessage } from '#bus/conformance-broker';
import type { BusUnderTest } from '#bus/conformance-stage';
import { openBus } from '#bus/open-bus';
import type { Topic } from '#bus/topic';
import { type Database, sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { testBroker } from '#testing';
import { createKafkaClient, readKafkaUrl } from './client.ts';
import { topicsOf } from './layout.ts';

/** Where tests find a Kafka; without it they say that they were not run. */
const broker = testBroker('KAFKA');
export const KAFKA_URL = broker.url;

/** The bus on Kafka, for the conformance suite and the tests of crashes. */
export function kafkaUnderTest(database: Database, url: string = KAFKA_URL): BusUnderTest {
  return {
    ...{ name: 'kafka:', url, database },
    open: (clock) =>
      openBus({
        ...{ url, database, clock, log: silentLog() },
        ...{ metrics: createMetrics(), source: 'kopek/test' },
      }),
    forget: (topic) => forgetTopic(database, topic),
  };
}

/** The same, and what other systems do with it. */
export function clusterUnderTest(database: Database): BrokerUnderTest {
  const [host = '', port = ''] = (readKafkaUrl(KAFKA_URL).brokers[0] ?? '').split(':');
  return {
    ...kafkaUnderTest(database),
    ...{ host, port: Number(port), sendForeign },
    restart: broker.restart,
    // Only the first question goes that way: the cluster tells where its brokers are.
    through: (way) => `kafka://127.0.0.1:${way}`,
  };
}

async function sendForeign(topic: string, message: ForeignMessage): Promise<void> {
  const { attributes = {}, body, id, key } = message;
  const headers = Object.fromEntries(
    Object.entries({ ...attributes, ...(id === undefined ? {} : { id }) }).map(([name, value]) => [
      `ce_${name}`,
      value,
    ]),
  );
  const client = createKafkaClient(KAFKA_URL, 'erp', silentLog());
  const { producer } = await client.parts();
  await producer.send({
    messages: [{ topic, value: body, headers, ...(key === undefined ? {} : { key }) }],
  });
  await client.close();
}

async function forgetTopic(database: Database, topic: Topic<unknown>): Promise<void> {
  const client = createKafkaClient(KAFKA_URL, 'kopek/test', silentLog());
  const { rows } = await sql<{ topic: string }>`
    select distinct topic from platform.bus_queue where starts_with(topic, ${topic.name})`.execute(
    database.pool,
  );
  const { admin } = await client.parts();
  const shape = { ordered: topic.ordered, priorities: topic.priorities };
  const topics = rows.flatMap((row) => topicsOf({ ...shape, topic: row.topic }));
  if (topics.length > 0) await admin.deleteTopics({ topics }).catch(() => {});
  await client.close();
}
