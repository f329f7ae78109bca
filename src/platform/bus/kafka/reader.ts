import type { Log } from '#log';
import { isAway, type KafkaClient, type KafkaParts, reasonOf } from './client.ts';
import type { Fetched, Tap } from './tap.ts';

/** A record as it stands in the log. */
export interface LogRecord {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

/** Who hears what was fetched of a partition. */
export interface Listener {
  readonly taps: () => readonly Tap[];
  hear(tap: Tap, records: readonly LogRecord[], fetched: Omit<Fetched, 'deliveries'>): void;
  /** What it asks for has expired, or was never there. */
  lose(tap: Tap): void;
}

/** Fetches for all consumers of this process, one request at a time to each broker. */
export interface Reader {
  add(listener: Listener): void;
  remove(listener: Listener): void;
  close(): Promise<void>;
}

type FetchResponse = Awaited<ReturnType<KafkaParts['fetcher']['fetch']>>;

const FETCH_WAIT_MS = 100;
const IDLE_MS = 20;
const TROUBLE_MS = 500;
const MISSING_MS = 2000;
const PARTITION_BYTES_MAX = 1_048_576;
const FETCH_BYTES_MAX = 16_777_216;
const OUT_OF_RANGE = 1;
const READ_COMMITTED = 1;

export function createReader(client: KafkaClient, log: Log): Reader {
  const listeners = new Set<Listener>();
  let closed = false;
  let running: Promise<void> | undefined;
  let lastReason = '';
  let turns = 0;
  /** Topics that are not there, and when they are asked for again: nobody else waits for them. */
  const missing = new Map<string, number>();

  async function run(): Promise<void> {
    while (!closed && listeners.size > 0) {
      const wanting = [...listeners].flatMap((listener) =>
        listener.taps().flatMap((tap) => (tap.wants ? [{ tap, listener }] : [])),
      );
      if (wanting.length === 0) await pause(IDLE_MS);
      else await turn(wanting);
    }
  }

  async function turn(wanting: readonly Wanting[]): Promise<void> {
    try {
      const parts = await client.parts();
      const there = wanting.filter(({ tap }) => performance.now() >= (missing.get(tap.topic) ?? 0));
      turns += 1;
      await client.answered(parts, read(parts, there));
      lastReason = '';
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== lastReason) log.warn({ reason }, 'nothing can be fetched from Kafka');
      lastReason = reason;
      await pause(TROUBLE_MS);
    }
  }

  async function read(parts: KafkaParts, wanting: readonly Wanting[]): Promise<void> {
    const turn = turns;
    const topics = await describeTopics(parts, wanting, missing);
    // What comes after it was given up has been asked for again meanwhile.
    await fetchAll(parts, { wanting, topics, turn, isLate: () => closed || turns !== turn });
  }

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      if (!closed && listeners.size > 0) start();
    });
  }

  return {
    add(listener) {
      listeners.add(listener);
      start();
    },
    remove: (listener) => void listeners.delete(listener),
    async close() {
      closed = true;
      await running;
    },
  };
}

interface Wanting {
  readonly tap: Tap;
  readonly listener: Listener;
}

type Topics = Awaited<ReturnType<KafkaParts['fetcher']['metadata']>>['topics'];

/** Where partitions are. One topic that is not there fails the whole answer: then each is asked for by itself. */
async function describeTopics(
  { fetcher }: KafkaParts,
  wanting: readonly Wanting[],
  missing: Map<string, number>,
): Promise<Topics> {
  const topics = [...new Set(wanting.map(({ tap }) => tap.topic))];
  if (topics.length === 0) throw new Error('no topic is there');
  try {
    return (await fetcher.metadata({ topics })).topics;
  } catch (error) {
    if (!isUnknownTopic(error)) throw error;
  }
  const found: Topics = new Map();
  for (const topic of topics) {
    try {
      const known = (await fetcher.metadata({ topics: [topic] })).topics.get(topic);
      if (known) found.set(topic, known);
    } catch (error) {
      if (!isUnknownTopic(error)) throw error;
      missing.set(topic, performance.now() + MISSING_MS);
    }
  }
  return found;
}

const isUnknownTopic = (error: unknown) => /unknown topic/i.test(String(error));

interface Asked {
  readonly wanting: readonly Wanting[];
  readonly topics: Topics;
  readonly turn: number;
  readonly isLate: () => boolean;
}

async function fetchAll(
  parts: KafkaParts,
  { isLate, topics, turn, wanting }: Asked,
): Promise<void> {
  const byNode = new Map<number, Map<string, Wanting[]>>();
  // The client asks after these before it fetches, and fetches nothing when one of them is not there.
  parts.fetcher.topics.clear();
  parts.fetcher.topics.trackAll(...topics.keys());
  for (const one of wanting) {
    const known = topics.get(one.tap.topic);
    const leader = known?.partitions[one.tap.partition]?.leader;
    if (!known || leader === undefined || leader < 0) continue;
    if (one.tap.isElsewhere(known.id)) {
      one.listener.lose(one.tap);
      continue;
    }
    const ofNode = byNode.get(leader) ?? new Map<string, Wanting[]>();
    byNode.set(leader, ofNode);
    ofNode.set(known.id, [...(ofNode.get(known.id) ?? []), one]);
  }
  if (byNode.size === 0) throw new Error('no partition has a leader');
  await Promise.all(
    [...byNode].map(([node, byTopic]) => {
      // Several queues may read one partition, each from its own place.
      const first = new Map([...byTopic].map(([id, ofTopic]) => [id, oneEach(ofTopic, turn)]));
      return fetchFrom(parts, { node, first, isLate });
    }),
  );
}

