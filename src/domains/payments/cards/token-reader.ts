import { createBatcher } from '#batch';
import type { Database } from '#database';
import type { CardKey, SavedCards } from './saved-cards.ts';

/** Undefined for a card that was removed. */
export type TokenReader = (customerId: bigint, cardId: bigint) => Promise<string | undefined>;

/** As many as a worker begins at once. */
const TOKENS_MOST = 256;

/** Tokens of saved cards, read in sets: charges that begin side by side ask together. */
export function createTokenReader({
  cards,
  database,
}: {
  readonly cards: Pick<SavedCards, 'tokensOf'>;
  readonly database: Database;
}): TokenReader {
  const batcher = createBatcher<CardKey, string | undefined>({
    ...{ itemsMax: TOKENS_MOST, flush: (keys) => cards.tokensOf(database.pool, keys) },
  });
  return (customerId, id) => batcher.add({ customerId, id });
}
