import { LANES } from '#bus/key-hash';
import type { KafkaParts } from './client.ts';

/** Of each record, where there are so many brokers. */
export const REPLICAS_MAX = 3;
/** A payload may have 1 MiB; key, headers and a batch's head come on top. */
const MESSAGE_BYTES_MAX = 1_310_720;
/** Longer than any standstill that nobody notices: what is not read by then is gone. */
const RETENTION_MS = 30 * 86_400_000;
const LEADERS_PATIENCE_MS = 8000;
const PAUSE_MS = 50;

/** How many partitions a topic has, once all of them have a leader; undefined when there is no such topic. */
async function countPartitions(parts: KafkaParts, topic: string): Promise<number | undefined> {
  try {
    const { topics } = await parts.admin.metadata({ topics: [topic], forceUpdate: true });
    const found = topics.get(topic);
    if (!found || found.partitions.some(({ leader }) => leader < 0)) return undefined;
    return found.partitionsCount || undefined;
  } catch (error) {
    if (/unknown topic/i.test(String(error))) return undefined;
    if (parts.kafka.findErrorBy(error as Error, 'apiId', 'LEADER_NOT_AVAILABLE')) return undefined;
    throw error;
  }
}

/** What a topic is made with. */
export function topicSettings(replicas: number): Readonly<Record<string, number | string>> {
  return {
    'max.message.bytes': MESSAGE_BYTES_MAX,
    'retention.ms': RETENTION_MS,
    // Of three copies two must have what we take for stored.
    'min.insync.replicas': Math.max(1, replicas - 1),
    // Business time is in `ce_time`: the log's own clock decides what has expired.
    'message.timestamp.type': 'LogAppendTime',
  };
}

/** False when somebody else was faster. */
async function createTopic(parts: KafkaParts, topic: string): Promise<boolean> {
  const { brokers } = await parts.admin.metadata({ topics: [], forceUpdate: true });
  const replicas = Math.min(REPLICAS_MAX, brokers.size);
  const configs = Object.entries(topicSettings(replicas)).map(([name, value]) => ({
    ...{ name, value: String(value) },
  }));
  try {
    await parts.admin.createTopics({ topics: [topic], partitions: LANES, replicas, configs });
    return true;
  } catch (error) {
    if (!parts.kafka.findErrorBy(error as Error, 'apiId', 'TOPIC_ALREADY_EXISTS')) throw error;
    return false;
  }
}

export interface KnownTopic {
  readonly partitions: number;
  /** Made by us just now: all that is in it came after that. */
  readonly isNew: boolean;
}

/** A topic, which is made when it is not there; a live one is never changed. */
export async function ensureTopic(parts: KafkaParts, topic: string): Promise<KnownTopic> {
  const count = await countPartitions(parts, topic);
  if (count !== undefined) return { partitions: count, isNew: false };
  const isNew = await createTopic(parts, topic);
  const endMs = performance.now() + LEADERS_PATIENCE_MS;
  for (;;) {
    const partitions = await countPartitions(parts, topic);
    if (partitions !== undefined) return { partitions, isNew };
    if (performance.now() > endMs) throw new Error(`${topic} was made and has no leaders`);
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

const MOVING = ['NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'];

/** Asks again while leaders change: a topic that was just made has one in name before it has one. */
export async function withLeaders<Result>(
  { kafka }: KafkaParts,
  ask: () => Promise<Result>,
): Promise<Result> {
  const endMs = performance.now() + LEADERS_PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isMoving = MOVING.some((id) => kafka.findErrorBy(error as Error, 'apiId', id));
      if (!isMoving || performance.now() > endMs) throw error;
    }
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}
