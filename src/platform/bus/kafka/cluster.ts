import { LANES } from '#bus/key-hash';
import type { KafkaParts } from './client.ts';

const REPLICAS_MAX = 3;
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

async function createTopic(parts: KafkaParts, topic: string): Promise<void> {
  const { brokers } = await parts.admin.metadata({ topics: [], forceUpdate: true });
  const replicas = Math.min(REPLICAS_MAX, brokers.size);
  const configs = Object.entries({
    'max.message.bytes': String(MESSAGE_BYTES_MAX),
    'retention.ms': String(RETENTION_MS),
    // Of three copies two must have what we take for stored.
    'min.insync.replicas': String(Math.max(1, replicas - 1)),
    // Business time is in `ce_time`: the log's own clock decides what has expired.
    'message.timestamp.type': 'LogAppendTime',
  }).map(([name, value]) => ({ name, value }));
  try {
    await parts.admin.createTopics({ topics: [topic], partitions: LANES, replicas, configs });
  } catch (error) {
    if (!parts.kafka.findErrorBy(error as Error, 'apiId', 'TOPIC_ALREADY_EXISTS')) throw error;
  }
}

/** Asks leaders of partitions; one that was chosen a moment ago may not know it yet, and is asked again. */
export async function askLeaders<Answer>(
  { kafka }: KafkaParts,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const endMs = performance.now() + LEADERS_PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isNew = ['NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE'].some((name) =>
        kafka.findErrorBy(error as Error, 'apiId', name),
      );
      if (!isNew || performance.now() > endMs) throw error;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

/** The number of partitions of a topic, which is made when it is not there; a live one is never changed. */
export async function ensureTopic(parts: KafkaParts, topic: string): Promise<number> {
  const count = await countPartitions(parts, topic);
  if (count !== undefined) return count;
  await createTopic(parts, topic);
  const endMs = performance.now() + LEADERS_PATIENCE_MS;
  for (;;) {
    const made = await countPartitions(parts, topic);
    if (made !== undefined) return made;
    if (performance.now() > endMs) throw new Error(`${topic} was made and has no leaders`);
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}
