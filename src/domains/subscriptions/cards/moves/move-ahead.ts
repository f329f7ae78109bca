import type { CardCase } from '#subscriptions/cards/card-case';
import type { Work } from '#subscriptions/cards/cases';
import { type Command, type CommandResult, done, refused } from '#subscriptions/cards/command';
import { agreedMove, effectiveAt } from '#subscriptions/cards/plans';

/** His new yes to the price that he was told of; the consent is written down. */
export function agreeToMove(
  one: CardCase,
  { consent, version }: Command,
  work: Work,
): readonly [CardCase | undefined, CommandResult] {
  const { move } = one;
  if (!consent) return [undefined, refused('consent_missing')];
  if (move?.consent !== 'required' || move.agreed) return [undefined, refused('nothing_to_agree')];
  if (version !== move.price.version) return [undefined, refused('terms_outdated')];
  const agreed = agreedMove(one, move);
  const kept = work.keep({ ...one, move: agreed });
  work.tell.event(kept, work.planOf(kept), {
    ...{ event: 'price_agreed', later: laterOf(kept, agreed) },
  });
  return [kept, done('agreed')];
}

/** Nobody who has not agreed pays more: this one stays with what he has. */
export function keepOldPrice(one: CardCase, work: Work): CardCase {
  const kept = work.keep({ ...one, move: null });
  work.tell.event(kept, work.planOf(kept), { event: 'price_kept', reason: 'not_agreed' });
  return kept;
}

/** Nor this one, and the old price is not to be had any more: it ends with what was paid. */
export function endUnagreed(one: CardCase, work: Work): CardCase {
  const priced = { ...one.priced, endsWithPeriod: true, scheduled: undefined };
  const kept = work.keep({ ...one, priced });
  const plan = work.planOf(kept);
  work.tell.event(kept, plan, { event: 'cancel_planned', reason: 'price_not_agreed' });
  const fact = `price-${one.move?.price.version}`;
  work.tell.sms(kept, plan, { occasion: 'cancel_planned', fact });
  return kept;
}

/** What his whole period costs from when on, before coupons. */
export function laterOf({ priced }: CardCase, { from, price }: NonNullable<CardCase['move']>) {
  const { quantity } = priced.scheduled ?? priced.selection;
  return {
    amountMinor: price.unitPriceMinor * BigInt(quantity),
    currency: price.currency,
    from: effectiveAt(priced, from),
  };
}
