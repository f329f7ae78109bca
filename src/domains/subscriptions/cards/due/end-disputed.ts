import type { Tx } from '#database';
import type { PaymentDispute } from '#payments';
import type { CardContext } from '#subscriptions/cards/card-context';
import { beginWork, endCase, lockCases } from '#subscriptions/cards/cases';
import { isAlive, parseSubscriptionId } from '#subscriptions/subscription';

/** Why it ended: its payer's bank was asked to take a payment back. */
export const DISPUTED = 'dispute';

/**
 * A payer disputes what he has paid for a subscription: whichever period it was, he does not want it any more, unless the terms that
 * he agreed to keep it. Told again nothing happens, and a dispute that is won brings nothing back.
 */
export async function endDisputed(
  context: CardContext,
  tx: Tx,
  disputes: readonly PaymentDispute[],
): Promise<void> {
  const names = disputes.filter(isAgainstUs).map(({ reference }) => subscriptionOf(reference));
  const keys = [...new Set(names)].map(parseSubscriptionId);
  const cases = await lockCases(tx, keys);
  const work = await beginWork(context, tx, cases);
  for (const one of cases) {
    const plan = work.planOf(one);
    if (!isAlive(one.status) || plan.onDispute === 'keep') continue;
    const ending = { step: 'cancel', reason: DISPUTED, bill: 'void', event: 'cancelled' } as const;
    const ended = endCase(one, ending, work);
    work.tell.sms(ended, plan, { occasion: 'unsubscribed', fact: 'cancelled' });
  }
  await work.write(tx);
}

/** Some gateways tell of one only once it is lost. What is not of a subscription is somebody else's. */
function isAgainstUs({ kind, reference }: PaymentDispute): boolean {
  return (kind === 'opened' || kind === 'lost') && reference.startsWith('sub_');
}

/** Of a bill, and of a payment by which a card was left. */
function subscriptionOf(reference: string): string {
  return reference.slice(0, reference.lastIndexOf('/'));
}
