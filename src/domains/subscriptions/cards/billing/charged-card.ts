import type { Executor } from '#database';
import { parseId } from '#ids';
import type { PaymentResponse, SavedCardView } from '#payments';
import type { ChargedCard } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';

/** The cards that were charged or newly kept, by `card_…`: one question for all. */
export async function findChargedCards(
  { payments }: CardContext,
  executor: Executor,
  responses: readonly PaymentResponse[],
): Promise<ReadonlyMap<string, ChargedCard>> {
  const named = responses.flatMap(({ card, outcome }) =>
    card !== undefined && outcome === 'accepted' ? [parseId('card', card)] : [],
  );
  if (named.length === 0) return new Map();
  const found = await payments.cards.find(executor, named);
  return new Map(found.map((card) => [card.card, toChargedCard(card.customerId, card)]));
}

/** A card without a fingerprint is known by its mask: among the cards of one customer that says enough. */
export function toChargedCard(customerId: bigint, card: SavedCardView): ChargedCard {
  const { brand, fingerprint, gateway, id, mask } = card;
  return { id, gateway, brand, mask, fingerprint: fingerprint ?? `${customerId}:${mask}` };
}