interface FromNode extends Pick<Asked, 'isLate'> {
  readonly node: number;
  /** By topic and partition, those who ask for one place. */
  readonly first: ReadonlyMap<string, Map<number, Wanting[]>>;
}

async function fetchFrom(parts: KafkaParts, { first, isLate, node }: FromNode): Promise<void> {
  const topics = [...first].map(([topicId, ofTopic]) => ({
    topicId,
    partitions: [...ofTopic].map(([partition, [one]]) => ({
      ...{ partition, currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
      fetchOffset: one?.tap.fetchAt ?? 0n,
      partitionMaxBytes: PARTITION_BYTES_MAX,
    })),
  }));
  const asked = {
    node,
    topics,
    maxWaitTime: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytes: FETCH_BYTES_MAX,
  };
  const response = await parts.fetcher
    .fetch({ ...asked, isolationLevel: READ_COMMITTED })
    .catch((error) => {
      const partial = partialOf(error);
      if (!partial || isAway(parts.kafka, error)) throw error;
      return partial;
    });
  if (isLate()) return;
  for (const { topicId, partitions } of response.responses) {
    for (const partition of partitions) {
      const askers = first.get(topicId)?.get(partition.partitionIndex) ?? [];
      for (const one of askers) tell(one, partition);
      first.get(topicId)?.delete(partition.partitionIndex);
    }
  }
  // A broker does not repeat itself: of what it does not mention there is nothing new.
  for (const { listener, tap } of [...first.values()].flatMap((of) => [...of.values()].flat())) {
    listener.hear(tap, [], { next: tap.fetchAt, highWatermark: tap.fetchAt });
  }
}

/** Of the queues that read one partition the last, then the first, in turns: nobody waits for one that catches up. */
function oneEach(wanting: readonly Wanting[], turn: number): Map<number, Wanting[]> {
  const found = new Map<number, Wanting[]>();
  for (const [partition, ofPartition] of Map.groupBy(wanting, ({ tap }) => tap.partition)) {
    const places = ofPartition.map(({ tap }) => tap.fetchAt).sort((a, b) => (a < b ? -1 : 1));
    const place = turn % 2 === 0 ? places[0] : places.at(-1);
    found.set(
      partition,
      ofPartition.filter(({ tap }) => tap.fetchAt === place),
    );
  }
  return found;
}

type Partition = FetchResponse['responses'][number]['partitions'][number];

function tell({ listener, tap }: Wanting, partition: Partition): void {
  if (partition.errorCode === OUT_OF_RANGE) {
    listener.lose(tap);
    return;
  }
  if (partition.errorCode !== 0) return;
  const { records, next } = readRecords(partition, tap.fetchAt);
  listener.hear(tap, records, { next, highWatermark: partition.lastStableOffset });
}

const IS_TRANSACTIONAL = 1 << 4;
const IS_CONTROL = 1 << 5;

/** Without marks of transactions, without what was aborted, and without what lies before `from` in the same batch. */
function readRecords(partition: Partition, from: bigint) {
  const records: LogRecord[] = [];
  const aborted = [...(partition.abortedTransactions ?? [])];
  const aborting = new Set<bigint>();
  let next = from;
  for (const batch of partition.records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    if (last < from) continue;
    next = last + 1n;
    for (const one of aborted) if (one.firstOffset <= last) aborting.add(one.producerId);
    if (batch.attributes & IS_CONTROL) {
      aborting.delete(batch.producerId);
      const at = aborted.findIndex((one) => one.producerId === batch.producerId);
      if (at >= 0) aborted.splice(at, 1);
      continue;
    }
    if (batch.attributes & IS_TRANSACTIONAL && aborting.has(batch.producerId)) continue;
    for (const record of batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta);
      if (offset < from) continue;
      const timestampMs = Number(batch.firstTimestamp + record.timestampDelta);
      records.push({
        offset,
        timestampMs,
        key: record.key,
        value: record.value,
        headers: record.headers,
      });
    }
  }
  return { records, next };
}

/** One partition's error fails the whole answer; the others' records are in it all the same. */
function partialOf(error: unknown): FetchResponse | undefined {
  const { errors, response } = error as { errors?: readonly unknown[]; response?: FetchResponse };
  if (response?.responses) return response;
  for (const inner of errors ?? []) {
    const found = partialOf(inner);
    if (found) return found;
  }
  return undefined;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
