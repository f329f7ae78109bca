import type { Tx } from '#database';
import type { AppError } from '#errors';
import { paymentId } from '#payments';
import { fail } from '#subscriptions/errors';
import { FIRST_PAYMENT_HOURS, subscriptionId } from '#subscriptions/subscription';
import type { CardBill, CardCase } from './card-case.ts';
import { readBilledCases } from './case-store.ts';
import { CARD_TRIED_MINOR } from './open-cases.ts';
import type { Candidate, Started } from './order.ts';

const HOUR_MS = 3_600_000;

/**
 * Orders that were agreed to before: pressed again, each is the same subscription, or `subscription_ended`. By place. The customers
 * are locked.
 */
export async function findStarted(
  tx: Tx,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<number, Started | AppError>> {
  if (candidates.length === 0) return new Map();
  const cases = await readBilledCases(
    tx,
    candidates.map(({ key }) => ({ ...key, number: 0 })),
  );
  const caseOf = new Map(cases.map((one) => [subscriptionId(one.key), one]));
  const started = new Map<number, Started | AppError>();
  for (const { key, place } of candidates) {
    const one = caseOf.get(subscriptionId(key));
    if (one?.bill) started.set(place, startedOf(one, one.bill));
  }
  return started;
}

function startedOf(one: CardCase, bill: CardBill): Started | AppError {
  const subscription = subscriptionId(one.key);
  if (one.endedAt) return fail('subscription_ended', `${subscription} has ended: begin again.`);
  const { amountMinor, currency, lastPayment, pagePayment } = bill;
  const payment = pagePayment ?? paymentId(one.key.customerId, lastPayment ?? 0n);
  const asked = amountMinor > 0n ? amountMinor : CARD_TRIED_MINOR;
  const expiresAt = new Date(one.createdAt.getTime() + FIRST_PAYMENT_HOURS * HOUR_MS);
  return { subscription, payment, amountMinor: asked, currency, expiresAt };
}
