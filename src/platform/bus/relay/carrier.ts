import type { EngineName } from '#bus/store';

/** A message on its way to a broker. */
export interface Departure {
  readonly lane: number;
  readonly id: bigint;
  readonly topic: string;
  /** 0 is taken first. */
  readonly class: number;
  readonly message_id: string;
  readonly key: string;
  /** As PostgreSQL writes it. */
  readonly published_at: string;
  readonly source: string;
  readonly traceparent: string | null;
  /** JSON. */
  readonly payload: string;
  readonly bytes: number;
  /** Within its lane it grows, and stays the same when the message is sent again. */
  readonly sequence: bigint;
}

/** A topic with all of its groups, in this process or another. */
export interface Route {
  readonly topic: string;
  readonly ordered: boolean;
  readonly priorities: number;
  readonly groups: readonly { readonly queue: number; readonly name: string }[];
}

/** Why a message is not with the broker. */
export interface Failure {
  readonly departure: Departure;
  readonly reason: string;
}

/** What a relay needs of a broker. */
export interface Carrier {
  readonly engine: Exclude<EngineName, 'postgres'>;
  /** Throws `unavailable` with the reason while the broker can't be worked with. */
  ready(): Promise<void>;
  /**
   * Makes sure that nothing which is sent from now on passes by one of the groups. Cheap when nothing is new. Throws
   * `broker_refuses` where not the broker is away, but something is wrong with one of the topics.
   */
  establish(routes: readonly Route[]): Promise<void>;
  /**
   * Sends in order per key and answers what was not confirmed; all else is stored by the broker. Throws when nobody
   * knows.
   */
  send(departures: readonly Departure[]): Promise<readonly Failure[]>;
}
