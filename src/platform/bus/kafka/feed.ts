import type { BusCore } from '#bus/core';
import type { Feed, Marked } from '#bus/delivery';
import { createReader as createMessageReader } from '#bus/incoming';
import { LANES } from '#bus/key-hash';
import type { Lanes } from '#bus/lanes';
import { shareOut } from '#bus/share';
import type { QueueRow } from '#bus/store';
import type { Topic } from '#bus/topic';
import type { Tx } from '#database';
import { AppError, messageOf } from '#errors';
import { toAttributes, toNumber } from './envelope.ts';
import { topicOf, topicsOf } from './layout.ts';
import type { Listener, LogRecord, Reader } from './reader.ts';
import { passOver, readOffsets, readOn, type Step } from './store.ts';
import { type Fetched, type KafkaDelivery, Tap } from './tap.ts';
import type { Topics } from './topics.ts';

export interface FeedInput {
  readonly core: BusCore;
  readonly reader: Reader;
  readonly topics: Topics;
  readonly queue: QueueRow;
  readonly topic: Topic<unknown>;
  /** Which partitions are ours; all of them when absent. */
  readonly lanes: Lanes | undefined;
  /** Makes sure that there are topics, and places to begin at. */
  readonly establish: () => Promise<void>;
}

const START_PATIENCE_MS = 3000;
const ESTABLISH_INTERVAL_MS = 1000;
/** Leases are kept also while all loops are in their handlers. */
const KEEP_INTERVAL_MS = 2000;

/** The partitions that one consumer holds leases of, shared by its loops. How far it has read is a row of ours. */
export class KafkaFeed implements Feed<KafkaDelivery>, Listener {
  readonly #input: FeedInput;
  readonly #read: (record: LogRecord, tap: Tap) => KafkaDelivery;
  readonly #startedMs = performance.now();
  readonly #keeper: NodeJS.Timeout;
  #taps: readonly Tap[] = [];
  #owned = '';
  #known = false;
  #keeping: Promise<void> | undefined;
  #nextEstablishMs = 0;
  #first = 0;
  #closed = false;
  readonly #lost = new Set<Tap>();

