import type { Clock } from '#clock';
import type { Database } from '#database';
import type { IdSource } from '#ids';
import type { Ledger } from '#ledger';
import type { Log } from '#log';
import type { Recorder } from '#payments/charging';
import type { CardTeller } from './card-teller.ts';

/** What became of one piece of news, in a word for its row. */
export type Applied =
  | 'accepted'
  | 'authorized'
  | 'again'
  | 'conflict'
  | 'declined'
  | 'disputed'
  | 'ignored'
  | 'refunded'
  | 'registered'
  | 'surplus'
  | 'unknown_order'
  | 'voided'
  | 'warned'
  /** It can't be applied yet: what it is about is in somebody's hand. */
  | 'later';

export interface NewsContext {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly ledger: Ledger;
  /** Writes outcomes down for a gateway, with all that follows from them. */
  readonly recorderOf: (gateway: string) => Recorder;
  readonly teller: CardTeller;
}
