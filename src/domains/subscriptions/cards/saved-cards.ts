import type { Executor, Tx } from '#database';
import type { SavedCardView } from '#payments';
import { billReference } from '#subscriptions/subscription';
import { toChargedCard } from './billing/index.ts';
import type { CardCase } from './card-case.ts';
import { openBillOf } from './card-case.ts';
import type { CardContext } from './card-context.ts';
import { beginWork, lockCasesOf } from './cases/index.ts';

interface Act {
  readonly customerId: bigint;
  readonly card: string;
  readonly actor: string;
}

/** What is alive of this customer is charged to this card from now on; what is owed is tried with it at once. */
export async function makeDefaultCard(context: CardContext, tx: Tx, act: Act): Promise<void> {
  const cases = await lockCasesOf(tx, act.customerId);
  const work = await beginWork(context, tx, cases);
  await context.payments.cards.makeDefault(tx, act);
  const card = await cardNamed(context, tx, act);
  if (!card) return;
  const charged = toChargedCard(act.customerId, card);
  for (const one of cases) {
    if (one.status === 'pending' || one.card?.id === charged.id) continue;
    const kept = work.keep({ ...one, card: charged, bill: tryNow(one, work.now) });
    work.tell.event(kept, work.planOf(kept), { event: 'card_changed' });
  }
  await work.write(tx);
}

/**
 * Takes a card away: it is never charged again, and what was planned on it ends in this very transaction. What was charged to it is
 * charged to the customer's default card from now on; where he has none he is asked for one when money is due.
 */
export async function removeCard(
  context: CardContext,
  tx: Tx,
  act: Act & { readonly reason: string },
): Promise<{ readonly withdrawn: readonly string[] }> {
  const cases = await lockCasesOf(tx, act.customerId);
  const work = await beginWork(context, tx, cases);
  const before = await cardNamed(context, tx, act);
  const { withdrawn } = await context.payments.cards.remove(tx, act);
  const left = await context.payments.cards.list(tx, act.customerId);
  const next = left.find((card) => card.isDefault);
  for (const one of cases) {
    if (one.card === null || one.card.id !== before?.id) continue;
    const card = next ? toChargedCard(act.customerId, next) : null;
    const isFree = withdrawn.includes(referenceOf(one));
    const bill = tryNow(isFree ? freed(one) : one, work.now);
    const kept = work.keep({ ...one, card, bill });
    work.tell.event(kept, work.planOf(kept), { event: 'card_removed' });
  }
  await work.write(tx);
  return { withdrawn };
}

async function cardNamed(
  { payments }: CardContext,
  executor: Executor,
  { card, customerId }: Act,
): Promise<SavedCardView | undefined> {
  const cards = await payments.cards.list(executor, customerId);
  return cards.find((one) => one.card === card);
}

/** The open bill of which nothing is under way is looked at now, with the card that is there now. */
function tryNow(one: CardCase, now: Date): CardCase['bill'] {
  const bill = openBillOf(one);
  if (!bill || bill.isUnderWay || bill.kind === 'change') return one.bill;
  return { ...bill, nextAttemptAt: now, nextBecause: 'new_card' };
}

function freed(one: CardCase): CardCase {
  const { bill } = one;
  return bill ? { ...one, bill: { ...bill, isUnderWay: false, pagePayment: null } } : one;
}

function referenceOf({ bill, key }: CardCase): string {
  return bill ? billReference(key, bill.number) : '';
}
