import type { Tx } from '#database';
import type { Topic } from './topic.ts';

/** A message to be published. Its attributes follow CloudEvents 1.0: `id`, `time`, `subject` = key, `traceparent`. */
export interface Outgoing<Payload> {
  /** Groups what belongs together: a customer, a hit, a recipient. */
  readonly key: string;
  readonly payload: Payload;
  /** 0 is taken last. Only on topics that have priorities. */
  readonly priority?: number;
  /** Business time before which nobody sees it. Not on ordered topics. */
  readonly notBefore?: Date;
  /** A UUID; made when absent. */
  readonly id?: string;
  readonly traceparent?: string;
}

export interface Message<Payload> {
  /** The CloudEvents id (UUID): the same on every delivery. */
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly time: Date;
  readonly source: string;
  readonly traceparent: string | undefined;
  /** How often it has failed before. */
  readonly attempts: number;
  /** Parsed when first read. */
  readonly payload: Payload;
  /** The payload as it came (JSON), for handlers that hand it to SQL unread. */
  readonly text: string;
}

/**
 * What a handler says of one message; a message that it does not mention is done. On an ordered topic a `retry`
 * with a later message of its key done in the same batch rolls back: the batch is tried again in smaller parts.
 */
export type Verdict =
  | {
      readonly id: string;
      readonly verdict: 'retry';
      readonly reason: string;
      readonly delayMs?: number;
    }
  | { readonly id: string; readonly verdict: 'dead'; readonly reason: string };

/**
 * Does the work of a batch in `tx`, the very transaction that takes the messages off. Throwing puts all of
 * them back; the batch is then tried in halves until the message that fails stands alone.
 */
export type Handler<Payload> = (
  tx: Tx,
  messages: readonly Message<Payload>[],
) => Promise<void | readonly Verdict[]>;

/** A group that listens to a topic: each group gets every message, once in effect. */
export interface Group<Payload = unknown> {
  readonly topic: Topic<Payload>;
  readonly name: string;
  /** Attempts before a message goes to the dead letters. */
  readonly attemptsMax?: number;
}

export interface ConsumeOptions {
  readonly batchSize?: number;
  /** Batches handled at once by this process. */
  readonly concurrency?: number;
  /**
   * How many messages this process has room for now; asked before each take, 0 takes nothing for a moment.
   * For workers that hold what they took until a counterpart has answered.
   */
  readonly room?: () => number;
  /** How long to wait after a small batch for the next one to gather; nothing waits when nothing came before. */
  readonly lingerMs?: number;
  /** How long a handler may hold its locks. */
  readonly timeLimitMs?: number;
  readonly backoff?: { readonly firstMs: number; readonly factor: number; readonly mostMs: number };
}

export interface Consumer {
  /** Takes nothing new, and resolves when what is in hand is done or put back. */
  stop(): Promise<void>;
}

export interface QueueDepth {
  readonly topic: string;
  readonly group: string;
  readonly engine: BusCapabilities['engine'];
  readonly ready: number;
  readonly delayed: number;
  readonly dead: number;
  /** Age of the oldest message that could be taken now, in seconds of business time; 0 when none waits. */
  readonly oldestSeconds: number;
}

/** A message that could not be handled. */
export interface DeadLetter {
  readonly group: string;
  /** As its sender knows it. */
  readonly id: string;
  readonly source: string;
  readonly at: Date;
  readonly reason: string;
}

/** A broker, and what waits to be sent to it. */
export interface CarrierState {
  readonly engine: BusCapabilities['engine'];
  /** Why it can't be worked with. */
  readonly away: string | undefined;
  readonly unsent: number;
  /** Age of the oldest message that is not with it yet, in seconds of business time. */
  readonly lagSeconds: number;
}

/** What an engine can do; what it declares to lack is tested as lacking. */
export interface BusCapabilities {
  readonly engine: 'postgres' | 'amqp' | 'kafka';
  readonly priorities: boolean;
  readonly delays: boolean;
  readonly ordered: boolean;
}

/** The seam between the house and what carries its messages. */
export interface Bus {
  readonly capabilities: BusCapabilities;
  /** Makes known who listens to what. A topic that nobody listens to stores nothing. */
  declare(groups: readonly Group[]): Promise<void>;
  /** The messages exist if and only if `tx` commits. */
  publish<Payload>(
    tx: Tx,
    topic: Topic<Payload>,
    messages: readonly Outgoing<Payload>[],
  ): Promise<void>;
  /** Several topics in one round trip. */
  publishAll(tx: Tx, parcels: readonly Parcel[]): Promise<void>;
  /** Begins to consume at once; the group must have been declared. */
  consume<Payload>(
    group: Group<Payload>,
    options: ConsumeOptions,
    handler: Handler<Payload>,
  ): Consumer;
  depths(): Promise<readonly QueueDepth[]>;
  /** The brokers in use; none on PostgreSQL alone. */
  carriers(): Promise<readonly CarrierState[]>;
  /** Throws `unavailable` with the reason while a broker is away; publishing goes on meanwhile. */
  ready(): Promise<void>;
  /** The newest dead letters of `topic`, at most `limit`. */
  deadLetters(
    topic: string,
    options: { readonly group?: string; readonly limit: number },
  ): Promise<readonly DeadLetter[]>;
  /** Puts dead letters of `topic` back, oldest first, at most `limit`; answers how many. */
  redrive(
    topic: string,
    options: { readonly group?: string; readonly limit: number },
  ): Promise<number>;
  close(): Promise<void>;
}

/** Messages of one topic on their way; made by `parcel`, which keeps topic and payload together. */
export interface Parcel {
  readonly topic: Topic<unknown>;
  readonly messages: readonly Outgoing<unknown>[];
}

export function parcel<Payload>(
  topic: Topic<Payload>,
  messages: readonly Outgoing<Payload>[],
): Parcel {
  return { topic: topic as Topic<unknown>, messages };
}
