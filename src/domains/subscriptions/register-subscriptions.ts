import { parcel } from '#bus';
import type { Tx } from '#database';
import { parseId } from '#ids';
import { announce, type Context } from './context.ts';
import { insertSubscriptions } from './store.ts';
import { subscriptionId } from './subscription.ts';
import { firstCharges, type NewSubscription } from './topics.ts';

/**
 * A confirmed consent becomes a subscription's row. Its own step, so that a database that fails leaves the
 * consent in its queue and makes nothing twice.
 */
export async function registerSubscriptions(
  context: Context,
  tx: Tx,
  input: { readonly operator: string; readonly consents: readonly NewSubscription[] },
): Promise<void> {
  const { bus, clock, ids } = context;
  const now = clock.now();
  const rows = await insertSubscriptions(tx, {
    now,
    rows: input.consents.map((consent) => {
      const key = parseId('con', consent.consent, 'consent');
      return {
        customerId: key.customerId,
        id: ids.next(now.getTime()),
        consentCustomerId: key.customerId,
        consentId: key.id,
        operator: input.operator,
      };
    }),
  });
  if (rows.length === 0) return;
  const termsOf = await context.catalogue.versions(
    tx,
    rows.map((row) => ({ serviceId: row.service_id, version: row.terms_version })),
  );
  const announcement = announce(context, now);
  for (const row of rows) {
    const terms = termsOf(row.service_id, row.terms_version);
    announcement.event(row, terms, { event: 'created', status: row.status });
    announcement.status(row, row.status);
  }
  await announcement.publish(tx);
  const charges = rows.map((row) => ({
    key: row.customer_id.toString(),
    payload: { subscription: subscriptionId({ customerId: row.customer_id, id: row.id }) },
  }));
  await bus.publishAll(tx, [parcel(firstCharges(input.operator), charges)]);
}
