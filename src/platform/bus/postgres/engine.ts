import { afterCommit, isTransient, type Tx } from '#database';
import { AppError } from '#errors';
import { uuidV7 } from '#ids';
import type { Bus, Group, Outgoing, Parcel } from '../bus.ts';
import type { BusOptions } from '../open-bus.ts';
import { createConsumer } from './consumer.ts';
import {
  declareQueue,
  insertDelayedMessages,
  insertMessages,
  type MessageInput,
  moveDeadLettersBack,
  type QueueRow,
  readDepths,
  suspectTheHeld,
} from './store.ts';
import { createWakeUps } from './wake.ts';

/** Lanes of an ordered queue: the most consumers that can share it. Never changed for a live queue. */
const LANES = 16;
const ATTEMPTS_MAX = 12;
/** A message is a fact or an order, not a file. */
const PAYLOAD_BYTES_MAX = 1_048_576;
const SUSPECT_INTERVAL_MS = 1000;
const KEY_LENGTH_MAX = 200;

/** The bus in the same database: `postgres:`. */
export async function openPostgresBus(options: BusOptions): Promise<Bus> {
  const { database, clock, log, source } = options;
  const queues = new Map<string, QueueRow>();
  const consumed = new Set<number>();
  const wakeUps = createWakeUps(database, log);
  let sweeping: Promise<void> = Promise.resolve();

  const sweep = async () => {
    if (consumed.size === 0) return;
    try {
      const suspects = await database.transaction((tx) =>
        suspectTheHeld(tx, { queues: [...consumed], now: clock.now() }),
      );
      if (suspects > 0)
        log.warn({ suspects }, 'messages of a consumer that died will be run one by one');
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error }, 'the search for dead consumers failed');
    }
  };
  const sweeper = setInterval(() => {
    sweeping = sweep();
  }, SUSPECT_INTERVAL_MS).unref();

  async function publishAll(tx: Tx, parcels: readonly Parcel[]): Promise<void> {
    const now: MessageInput[] = [];
    const later: MessageInput[] = [];
    for (const { topic, messages } of parcels) {
      for (const message of messages) {
        (message.notBefore ? later : now).push(toInput(topic, message, clock.nowMs()));
      }
    }
    const shared = { publishedAt: clock.now(), source };
    if (now.length > 0) await insertMessages(tx, { json: toJson(now), ...shared });
    if (later.length > 0) await insertDelayedMessages(tx, { json: toJson(later), ...shared });
    if (now.length > 0) {
      const topics = [...new Set(now.map((message) => message.o))];
      afterCommit(tx, () => wakeUps.announce(topics));
    }
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
      consumed.add(queue.queue);
      return createConsumer({
        ...{ database, clock, log, wakeUps, queue, options: consumeOptions },
        ...{ priorities: group.topic.priorities, handler, ready: sweep() },
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
      clearInterval(sweeper);
      await sweeping;
      await wakeUps.close();
    },
  };
}

function nameOf(group: Pick<Group, 'topic' | 'name'>): string {
  return `${group.topic.name} → ${group.name}`;
}

function toInput(topic: Parcel['topic'], message: Outgoing<unknown>, nowMs: number): MessageInput {
  const { key, priority = 0 } = message;
  if (priority < 0 || priority >= topic.priorities) {
    throw new AppError('internal', 'priority_unknown', `${topic.name} has no priority ${priority}`);
  }
  if (topic.ordered && message.notBefore) {
    throw new AppError(
      'internal',
      'delay_unknown',
      `${topic.name} is ordered: its messages can't be delayed`,
    );
  }
  if (key.length > KEY_LENGTH_MAX) {
    throw new AppError(
      'invalid',
      'key_too_long',
      `a key of ${topic.name} has over ${KEY_LENGTH_MAX} letters`,
    );
  }
  return {
    o: topic.name,
    i: message.id ?? uuidV7(nowMs),
    k: key,
    s: topic.priorities - 1 - priority,
    r: message.traceparent,
    d: message.notBefore?.toISOString(),
    p: message.payload,
  };
}

/** PostgreSQL's json refuses the letter NUL; amounts are bigint in code and integers in JSON. */
function toJson(messages: readonly MessageInput[]): string {
  const json = JSON.stringify(messages, bigintToInteger);
  if (json.length > PAYLOAD_BYTES_MAX) refuseLarge(messages);
  return json.includes('\\u0000') ? json.replaceAll('\\u0000', '') : json;
}

// In Node 24, not yet in TypeScript's library.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function bigintToInteger(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(value.toString()) : value;
}

function refuseLarge(messages: readonly MessageInput[]): void {
  for (const message of messages) {
    const bytes = Buffer.byteLength(JSON.stringify(message.p, bigintToInteger) ?? 'null');
    if (bytes > PAYLOAD_BYTES_MAX) {
      throw new AppError(
        'too_large',
        'message_too_large',
        `a message of ${message.o} has ${bytes} bytes; at most ${PAYLOAD_BYTES_MAX} are carried`,
      );
    }
  }
}
