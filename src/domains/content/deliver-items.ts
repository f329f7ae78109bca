import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import { type IdSource, parseId } from '#ids';
import type { Sms } from '#sms';
import type { SubscriptionEvent, Subscriptions } from '#subscriptions';
import { hashOf, newSecret } from './link-secret.ts';
import { countDeliveries, insertDeliveries, type WantedDelivery } from './store.ts';
import { contentEvents } from './topics.ts';

export interface DeliverDependencies {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly sms: Pick<Sms, 'send'>;
  readonly subscriptions: Pick<Subscriptions, 'smsRoute' | 'texts'>;
  /** `KOPEK_PUBLIC_URL`: links in SMS begin with it. */
  readonly publicUrl: string;
}

/** A link that was not opened by then is dead; so is an SMS that did not get through. */
const LINK_LIFETIME_MS = 3 * 24 * 60 * 60_000;
/** 2 is for PINs: somebody waits for those at this moment. */
const SMS_PRIORITY = 1;

interface Paid extends WantedDelivery {
  readonly operator: string;
  /** With `%s` where the link goes. */
  readonly text: string;
  readonly secret: string;
}

/**
 * Delivers for every paid period among `events`: a delivery, its SMS and its event are one with `tx`. A bill
 * delivers once, however often it comes. A service without a text for content, or without items, delivers nothing.
 */
export async function deliverItems(
  dependencies: DeliverDependencies,
  tx: Tx,
  events: readonly SubscriptionEvent[],
): Promise<void> {
  const { bus, clock, publicUrl, sms, subscriptions } = dependencies;
  const wanted = await paidPeriods(dependencies, events);
  if (wanted.length === 0) return;
  const createdAt = clock.now();
  const expiresAt = new Date(createdAt.getTime() + LINK_LIFETIME_MS);
  const stored = await insertDeliveries(tx, { wanted, createdAt, expiresAt });
  const byBill = new Map(wanted.map((one) => [one.reference, one]));
  const delivered = stored.flatMap(({ reference, title }) => {
    const paid = byBill.get(reference);
    return paid ? [{ ...paid, title }] : [];
  });
  await sms.send(
    tx,
    delivered.map((one) => ({
      ...subscriptions.smsRoute(one),
      recipient: one.msisdn,
      body: one.text.replace('%s', () => `${publicUrl}/c/${one.secret}`),
      kind: 'content',
      priority: SMS_PRIORITY,
      reference: one.subscription,
      dedupeKey: `content:${one.reference}`,
      expiresAt,
    })),
  );
  const at = createdAt.toISOString();
  await bus.publishAll(tx, [
    parcel(
      contentEvents,
      delivered.map(({ customerId, msisdn, subscription, reference, title }) => ({
        key: customerId.toString(),
        payload: { event: 'delivered', msisdn, subscription, bill: reference, item: title, at },
      })),
    ),
  ]);
  await countDeliveries(
    tx,
    stored.map((one) => one.itemId),
  );
}

async function paidPeriods(
  { clock, ids, subscriptions }: DeliverDependencies,
  events: readonly SubscriptionEvent[],
): Promise<readonly Paid[]> {
  const paid = new Map<string, Paid>();
  for (const { event, bill, msisdn, operator, service, subscription } of events) {
    if ((event !== 'charged' && event !== 'renewed') || bill === undefined) continue;
    const text = (await subscriptions.texts(service))?.content;
    if (text === undefined) continue;
    const { customerId } = parseId('sub', subscription);
    const secret = newSecret();
    paid.set(bill, {
      ...{ customerId, id: ids.next(clock.nowMs()), reference: bill, tokenHash: hashOf(secret) },
      ...{ subscription, msisdn, service, operator, text, secret },
    });
  }
  return [...paid.values()];
}
