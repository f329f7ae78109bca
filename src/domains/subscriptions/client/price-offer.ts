import {
  agreedMove,
  type CardCase,
  laterOf,
  type Plan,
  type PlannedMove,
} from '#subscriptions/cards';
import type { Speech } from '#subscriptions/speech';
import type { AgreedText } from './agreed-text.ts';
import { dayOf, nextCharge } from './say-holding.ts';

/** A price that waits for a yes; undefined where none does. */
export function moveToAgree({ endedAt, move, priced }: CardCase): PlannedMove | undefined {
  const waits = move?.consent === 'required' && !move.agreed;
  return waits && endedAt === null && !priced.endsWithPeriod ? move : undefined;
}

/** What a newer price comes to: from when on, what is charged next, what happens without a yes, and the words that are agreed to. */
export function priceOffer(
  speech: Speech,
  about: { readonly one: CardCase; readonly move: PlannedMove; readonly plan: Plan | undefined },
): AgreedText {
  const { move, one, plan } = about;
  const { say } = speech;
  const agreed = agreedMove(one, move);
  const later = laterOf(one, agreed);
  const day = dayOf(speech, one, later.from);
  const { price: old, quantity } = one.priced.selection;
  const priced = (amountMinor: bigint, { currency, interval }: typeof old) =>
    say('pay.price', {
      amount: speech.money(amountMinor, currency),
      interval: speech.interval(interval),
    });
  const price = priced(later.amountMinor, move.price);
  const next = nextCharge(speech, { ...one, move: agreed });
  return {
    title: say('price.title', { title: plan?.title ?? old.plan }),
    facts: [
      [say('price.until'), priced(old.unitPriceMinor * BigInt(quantity), old)],
      [say('price.from', { day }), price],
      ...(next
        ? ([[say('price.next', { day: dayOf(speech, one, next.at) }), next.amount]] as const)
        : []),
    ],
    notes: [move.without === 'end' ? say('price.without_end', { day }) : say('price.without_keep')],
    consent: say('price.consent', { day, price }),
    button: say('price.agree', { price }),
    ...{ price, terms: plan?.texts.terms },
  };
}
