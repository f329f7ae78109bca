import type { Delivery } from '#bus/delivery';
import type { Numbered } from './envelope.ts';
import type { OffsetRow } from './store.ts';

/** A message at its place in the log. */
export interface KafkaDelivery extends Delivery {
  readonly tap: Tap;
  readonly offset: bigint;
  readonly numbered: Numbered | undefined;
}

/** What the fetcher asks of a partition. */
export interface Fetched {
  readonly deliveries: readonly KafkaDelivery[];
  /** Where to go on. */
  readonly next: bigint;
  readonly highWatermark: bigint;
}

const COUNT_MAX = 1000;
/** Of payloads, for each partition: above it nothing more is fetched. */
const BYTES_MAX = 2_097_152;

/** One partition, as far as this process has read ahead in it. Only one loop at a time has messages of it in hand. */
export class Tap {
  readonly topic: string;
  readonly class: number;
  readonly partition: number;
  /** What our row says, and what changes with the transaction that is open. */
  next: bigint;
  sequences: bigint[];
  pending: { readonly next: bigint; readonly sequences: bigint[] } | undefined;
  /** Another has read on: what is here is forgotten, and the row is read again. */
  stale = false;
  #buffer: KafkaDelivery[] = [];
  #bytes = 0;
  #inHand = 0;
  #fetchAt: bigint;
  #highWatermark: bigint | undefined;
  #topicId: string | undefined;

  constructor(topic: string, row: OffsetRow) {
    this.topic = topic;
    this.class = row.class;
    this.partition = row.partition;
    this.next = row.next_offset;
    this.sequences = [...row.lane_sequences];
    this.#fetchAt = row.next_offset;
  }

  get fetchAt(): bigint {
    return this.#fetchAt;
  }

  get wants(): boolean {
    return !this.stale && this.#buffer.length < COUNT_MAX && this.#bytes < BYTES_MAX;
  }

  /** Its topic was made anew since we began to read: offsets count from the beginning again. */
  isElsewhere(topicId: string): boolean {
    this.#topicId ??= topicId;
    return this.#topicId !== topicId;
  }

  /** What a loop could take now. */
  get free(): number {
    return this.#inHand === 0 && !this.stale ? this.#buffer.length : 0;
  }

  get isFree(): boolean {
    return this.#inHand === 0;
  }

  /** It is known what the log had when we began. */
  get settled(): boolean {
    return (
      this.#highWatermark !== undefined && (this.#fetchAt >= this.#highWatermark || !this.wants)
    );
  }

  /** All that was fetched is done, although the row is behind: what lies between is no message. */
  get gap(): boolean {
    return (
      this.#inHand === 0 && this.#buffer.length === 0 && this.#fetchAt > this.next && !this.stale
    );
  }

  hear({ deliveries, highWatermark, next }: Fetched): void {
    if (this.stale) return;
    for (const delivery of deliveries) {
      this.#buffer.push(delivery);
      this.#bytes += delivery.bytes;
    }
    if (next > this.#fetchAt) this.#fetchAt = next;
    this.#highWatermark = highWatermark;
  }

  reserve(most: number): KafkaDelivery[] {
    if (this.free === 0) return [];
    const taken = this.#buffer.splice(0, most);
    for (const { bytes } of taken) this.#bytes -= bytes;
    this.#inHand = taken.length;
    return taken;
  }

  back(deliveries: readonly KafkaDelivery[]): void {
    this.#inHand -= deliveries.length;
    this.#buffer.unshift(...deliveries);
    for (const { bytes } of deliveries) this.#bytes += bytes;
    this.pending = undefined;
  }

  done(count: number): void {
    this.#inHand -= count;
    if (!this.pending) return;
    this.next = this.pending.next;
    this.sequences = this.pending.sequences;
    this.pending = undefined;
  }
}
