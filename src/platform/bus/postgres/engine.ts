import type { Bus, Group, Parcel } from '#bus/bus';
import type { BusOptions } from '#bus/open-bus';
import { afterCommit, beforeCommit, type Tx } from '#database';
import { createCompany } from './company.ts';
import { createConsumer } from './consumer.ts';
import { createHands } from './hands.ts';
import { type Line, openLine } from './line.ts';
import { LANES, toNewMessage } from './outgoing.ts';
import {
  declareQueue,
  insertDelayedMessages,
  insertMessages,
  moveDeadLettersBack,
  type NewMessage,
  type QueueRow,
  readDepths,
} from './store.ts';
import { createSweeper } from './sweeper.ts';
import { createWakeUps, WAKE_CHANNEL } from './wake.ts';

const ATTEMPTS_MAX = 12;

/** The bus in the same database: `postgres:`. */
export async function openPostgresBus(options: BusOptions): Promise<Bus> {
  const { database, clock, log, source } = options;
  const queues = new Map<string, QueueRow>();
  const wakeUps = createWakeUps((): Line => line, log);
  const line = openLine({ database, log, channel: WAKE_CHANNEL, hear: wakeUps.hear });
  const hands = createHands(line);
  const company = createCompany();
  const sweeper = createSweeper({ database, clock, log });

  const published = new WeakMap<Tx, NewMessage[]>();

  /** Checks them now, and writes them at the end of the transaction: one statement for all that it publishes. */
  async function publishAll(tx: Tx, parcels: readonly Parcel[]): Promise<void> {
    const nowMs = clock.nowMs();
    const messages = parcels.flatMap(({ topic, messages: ofTopic }) =>
      ofTopic.map((message) => toNewMessage(topic, message, nowMs)),
    );
    const before = published.get(tx);
    if (before) {
      before.push(...messages);
    } else if (messages.length > 0) {
      published.set(tx, messages);
      beforeCommit(tx, () => insertAll(tx, messages));
    }
  }

  async function insertAll(tx: Tx, messages: readonly NewMessage[]): Promise<void> {
    const fresh = messages.filter((message) => !message.dueAt);
    const delayed = messages.filter((message) => message.dueAt);
    const shared = { publishedAt: clock.now(), source };
    await insertMessages(tx, { messages: fresh, ...shared });
    await insertDelayedMessages(tx, { messages: delayed, ...shared });
    const topics = [...new Set(fresh.map((message) => message.topic))];
    if (topics.length > 0) afterCommit(tx, () => wakeUps.announce(topics));
  }

  return {
    capabilities: { engine: 'postgres', priorities: true, delays: true, ordered: true },
    async declare(groups) {
      for (const group of groups) {
        const row = await declareQueue(database.pool, {
          topic: group.topic.name,
          group_name: group.name,
          ordered: group.topic.ordered,
          lanes: LANES,
          attempts_max: group.attemptsMax ?? ATTEMPTS_MAX,
        });
        queues.set(nameOf(group), row);
      }
    },
    publish: (tx, topic, messages) =>
      publishAll(tx, [{ topic: topic as Parcel['topic'], messages }]),
    publishAll,
    consume(group, consumeOptions, handler) {
      const queue = queues.get(nameOf(group as Group));
      if (!queue)
        throw new Error(`must hold: ${nameOf(group as Group)} was declared before it is consumed`);
      return createConsumer({
        ...{ database, clock, log, wakeUps, hands, company, queue, options: consumeOptions },
        ...{ priorities: group.topic.priorities, handler, ready: sweeper.watch(queue.queue) },
      });
    },
    async depths() {
      const rows = await readDepths(database.pool, clock.now());
      return rows.map((row) => ({
        topic: row.topic,
        group: row.group_name,
        ready: Number(row.ready),
        delayed: Number(row.delayed),
        dead: Number(row.dead),
        oldestSeconds: Math.max(0, row.oldest_seconds),
      }));
    },
    async redrive(topic, { group, limit }) {
      const moved = await database.transaction((tx) =>
        moveDeadLettersBack(tx, { topic, group, limit }),
      );
      if (moved > 0) wakeUps.announce([topic]);
      return moved;
    },
    async close() {
      await sweeper.close();
      await line.close();
    },
  };
}

function nameOf(group: Pick<Group, 'topic' | 'name'>): string {
  return `${group.topic.name} → ${group.name}`;
}
