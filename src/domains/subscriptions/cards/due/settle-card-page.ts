import type { Tx } from '#database';
import { type PaymentResponse, parsePaymentId } from '#payments';
import { findChargedCards } from '#subscriptions/cards/billing';
import { openBillOf } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import { beginWork, lockCases, tryWaiting } from '#subscriptions/cards/cases';
import {
  isAlive,
  parseSubscriptionId,
  type SubscriptionKey,
  subscriptionId,
} from '#subscriptions/subscription';

/**
 * A card that its holder has left by a payment of the smallest amount: it is charged from now on, and the payment goes back. A bill
 * that was opened meanwhile is tried with it at once.
 */
export async function settleCardPage(
  context: CardContext,
  tx: Tx,
  responses: readonly PaymentResponse[],
): Promise<void> {
  const accepted = responses.filter(({ outcome }) => outcome === 'accepted');
  if (accepted.length === 0) return;
  const keys = accepted.map(({ reference }) =>
    parseSubscriptionId(reference.slice(0, reference.lastIndexOf('/'))),
  );
  const cases = await lockCases(tx, keys);
  const byName = new Map(cases.map((one) => [subscriptionId(one.key), one]));
  const work = await beginWork(context, tx, cases);
  const cards = await findChargedCards(context, tx, accepted);
  for (const [index, response] of accepted.entries()) {
    const key = keys[index];
    const one = key && byName.get(subscriptionId(key));
    const card = response.card === undefined ? undefined : cards.get(response.card);
    if (key && !one) await settleSwitchPage(context, tx, { key, response });
    // What was paid after the end is given back by payments, since it was withdrawn.
    if (!one || !isAlive(one.status)) continue;
    const { id: cardPayment } = parsePaymentId(response.payment);
    if (one.cardPayment !== null && cardPayment <= one.cardPayment) continue;
    const bill = openBillOf(one);
    const tried = bill && {
      ...{ ...bill, nextAttemptAt: work.now, nextBecause: 'new_card' as const },
    };
    const kept = work.keep({
      ...{ ...one, cardPayment, card: card ?? one.card },
      bill: (card && tried) ?? one.bill,
    });
    byName.set(subscriptionId(one.key), kept);
    if (card) work.tell.event(kept, work.planOf(one), { event: 'card_changed' });
    const amountMinor = BigInt(response.amount_minor);
    work.refund({
      one: kept,
      payment: response.payment,
      amountMinor,
      reason: 'the card was only tried',
    });
  }
  await work.write(tx);
}

/** Of one that an operator charges so far: the card for which its switch waits. What tried it goes back in any case. */
async function settleSwitchPage(
  { clock, payments }: CardContext,
  tx: Tx,
  { key, response }: { readonly key: SubscriptionKey; readonly response: PaymentResponse },
): Promise<void> {
  const { card, payment } = response;
  if (card !== undefined) await tryWaiting(tx, { key, card, at: clock.now() });
  const { amountMinor, refundedMinor } = await payments.report(tx, payment);
  if (refundedMinor >= amountMinor) return;
  await payments.refund(tx, { payment, amountMinor, reason: 'the card was only tried' });
}
