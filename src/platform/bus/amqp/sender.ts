import { setImmediate } from 'node:timers/promises';
import type { Departure, Failure } from '#bus/carrier';
import { waitAtMost } from '#bus/patience';
import { AppError, messageOf } from '#errors';
import { type AmqpClient, type Channel, inOnePiece } from './client.ts';
import { openConfirming } from './confirming-channel.ts';
import { toEnvelope } from './envelope.ts';
import { routingKeyOf } from './layout.ts';
import type { Topology } from './topology.ts';

export interface Sender {
  send(departures: readonly Departure[]): Promise<readonly Failure[]>;
  close(): Promise<void>;
}

/** Few enough that the broker begins while the rest is still being written. */
const PIECE = 100;
const NONE: readonly Failure[] = [];
/** A broker that has lost its majority says nothing: then nobody knows what became of a message. */
const CONFIRM_TIMEOUT_MS = 20_000;

/** Sends with publisher confirms; what no queue took comes back, and counts as not sent. */
export function createSender(client: AmqpClient, topology: Topology, origin: string): Sender {
  const { opened, returned, close } = openConfirming(client, topology);

  /** Answers why the broker has refused it, or undefined. Whether a queue took it, `returnedOf` tells a moment later. */
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
    return undefined;
  }

  /** The client tells of a returned message a moment after it has told that the broker confirmed it. */
  function returnedOf(departure: Departure): string | undefined {
    const reply = returned.get(departure.message_id);
    if (reply === undefined) return undefined;
    returned.delete(departure.message_id);
    topology.doubt();
    return `no queue takes it (${reply})`;
  }

  /** One after the other: a message is sent when the one before it of its key is stored. */
  async function sendChain(on: Channel, chain: readonly Departure[]): Promise<readonly Failure[]> {
    for (const [at, departure] of chain.entries()) {
      let reason = await publish(on, departure);
      if (reason === undefined && at < chain.length - 1) {
        await setImmediate();
        reason = returnedOf(departure);
      }
      if (reason !== undefined) return chain.slice(at).map((one) => ({ departure: one, reason }));
    }
    return NONE;
  }

  async function sendAll(on: Channel, departures: readonly Departure[]): Promise<Failure[]> {
    // As they were published, although they come from several lanes.
    const inOrder = departures.toSorted((left, right) => (left.id < right.id ? -1 : 1));
    const chains = [...Map.groupBy(inOrder, ({ key, topic }) => `${topic}\n${key}`).values()];
    const sending: Promise<readonly Failure[]>[] = [];
    for (let at = 0; at < chains.length; at += PIECE) {
      const piece = chains.slice(at, at + PIECE);
      sending.push(...inOnePiece(on, () => piece.map((chain) => sendChain(on, chain))));
    }
    const refused = (await Promise.all(sending)).flat();
    await setImmediate();
    // Nothing came back: the usual case, and then there is nothing to look for.
    if (returned.size === 0) return refused;
    const missed = chains.flatMap((chain) => {
      const last = chain.at(-1);
      const reason = last && returnedOf(last);
      return last && reason !== undefined ? [{ departure: last, reason }] : [];
    });
    return [...refused, ...missed];
  }

  return {
    async send(departures) {
      const on = await opened();
      try {
        const sending = sendAll(on, departures);
        if (await waitAtMost(sending, CONFIRM_TIMEOUT_MS)) return await sending;
        throw new Error(`no confirmation in ${CONFIRM_TIMEOUT_MS} ms`);
      } catch (error) {
        // Nobody knows what was stored: all of it is sent again, and the inbox knows.
        void on.close();
        throw new AppError('unavailable', 'broker_away', `RabbitMQ: ${messageOf(error)}`, {
          cause: error,
        });
      }
    },
    close,
  };
}
