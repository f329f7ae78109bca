import type { ConsumeOptions, Group } from './bus.ts';
import type { Delivery, Feed } from './consumer/delivery.ts';
import type { Source } from './consumer/supply.ts';
import type { QueueRow } from './postgres/store.ts';
import type { Carrier } from './relay/carrier.ts';

/** A broker: it carries fresh messages. Everything else of a queue is in the database. */
export interface Engine extends Carrier {
  /** Fresh messages of `queue`, for one consumer. */
  openSource(input: SourceInput): Source;
  /** All that the broker has for `queue`, for whoever moves it elsewhere while no consumer runs. */
  openFeed(queue: QueueRow): Feed<Delivery> & { close(): Promise<void> };
  /** How many messages the broker has for each queue, those in our hand included. Throws when it is away. */
  depths(queues: readonly QueueRow[]): Promise<ReadonlyMap<number, number>>;
  close(): Promise<void>;
}

export interface SourceInput {
  readonly queue: QueueRow;
  readonly group: Group;
  readonly options: ConsumeOptions;
}
