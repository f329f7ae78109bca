import type { Bus, Group, Parcel } from '#bus/bus';
import { createCompany } from '#bus/company';
import { createConsumer } from '#bus/consumer';
import { createHands } from '#bus/hands';
import { type Line, openLine } from '#bus/line';
import type { BusOptions } from '#bus/open-bus';
import { toNewMessage } from '#bus/outgoing';
import { createSweeper } from '#bus/sweeper';
import { createWakeUps, WAKE_CHANNEL } from '#bus/wake';
import { afterCommit, type Tx } from '#database';
import { createPostgresSource } from './source.ts';
import {
  declareQueue,
  insertDelayedMessages,
  insertMessages,
  moveDeadLettersBack,
  type QueueRow,
  readDepths,
} from './store.ts';

/** Lanes of an ordered queue: the most consumers that can share it. Never changed for a live queue. */
const LANES = 16;
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

  async function publishAll(tx: Tx, parcels: readonly Parcel[]): Promise<void> {
    const nowMs = clock.nowMs();
    const messages = [...Map.groupBy(parcels, ({ topic }) => topic.name).values()]
      .flat()
      .flatMap(({ topic, messages: ofTopic }) =>
        ofTopic.map((message) => toNewMessage(topic, message, nowMs)),
      );
    const fresh = messages.filter((message) => !message.dueAt);
    const delayed = messages.filter((message) => message.dueAt);
    const shared = { publishedAt: new Date(nowMs), source };
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
        ...{ handler, ready: sweeper.watch(queue.queue) },
        source: createPostgresSource({
          database,
          clock,
          queue,
          priorities: group.topic.priorities,
        }),
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
