import type { Delivery } from '#bus/delivery';
import { waitAtMost } from '#bus/patience';
import { isTransient } from '#database';
import { messageOf } from '#errors';
import { uuidV7 } from '#ids';
import type { Log } from '#log';
import { type AmqpClient, type AsyncMessage, type Channel, consumeOn } from './client.ts';

/** A message that waits to be acknowledged on the channel that delivered it. */
export interface AmqpDelivery extends Delivery {
  readonly channel: Channel;
  readonly tag: number;
}

export interface InletInput {
  readonly client: AmqpClient;
  readonly log: Log;
  readonly queue: string;
  /** Makes sure that the queue is there. */
  readonly establish: () => Promise<void>;
  /** It was not there after all. */
  readonly doubt: () => void;
  /** Messages that the broker sends ahead. */
  readonly prefetch: number;
  readonly read: (message: AsyncMessage, channel: Channel) => AmqpDelivery;
  /** Something has come. */
  readonly stir: () => void;
}

/** Of payloads that wait here: above it nothing more is asked for until half of them are gone. */
const BYTES_MAX = 16_777_216;
const RETRY_MS = 500;
/** How long the messages that the broker has when we begin may take to come. */
const BURST_PATIENCE_MS = 500;
/** A broker that stands still does not answer: then the end of the connection closes its channels. */
const CLOSE_PATIENCE_MS = 500;

/**
 * What one queue of the broker sends ahead: bounded by count (the broker's prefetch) and by bytes. When its channel is
 * lost all of it is forgotten, because the broker delivers it again.
 */
export class Inlet {
  readonly #input: InletInput;
  readonly #outstanding = new Set<number>();
  readonly #verified = new WeakSet<AmqpDelivery>();
  #buffer: AmqpDelivery[] = [];
  #bytes = 0;
  #channel: Channel | undefined;
  #tag: string | undefined;
  #opening: Promise<void> | undefined;
  #retryAtMs = 0;
  #burst: { left: number; untilMs: number } | undefined;
  #closed = false;
  #waitsForRoom = false;

  constructor(input: InletInput) {
    this.#input = input;
  }

  get waits(): boolean {
    return this.#buffer.length > 0;
  }

  /** How many can be had now. */
  get free(): number {
    return this.#buffer.filter((one) => !one.redelivered || this.#verified.has(one)).length;
  }

  /** Delivered and not acknowledged. */
  get outstanding(): number {
    return this.#outstanding.size;
  }

