import type { Feed, StatusMessage } from './order.ts';

/** How the ERP hears and speaks. Whoever wires it hands one in: Kopek's own bus, RabbitMQ, Kafka, or an array. */
export interface ErpTransport {
  /**
   * Begins to listen. `take` gets the parsed messages of the topic of new payouts; when it resolves they stand in the
   * book, when it rejects they are to be delivered again. While `isHere` answers false nothing is to be delivered.
   */
  take(
    take: (messages: readonly unknown[]) => Promise<void>,
    isHere: () => boolean,
  ): Promise<void> | void;
  /** Resolves when the statuses are stored where the other side will find them, in their order. */
  tell(feed: Feed, statuses: readonly StatusMessage[]): Promise<void>;
  close(): Promise<void>;
}

export interface TopicNames {
  readonly newPayout: string;
  readonly ard: string;
  readonly oebs: string;
}

export function topicNames(prefix: string): TopicNames {
  return {
    newPayout: `${prefix}.oebs.new-payout`,
    ard: `${prefix}.oebs.payout-status-ard`,
    oebs: `${prefix}.oebs.payout-status-oebs`,
  };
}
