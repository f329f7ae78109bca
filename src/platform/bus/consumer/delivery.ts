import type { Tx } from '#database';

/** A message as a broker delivered it: held here until it was taken in a transaction and acknowledged. */
export interface Delivery {
  /** Its class; in an ordered queue its lane. */
  readonly slot: number;
  /** A UUID: of a foreign id, what it is stored under. */
  readonly messageId: string;
  readonly key: string;
  /** ISO 8601. */
  readonly publishedAt: string;
  readonly source: string;
  readonly traceparent: string | undefined;
  /** JSON. */
  readonly payload: string;
  readonly bytes: number;
  /** Why no handler can have it: foreign, and no JSON or of another shape. */
  readonly fault: string | undefined;
  /** The broker may have delivered it before, so that it may have killed who had it. */
  readonly redelivered: boolean;
}

/** What `mark` says of the deliveries that it was asked for. */
export interface Marked<One extends Delivery> {
  /** Those that had not been taken before, in their order, with an id for the tables. */
  readonly fresh: readonly { readonly delivery: One; readonly id: bigint }[];
  /** Messages among them that may have killed a consumer. */
  readonly suspected: ReadonlySet<string>;
  readonly pid: number;
}

/** What a broker has sent ahead for one loop of a consumer, bounded by count and by bytes. */
export interface Feed<One extends Delivery> {
  /** Leases and subscriptions, renewed. Throws what is transient. */
  keep(): Promise<void>;
  /** False for a moment at the start, until it is known of each class whether the broker has messages of it. */
  settled(): boolean;
  /** By class: whether anything waits here. */
  waiting(): readonly boolean[];
  /** Redelivered messages that nobody has asked about yet. */
  unverified(): readonly One[];
  verified(deliveries: readonly One[]): void;
  /** Takes out at most `most`: classes by their turn, lanes in their order. They are in the caller's hand now. */
  reserve(most: number): readonly One[];
  /** Puts back what was reserved and not done, in its place. */
  back(deliveries: readonly One[]): void;
  /** Writes what makes a redelivery harmless. Throws what is transient when another has taken over. */
  mark(tx: Tx, deliveries: readonly One[]): Promise<Marked<One>>;
  /** Their transaction has committed: acknowledges them. */
  done(deliveries: readonly One[]): void;
  release(): Promise<void>;
}
