import { randomUUID } from 'node:crypto';
import type { BusCore } from '#bus/core';
import type { Feed, Marked } from '#bus/delivery';
import { createReader } from '#bus/incoming';
import type { Lanes } from '#bus/lanes';
import { shareOut } from '#bus/share';
import type { QueueRow } from '#bus/store';
import type { Topic } from '#bus/topic';
import type { Tx } from '#database';
import type { AmqpClient, AsyncMessage, Channel } from './client.ts';
import { toAttributes } from './envelope.ts';
import { type AmqpDelivery, Inlet } from './inlet.ts';
import { type Place, placesOf } from './layout.ts';
import { markTaken } from './store.ts';

export interface FeedInput {
  readonly core: BusCore;
  readonly client: AmqpClient;
  readonly queue: QueueRow;
  readonly topic: Topic<unknown>;
  readonly prefetch: number;
  readonly establish: () => Promise<void>;
  readonly doubt: () => void;
}

/** How long the first batch waits for all classes to be heard of. */
const START_PATIENCE_MS = 2000;

/**
 * The broker's queues of one group: of a plain topic one for each class, shared by all loops of a consumer; of an
 * ordered topic one for each lane that the loop holds a lease of.
 */
export class AmqpFeed implements Feed<AmqpDelivery> {
  readonly #input: FeedInput;
  readonly #places: readonly Place[];
  readonly #inlets = new Map<number, Inlet>();
  readonly #lanes: Lanes | undefined;
  readonly #read: (message: AsyncMessage, channel: Channel, slot: number) => AmqpDelivery;
  #startedMs = Number.NaN;
  #first = 0;

  constructor(input: FeedInput, lanes: Lanes | undefined) {
    const { core, queue, topic } = input;
    this.#input = input;
    this.#lanes = lanes;
    this.#places = placesOf(queue, queue.group_name);
    const reader = createReader(topic);
    this.#read = (message, channel, slot) => ({
      ...reader(toAttributes(message, core.origin), toBuffer(message.body), () => ({
        // Of version 4: not to be taken for one of ours, which are of version 7.
        id: randomUUID(),
        key: message.routingKey || undefined,
        time: new Date(),
        source: `amqp:${message.appId || message.exchange || queue.topic}`,
      })),
      ...{ slot, channel, tag: message.deliveryTag, redelivered: message.redelivered },
    });
  }

  async keep(): Promise<void> {
    if (Number.isNaN(this.#startedMs)) this.#startedMs = performance.now();
    const owned = this.#lanes?.owned();
    const wanted = this.#places.filter(({ slot }) => !owned || owned.includes(slot));
    // The broker gives what a lost lane had to its new owner only when our channel is closed.
    const lost = [...this.#inlets].filter(([slot]) => !wanted.some((place) => place.slot === slot));
    for (const [slot] of lost) this.#inlets.delete(slot);
    await Promise.all(lost.map(([, inlet]) => inlet.close()));
    for (const place of wanted) {
      const inlet = this.#inlets.get(place.slot) ?? this.#makeInlet(place);
      this.#inlets.set(place.slot, inlet);
      inlet.open();
    }
  }

  settled(): boolean {
    if (performance.now() > this.#startedMs + START_PATIENCE_MS) return true;
    return [...this.#inlets.values()].every((inlet) => inlet.settled);
  }

  waiting(): readonly boolean[] {
    return this.#places.map(({ slot }) => this.#inlets.get(slot)?.waits ?? false);
  }

  unverified(): readonly AmqpDelivery[] {
    return [...this.#inlets.values()].flatMap((inlet) => inlet.unverified());
  }

  verified(deliveries: readonly AmqpDelivery[]): void {
    for (const delivery of deliveries) this.#inlets.get(delivery.slot)?.verified(delivery);
  }

  reserve(most: number): readonly AmqpDelivery[] {
    return this.#lanes ? this.#ofLanes(most) : this.#ofClasses(most);
  }

  back(deliveries: readonly AmqpDelivery[]): void {
    for (const [slot, ofSlot] of Map.groupBy(deliveries, (delivery) => delivery.slot)) {
      this.#inlets.get(slot)?.back(ofSlot);
    }
  }

  async mark(tx: Tx, deliveries: readonly AmqpDelivery[]): Promise<Marked<AmqpDelivery>> {
    const ids = deliveries.map(({ messageId }) => messageId);
    const rows = await markTaken(tx, this.#input.queue.queue, ids);
    const fresh = new Set(rows.map(({ message_id }) => message_id));
    const numbers = rows.map(({ id }) => id).sort((left, right) => (left < right ? -1 : 1));
    // Of two that were delivered the same the first one counts.
    const first = deliveries.filter(({ messageId }) => fresh.delete(messageId));
    return {
      fresh: first.map((delivery, at) => ({ delivery, id: numbers[at] ?? 0n })),
      suspected: new Set(rows.filter((row) => row.suspected).map(({ message_id }) => message_id)),
      pid: rows[0]?.pid ?? 0,
    };
  }

  done(deliveries: readonly AmqpDelivery[]): void {
    for (const [slot, ofSlot] of Map.groupBy(deliveries, (delivery) => delivery.slot)) {
      this.#inlets.get(slot)?.acknowledge(ofSlot);
    }
  }

  /** One that all loops share is closed after the last of them. */
  async release(): Promise<void> {
    if (this.#lanes) await this.close();
  }

  async close(): Promise<void> {
    const inlets = [...this.#inlets.values()];
    this.#inlets.clear();
    await Promise.all(inlets.map((inlet) => inlet.close()));
  }

  /** Delivered to this process and not acknowledged. */
  outstanding(): number {
    return [...this.#inlets.values()].reduce((sum, inlet) => sum + inlet.outstanding, 0);
  }

  /** Nothing lies in the buffers, and the broker has sent all it had. */
  get idle(): boolean {
    return [...this.#inlets.values()].every((inlet) => inlet.settled && inlet.outstanding === 0);
  }

  #ofClasses(most: number): AmqpDelivery[] {
    const inlets = this.#places.map(({ slot }) => this.#inlets.get(slot));
    const shares = shareOut(
      inlets.map((inlet) => inlet?.free ?? 0),
      most,
    );
    return inlets.flatMap(
      (inlet, at) => inlet?.reserve(shares[at] ?? 0, this.#input.queue.ordered) ?? [],
    );
  }

  /** Each lane is the first one in its turn, or a busy one would starve the rest. */
  #ofLanes(most: number): AmqpDelivery[] {
    const lanes = [...this.#inlets.keys()];
    this.#first += 1;
    const taken: AmqpDelivery[] = [];
    for (const at of lanes.keys()) {
      const lane = lanes[(this.#first + at) % lanes.length] ?? 0;
      taken.push(...(this.#inlets.get(lane)?.reserve(most - taken.length, true) ?? []));
    }
    return taken;
  }

  #makeInlet({ name, slot }: Place): Inlet {
    const { client, core, doubt, establish, prefetch, queue } = this.#input;
    return new Inlet({
      ...{ client, log: core.log, queue: name, prefetch, establish, doubt },
      read: (message, channel) => this.#read(message, channel, slot),
      stir: () => core.wakeUps.stir(queue.topic),
    });
  }
}

/** `keepBodies` of the client sees to it that nothing else comes. */
function toBuffer(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(String(body));
}
