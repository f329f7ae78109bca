import { randomUUID } from 'node:crypto';
import { Connection } from 'rabbitmq-client';
import type { ErpTransport, TopicNames } from './transport.ts';

const prefetch = 200;
const confirmTimeoutMs = 10_000;
const awayPauseMs = 200;
/** Messages of an ordered topic come by sixteen routing keys (asyncapi.yaml); what others send has none. */
const routingKeys = [...Array.from({ length: 16 }, (_, lane) => `l${lane}`), ''];

/** As any other system does it: a queue of its own on the exchange, statuses with nothing but an id. */
export function openAmqpTransport(url: string, topics: TopicNames): ErpTransport {
  const queue = `${topics.newPayout}.erp-simulator`;
  const connection = new Connection({ url, connectionName: 'erp-simulator' });
  // A connection that breaks is made anew by itself; what was not confirmed is told again.
  connection.on('error', () => undefined);
  const exchangeOf = (exchange: string) => ({ exchange, type: 'direct' as const, durable: true });
  const publisher = connection.createPublisher({
    ...{ confirm: true, maxAttempts: 1 },
    exchanges: [exchangeOf(topics.ard), exchangeOf(topics.oebs)],
  });
  const returned = new Set<string>();
  publisher.on('basic.return', ({ messageId }) => returned.add(messageId ?? ''));
  return {
    take(take, isHere) {
      const consumer = connection.createConsumer(
        {
          ...{ queue, queueOptions: { durable: true, arguments: { 'x-queue-type': 'quorum' } } },
          ...{ exchanges: [exchangeOf(topics.newPayout)], qos: { prefetchCount: prefetch } },
          queueBindings: routingKeys.map((routingKey) => ({
            ...{ exchange: topics.newPayout, routingKey },
          })),
        },
        async ({ body }) => {
          while (!isHere()) await new Promise((done) => setTimeout(done, awayPauseMs));
          await take([parsed(body)]);
        },
      );
      consumer.on('error', () => undefined);
    },
    async tell(feed, statuses) {
      const sent = statuses.map((status) => {
        const messageId = randomUUID();
        const envelope = {
          ...{ exchange: topics[feed], routingKey: '', durable: true, mandatory: true, messageId },
          contentType: 'application/json',
          headers: { cloudEvents_source: 'erp', cloudEvents_subject: status.erp_id },
        };
        return { messageId, confirmed: publisher.send(envelope, JSON.stringify(status)) };
      });
      const all = Promise.all(sent.map(({ confirmed }) => confirmed));
      await Promise.race([all, timeout()]);
      if (sent.some(({ messageId }) => returned.delete(messageId)))
        throw new Error(`nobody listens to ${topics[feed]}`);
    },
    async close() {
      await Promise.race([connection.close(), timeout()]).catch(() => connection.unsafeDestroy());
    },
  };
}

function timeout(): Promise<never> {
  return new Promise((_done, reject) =>
    setTimeout(() => reject(new Error('RabbitMQ does not answer')), confirmTimeoutMs).unref(),
  );
}

/** The client parses what is marked as JSON, and hands on the rest. */
function parsed(body: unknown): unknown {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return body;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
