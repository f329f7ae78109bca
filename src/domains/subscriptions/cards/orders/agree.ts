import type { Tx } from '#database';
import { must } from '#errors';
import { paymentId } from '#payments';
import type { CardContext } from '#subscriptions/cards/card-context';
import { readCases } from '#subscriptions/cards/cases';
import { lockCustomersByMsisdn } from '#subscriptions/consent-store';
import { billReference, subscriptionId } from '#subscriptions/subscription';
import type { StartConsent, Started } from './order.ts';
import { orderIdOf, type PayPage } from './pay-page.ts';
import { startCase } from './start-case.ts';

/**
 * A yes on the page of an order. Its number stands in the page, so whoever presses twice, at once or after he has paid, is led to
 * the one payment. Throws as `startCase` does.
 */
export async function agreeToPage(
  context: CardContext,
  tx: Tx,
  agreed: {
    readonly page: Extract<PayPage, { readonly page: 'order' }>;
    readonly consent: StartConsent;
  },
): Promise<Pick<Started, 'payment' | 'subscription'>> {
  const { consent, page } = agreed;
  const { order } = page;
  const [customer] = await lockCustomersByMsisdn(tx, [order.msisdn], context.clock.now());
  must(customer, 'a customer was made for the number');
  const key = { customerId: customer.id, id: orderIdOf(page) };
  const [before] = await readCases(tx, [key]);
  if (!before) return startCase(context, tx, { id: key.id, order, consent });
  const [first] = await context.payments.of(key.customerId, [billReference(key, 0)]);
  must(first, 'what was agreed to has its first payment');
  return { subscription: subscriptionId(key), payment: paymentId(key.customerId, first.id) };
}
