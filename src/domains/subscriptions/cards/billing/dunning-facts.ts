import type { Tx } from '#database';
import { type CardCase, type CardDecline, openBillOf } from '#subscriptions/cards/card-case';
import type { Plan } from '#subscriptions/cards/plans';
import type { CardHistory, DunningFacts } from '#subscriptions/dunning';
import { subscriptionId } from '#subscriptions/subscription';
import { findCardHistory, findDeclines } from './decline-store.ts';

/** What is known of declines: of the open bills, and of the cards that would be charged. */
export interface DeclineBook {
  of(one: CardCase): readonly CardDecline[];
  history(fingerprint: string): readonly Date[];
  add(decline: CardDecline): void;
}

/** For where nothing is charged: whoever would be waits until it is looked up. */
export const NO_DECLINES: DeclineBook = { of: () => [], history: () => [], add: () => {} };

const HISTORY_MS = 31 * 24 * 3_600_000;

/** Two statements for a whole set. */
export async function readDeclines(
  tx: Tx,
  cases: readonly CardCase[],
  now: Date,
): Promise<DeclineBook> {
  const bills = cases.flatMap((one) => {
    const bill = openBillOf(one);
    return bill?.firstDeclinedAt ? [{ ...one.key, number: bill.number }] : [];
  });
  const fingerprints = cases.flatMap(({ card }) => (card ? [card.fingerprint] : []));
  const declines = [...(await findDeclines(tx, bills))];
  const since = new Date(now.getTime() - HISTORY_MS);
  const known = await findCardHistory(tx, { fingerprints, since, now });
  const history = new Map([...known].map(([fingerprint, at]) => [fingerprint, [...at]]));
  return {
    of: ({ bill, key }) =>
      declines.filter(
        (one) =>
          one.bill.id === key.id &&
          one.bill.customerId === key.customerId &&
          one.bill.number === bill?.number,
      ),
    history: (fingerprint) => history.get(fingerprint) ?? [],
    add(decline) {
      declines.push(decline);
      const { at, fingerprint } = decline;
      history.set(fingerprint, [...(history.get(fingerprint) ?? []), at]);
    },
  };
}

export function dunningFacts(
  one: CardCase,
  plan: Plan,
  { book, now }: { readonly book: DeclineBook; readonly now: Date },
): DunningFacts {
  const card = one.card && historyOf(one.card, book);
  return {
    subscription: subscriptionId(one.key),
    timeZone: plan.timeZone,
    firstDeclinedAt: one.bill?.firstDeclinedAt ?? now,
    declines: book.of(one),
    ...(card ? { card } : {}),
  };
}

function historyOf(card: NonNullable<CardCase['card']>, book: DeclineBook): CardHistory {
  const { brand, fingerprint } = card;
  return { fingerprint, brand, declinedAt: book.history(fingerprint) };
}