  constructor(input: FeedInput) {
    const { core, queue, reader, topic } = input;
    this.#input = input;
    const readMessage = createMessageReader(topic);
    this.#read = (record, tap) => {
      const headers = new Map(
        record.headers.map(([name, value]) => [String(name ?? ''), String(value ?? '')]),
      );
      const fallback = () => ({
        id: `${tap.topic}/${tap.partition}/${record.offset}`,
        key: record.key?.toString('utf8'),
        time: new Date(record.timestampMs),
        source: `kafka:${tap.topic}`,
      });
      return {
        ...readMessage(toAttributes(headers, core.origin), record.value, fallback),
        slot: queue.ordered ? tap.partition % LANES : tap.class,
        ...{ redelivered: false, tap, offset: record.offset },
        numbered: toNumber(headers, core.origin),
      };
    };
    reader.add(this);
    this.#keeper = setInterval(() => void this.keep().catch(() => {}), KEEP_INTERVAL_MS).unref();
  }

  keep(): Promise<void> {
    this.#keeping ??= this.#keep().finally(() => {
      this.#keeping = undefined;
    });
    return this.#keeping;
  }

  settled(): boolean {
    if (performance.now() > this.#startedMs + START_PATIENCE_MS) return true;
    return this.#known && this.#taps.every((tap) => tap.settled);
  }

  waiting(): readonly boolean[] {
    return this.#byClass().map((taps) => taps.some((tap) => tap.free > 0));
  }

  unverified(): readonly KafkaDelivery[] {
    return [];
  }

  verified(): void {}

  reserve(most: number): readonly KafkaDelivery[] {
    this.#first += 1;
    const byClass = this.#byClass();
    const shares = shareOut(
      byClass.map((taps) => taps.reduce((sum, tap) => sum + tap.free, 0)),
      most,
    );
    return byClass.flatMap((taps, at) => this.#takeFrom(taps, shares[at] ?? 0));
  }

  back(deliveries: readonly KafkaDelivery[]): void {
    for (const [tap, ofTap] of Map.groupBy(deliveries, (delivery) => delivery.tap)) tap.back(ofTap);
    this.#stir();
  }

  async mark(tx: Tx, deliveries: readonly KafkaDelivery[]): Promise<Marked<KafkaDelivery>> {
    const { queue, topic } = this.#input.queue;
    const fresh: KafkaDelivery[] = [];
    const steps: Step[] = [];
    const byTap = Map.groupBy(deliveries, (delivery) => delivery.tap);
    for (const [tap, ofTap] of byTap) {
      const sequences = [...tap.sequences];
      fresh.push(...ofTap.filter((delivery) => isNew(delivery, sequences)));
      const next = (ofTap.at(-1)?.offset ?? tap.next) + 1n;
      tap.pending = { next, sequences };
      steps.push({
        class: tap.class,
        partition: tap.partition,
        from: tap.next,
        to: next,
        sequences,
      });
    }
    const messageIds = fresh.map(({ messageId }) => messageId);
    const { ids, moved, pid, suspected } = await readOn(tx, { queue, steps, messageIds });
    if (moved < steps.length) {
      for (const tap of byTap.keys()) tap.stale = true;
      throw new AppError(
        'unavailable',
        'offset_moved',
        `Another consumer has read on in ${topic}.`,
      );
    }
    const numbered = fresh.map((delivery, at) => ({ delivery, id: ids[at] ?? 0n }));
    return { fresh: numbered, suspected: new Set(suspected), pid };
  }

  done(deliveries: readonly KafkaDelivery[]): void {
    const byTap = Map.groupBy(deliveries, (delivery) => delivery.tap);
    for (const [tap, ofTap] of byTap) tap.done(ofTap.length);
    this.#stir();
  }

  /** Shared by all loops: closed after the last of them. */
  async release(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#keeper);
    this.#input.reader.remove(this);
    await this.#keeping?.catch(() => {});
    await this.#input.lanes?.release().catch(() => {});
  }

  taps(): readonly Tap[] {
    return this.#taps;
  }

  hear(tap: Tap, records: readonly LogRecord[], fetched: Omit<Fetched, 'deliveries'>): void {
    const wasSettled = tap.settled;
    tap.hear({ ...fetched, deliveries: records.map((record) => this.#read(record, tap)) });
    if (records.length > 0 || !wasSettled) this.#stir();
  }

  lose(tap: Tap): void {
    tap.stale = true;
    this.#lost.add(tap);
  }

  /** What lies between what was read and what is next, and is no message, is passed over. */
  async closeGaps(): Promise<void> {
    const { core, queue } = this.#input;
    for (const tap of this.#taps.filter((one) => one.gap)) {
      const step = { class: tap.class, partition: tap.partition, from: tap.next, to: tap.fetchAt };
      const passed = await passOver(core.database.pool, queue.queue, step);
      if (passed && tap.next === step.from) tap.next = step.to;
      else tap.stale = true;
    }
  }

  async #keep(): Promise<void> {
    const { lanes } = this.#input;
    await lanes?.keep();
    const owned = lanes?.owned();
    await this.#findLost();
    // Who drains a queue waits for its end, and may have to pass over marks to come to it; others do it now and then.
    if (!lanes) await this.closeGaps();
    const name = owned?.join() ?? 'all';
    if (
      this.#closed ||
      (this.#known && name === this.#owned && !this.#taps.some((tap) => tap.stale))
    )
      return;
    await this.#settleTaps(owned);
    this.#owned = name;
  }

  /** Opens taps for partitions that are new here, and anew where another had read on. */
  async #settleTaps(owned: readonly number[] | undefined): Promise<void> {
    const { core, queue } = this.#input;
    // Whoever died while holding messages of theirs is found before any is taken.
    await core.sweeper.search();
    const rows = await this.#offsets();
    const wanted = rows.filter(({ partition }) => !owned || owned.includes(partition % LANES));
    this.#taps = wanted.map((row) => {
      const known = this.#taps.find(
        (tap) => tap.class === row.class && tap.partition === row.partition && !tap.stale,
      );
      return known ?? new Tap(topicOf(queue, row.class), row);
    });
    this.#known = rows.length > 0;
  }

  async #offsets() {
    const { core, establish, queue } = this.#input;
    const rows = await readOffsets(core.database.pool, queue.queue);
    if (rows.length > 0 || performance.now() < this.#nextEstablishMs) return rows;
    this.#nextEstablishMs = performance.now() + ESTABLISH_INTERVAL_MS;
    try {
      await establish();
    } catch (error) {
      // The relay logs it; due messages are handled meanwhile.
      core.log.debug({ reason: messageOf(error) }, 'a queue on Kafka can not begin yet');
      return rows;
    }
    return readOffsets(core.database.pool, queue.queue);
  }

  /** The log no longer has what is next: it expired, or somebody made the topic anew. */
  async #findLost(): Promise<void> {
    const { core, queue, topics } = this.#input;
    for (const tap of this.#lost) {
      const begin = await topics.begin(tap.topic, tap.partition);
      const step = { class: tap.class, partition: tap.partition, from: tap.next, to: begin };
      await passOver(core.database.pool, queue.queue, step);
      core.log.error(
        {
          topic: tap.topic,
          partition: tap.partition,
          wanted: String(tap.next),
          first: String(begin),
        },
        'messages expired on Kafka before they were read, or their topic was made anew',
      );
      this.#lost.delete(tap);
    }
  }

  #byClass(): Tap[][] {
    const { queue } = this.#input;
    return [...topicsOf(queue).keys()].map((slot) =>
      this.#taps.filter((tap) => tap.class === slot),
    );
  }

  /** Few partitions, and much of each: others are left to the other loops. Each is the first one in its turn. */
  #takeFrom(taps: readonly Tap[], most: number): KafkaDelivery[] {
    const taken: KafkaDelivery[] = [];
    for (const at of taps.keys()) {
      if (taken.length >= most) break;
      const tap = taps[(this.#first + at) % taps.length];
      taken.push(...(tap?.reserve(most - taken.length) ?? []));
    }
    return taken;
  }

  #stir(): void {
    this.#input.core.wakeUps.stir(this.#input.queue.topic);
  }
}

/** What a relay sent twice has a number that was seen; `sequences` is what was seen, and goes on. */
function isNew({ numbered }: KafkaDelivery, sequences: bigint[]): boolean {
  if (!numbered) return true;
  const { lane, sequence } = numbered;
  while (sequences.length <= lane) sequences.push(0n);
  if (sequence <= (sequences[lane] ?? 0n)) return false;
  sequences[lane] = sequence;
  return true;
}