  /** False while what the broker had when we began may still be on its way. */
  get settled(): boolean {
    if (!this.#burst) return this.#channel !== undefined;
    return this.#burst.left <= 0 || performance.now() > this.#burst.untilMs;
  }

  /** Begins to consume, or begins again; not waited for. */
  open(): void {
    if (this.#closed || this.#channel || this.#opening || performance.now() < this.#retryAtMs)
      return;
    this.#opening = this.#connect()
      .catch((error) => {
        const { doubt, log, queue } = this.#input;
        doubt();
        if (!isTransient(error))
          log.warn({ queue, reason: messageOf(error) }, 'a queue can not be consumed');
      })
      .finally(() => {
        this.#opening = undefined;
        if (!this.#channel) this.#retryAtMs = performance.now() + RETRY_MS;
      });
  }

  unverified(): AmqpDelivery[] {
    return this.#buffer.filter((one) => one.redelivered && !this.#verified.has(one));
  }

  verified(delivery: AmqpDelivery): void {
    this.#verified.add(delivery);
  }

  /** `ordered`: nothing behind one that is not verified yet. */
  reserve(most: number, ordered: boolean): AmqpDelivery[] {
    const isFree = (one: AmqpDelivery) => !one.redelivered || this.#verified.has(one);
    const first = this.#buffer.findIndex((one) => !isFree(one));
    const until = first < 0 ? this.#buffer.length : first;
    const taken =
      first < 0 || ordered
        ? this.#buffer.slice(0, Math.min(most, until))
        : this.#buffer.filter(isFree).slice(0, most);
    const gone = new Set(taken);
    this.#buffer = this.#buffer.filter((one) => !gone.has(one));
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken;
  }

  back(deliveries: readonly AmqpDelivery[]): void {
    const alive = deliveries.filter(({ channel }) => channel === this.#channel);
    for (const { bytes } of alive) this.#bytes += bytes;
    this.#buffer = [...alive, ...this.#buffer].sort((left, right) => left.tag - right.tag);
    if (alive.length > 0) this.#input.stir();
  }

  /** On a channel that is lost there is nothing to acknowledge: the broker asks again, and the inbox knows. */
  acknowledge(deliveries: readonly AmqpDelivery[]): void {
    const channel = this.#channel;
    const tags = deliveries
      .filter((one) => one.channel === channel)
      .map(({ tag }) => tag)
      .sort((left, right) => left - right);
    const last = tags.at(-1);
    if (!channel?.active || last === undefined) return;
    const first = [...this.#outstanding.values().take(tags.length)];
    const areFirst = tags.every((tag, at) => tag === first[at]);
    for (const tag of tags) this.#outstanding.delete(tag);
    try {
      if (areFirst) channel.basicAck({ deliveryTag: last, multiple: true });
      else for (const tag of tags) channel.basicAck({ deliveryTag: tag });
    } catch (error) {
      this.#input.log.debug({ reason: messageOf(error) }, 'an acknowledgement was lost');
    }
    if (this.#waitsForRoom && this.#bytes < BYTES_MAX / 2) void this.#resume();
  }

  /** Closes the channel, so that the broker gives what is outstanding to others. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#opening) await waitAtMost(this.#opening, CLOSE_PATIENCE_MS);
    const channel = this.#channel;
    this.#forget();
    if (channel) await waitAtMost(channel.close(), CLOSE_PATIENCE_MS);
  }

  async #connect(): Promise<void> {
    const { client, establish, prefetch, queue } = this.#input;
    await establish();
    const channel = await client.channel();
    channel.once('close', () => {
      if (this.#channel === channel) this.#forget();
    });
    // The queue was deleted.
    channel.once('basic.cancel', () => void channel.close());
    try {
      await channel.basicQos({ prefetchCount: prefetch });
      const { messageCount } = await channel.queueDeclare({ queue, passive: true });
      const left = Math.min(messageCount, prefetch);
      this.#burst = { left, untilMs: performance.now() + BURST_PATIENCE_MS };
      this.#channel = channel;
      await this.#consume(channel);
    } catch (error) {
      this.#forget();
      await channel.close().catch(() => {});
      throw error;
    }
    if (this.#closed || !channel.active) {
      this.#forget();
      await channel.close();
    }
  }

  async #consume(channel: Channel): Promise<void> {
    this.#tag = uuidV7();
    await consumeOn(channel, { queue: this.#input.queue, tag: this.#tag }, (message) =>
      this.#hear(message, channel),
    );
  }

  #hear(message: AsyncMessage, channel: Channel): void {
    if (this.#channel !== channel) return;
    const delivery = this.#input.read(message, channel);
    this.#outstanding.add(delivery.tag);
    this.#buffer.push(delivery);
    this.#bytes += delivery.bytes;
    if (this.#burst) this.#burst.left -= 1;
    if (this.#bytes > BYTES_MAX && !this.#waitsForRoom) this.#pause(channel);
    this.#input.stir();
  }

  #pause(channel: Channel): void {
    const consumerTag = this.#tag;
    if (consumerTag === undefined) return;
    this.#waitsForRoom = true;
    // What is already on its way comes before the answer, and is heard.
    channel.basicCancel({ consumerTag }).catch(() => {});
  }

  async #resume(): Promise<void> {
    const channel = this.#channel;
    this.#waitsForRoom = false;
    if (!channel) return;
    await this.#consume(channel).catch(() => channel.close());
  }

  #forget(): void {
    this.#channel = undefined;
    this.#tag = undefined;
    this.#burst = undefined;
    this.#waitsForRoom = false;
    this.#buffer = [];
    this.#bytes = 0;
    this.#outstanding.clear();
  }
}
