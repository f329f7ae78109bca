import { afterCommit, beforeCommit, type Tx } from '#database';
import type { Parcel } from './bus.ts';
import type { BusCore } from './core.ts';
import { toNewMessage } from './outgoing.ts';
import {
  type EngineName,
  insertDelayedMessages,
  insertMessages,
  type NewMessage,
} from './postgres/store.ts';
import { insertOutgoing, relayTopic } from './relay/store.ts';

/**
 * Writes messages into the caller's transaction: rows of the queues, or rows that a relay sends to a broker. What is
 * not due yet waits in the queues themselves, whatever carries their topic.
 */
export function createPublisher(core: BusCore, engineOf: (topic: string) => EngineName) {
  const { clock, source, wakeUps } = core;

  async function insert(tx: Tx, engine: EngineName, publication: Publication): Promise<void> {
    if (engine === 'postgres') await insertMessages(tx, publication);
    else await insertOutgoing(tx, { engine, ...publication });
  }

  const published = new WeakMap<Tx, NewMessage[]>();

  /** Checks them now, and writes them at the end of the transaction: one statement for all that it publishes. */
  return async (tx: Tx, parcels: readonly Parcel[]): Promise<void> => {
    const nowMs = clock.nowMs();
    const messages = parcels.flatMap(({ topic, messages: ofTopic }) =>
      ofTopic.map((message) => toNewMessage(topic, message, nowMs)),
    );
    const before = published.get(tx);
    if (before) {
      before.push(...messages);
    } else if (messages.length > 0) {
      published.set(tx, messages);
      beforeCommit(tx, () => {
        // What is published from now on is written by itself.
        published.delete(tx);
        return insertAll(tx, messages);
      });
    }
  };

  async function insertAll(tx: Tx, messages: readonly NewMessage[]): Promise<void> {
    const shared = { publishedAt: clock.now(), source };
    const fresh = messages.filter((message) => !message.dueAt);
    const delayed = messages.filter((message) => message.dueAt);
    const woken: string[] = [];
    for (const [engine, ofEngine] of Map.groupBy(fresh, ({ topic }) => engineOf(topic))) {
      await insert(tx, engine, { messages: ofEngine, ...shared });
      if (engine !== 'postgres') woken.push(relayTopic(engine));
      else woken.push(...new Set(ofEngine.map((message) => message.topic)));
    }
    await insertDelayedMessages(tx, { messages: delayed, ...shared });
    if (woken.length > 0) afterCommit(tx, () => wakeUps.announce(woken));
  }
}

interface Publication {
  readonly messages: readonly NewMessage[];
  readonly publishedAt: Date;
  readonly source: string;
}
