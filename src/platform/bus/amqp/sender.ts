import { setImmediate } from 'node:timers/promises';
import type { ReturnedMessage } from 'rabbitmq-client';
import type { Departure, Failure } from '#bus/carrier';
import { waitAtMost } from '#bus/patience';
import { AppError, messageOf } from '#errors';
import type { AmqpClient, Channel } from './client.ts';
import { toEnvelope } from './envelope.ts';
import { routingKeyOf } from './layout.ts';
import type { Topology } from './topology.ts';

export interface Sender {
  send(departures: readonly Departure[]): Promise<readonly Failure[]>;
  close(): Promise<void>;
}

/** A broker that has lost its majority says nothing: then nobody knows what became of a message. */
const CONFIRM_TIMEOUT_MS = 20_000;
const CLOSE_PATIENCE_MS = 500;

/** Sends with publisher confirms; what no queue took comes back, and counts as not sent. */
export function createSender(client: AmqpClient, topology: Topology, origin: string): Sender {
  const returned = new Map<string, string>();
  let channel: Promise<Channel> | undefined;

  function opened(): Promise<Channel> {
    channel ??= open().catch((error) => {
      channel = undefined;
      throw error;
    });
    return channel;
  }

  async function open(): Promise<Channel> {
    const fresh = await client.channel();
    fresh.once('close', () => {
      channel = undefined;
      // It may have closed because a queue that we relied on is gone.
      topology.doubt();
    });
    fresh.on('basic.return', ({ messageId, replyText }: ReturnedMessage) => {
      if (messageId) returned.set(messageId, replyText);
    });
    await fresh.confirmSelect();
    return fresh;
  }

  /** Answers why the broker has not stored it, or undefined. */
  async function publish(on: Channel, departure: Departure): Promise<string | undefined> {
    const route = topology.routeOf(departure.topic);
    if (!route) return 'its topic has no groups';
    const slot = route.ordered ? departure.lane : departure.class;
    const envelope = toEnvelope(departure, routingKeyOf(route, slot), origin);
    returned.delete(departure.message_id);
    try {
      await on.basicPublish(envelope, Buffer.from(departure.payload));
    } catch (error) {
      if ((error as { code?: string }).code !== 'NACK') throw error;
      return messageOf(error);
    }
    // The client tells of a returned message a moment after it has told that the broker confirmed it.
    await setImmediate();
    const reply = returned.get(departure.message_id);
    if (reply === undefined) return undefined;
    returned.delete(departure.message_id);
    topology.doubt();
    return `no queue takes it (${reply})`;
  }

  /** One after the other: a message is sent when the one before it of its key is stored. */
  async function sendChain(on: Channel, chain: readonly Departure[]): Promise<Failure[]> {
    for (const [at, departure] of chain.entries()) {
      const reason = await publish(on, departure);
      if (reason !== undefined) return chain.slice(at).map((one) => ({ departure: one, reason }));
    }
    return [];
  }

  return {
    async send(departures) {
      const on = await opened();
      // As they were published, although they come from several lanes.
      const inOrder = departures.toSorted((left, right) => (left.id < right.id ? -1 : 1));
      const chains = Map.groupBy(inOrder, ({ key, topic }) => `${topic}\n${key}`);
      const sending = Promise.all([...chains.values()].map((chain) => sendChain(on, chain)));
      try {
        return (await within(sending, CONFIRM_TIMEOUT_MS)).flat();
      } catch (error) {
        // Nobody knows what was stored: all of it is sent again, and the inbox knows.
        void on.close();
        throw new AppError('unavailable', 'broker_away', `RabbitMQ: ${messageOf(error)}`, {
          cause: error,
        });
      }
    },
    async close() {
      const closing = channel?.then((open) => open.close());
      if (closing) await waitAtMost(closing, CLOSE_PATIENCE_MS);
    },
  };
}

async function within<Result>(work: Promise<Result>, limitMs: number): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no confirmation in ${limitMs} ms`)),
    limitMs,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
