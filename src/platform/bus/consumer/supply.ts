import type { TakenRow } from '#bus/store';
import type { Tx } from '#database';

/**
 * Where one loop of a consumer has its messages from. To take is part of the transaction that handles them: a row
 * is deleted, or what makes a redelivery harmless is written. One transaction at a time.
 */
export interface Supply {
  /** Before each take of at most `most`: what has to be done, or kept alive, outside of its transaction. */
  keep(most: number): Promise<void>;
  /** Takes at most `most` messages, due ones included, in the order in which they are to be handled. */
  take(tx: Tx, most: number): Promise<TakenRow[]>;
  /** Takes some of what was taken in a transaction that failed, as far as it is still as it was. */
  takeAgain(tx: Tx, rows: readonly TakenRow[]): Promise<TakenRow[]>;
  /** The transaction of the last take has committed. */
  committed(): void;
  /** It was rolled back, or nobody knows. */
  rolledBack(): void;
  /** The turn is over: what is in hand and was not done may be taken again. */
  putBack(): void;
  release(): Promise<void>;
}

/** What the loops of one consumer share. */
export interface Source {
  /** The supply of the loop that is known as `owner`. */
  open(owner: string): Supply;
  /** After all supplies were released. */
  close(): Promise<void>;
}

export function byId(left: TakenRow, right: TakenRow): number {
  if (left.slot !== right.slot) return left.slot - right.slot;
  return left.id < right.id ? -1 : left.id > right.id ? 1 : 0;
}
