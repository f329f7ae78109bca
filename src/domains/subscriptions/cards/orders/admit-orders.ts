import type { Tx } from '#database';
import type { CardContext } from '#subscriptions/cards/card-context';
import { beginWork, endCase, lockCases } from '#subscriptions/cards/cases';
import { fail } from '#subscriptions/errors';
import { CARD } from '#subscriptions/sms-route';
import { type SubscriptionKey, subscriptionId } from '#subscriptions/subscription';
import { findAlive, findStopped, nameCustomers } from './customer-store.ts';
import type { Candidate, Verdicts } from './order.ts';

/**
 * Refuses those who may not begin: whose key is another's, whose number is never charged, who has said STOP since, who is subscribed
 * already. The customers are locked.
 */
export async function admitOrders(
  context: CardContext,
  tx: Tx,
  {
    candidates,
    verdicts,
  }: { readonly candidates: readonly Candidate[]; readonly verdicts: Verdicts },
): Promise<readonly Candidate[]> {
  await nameAll(tx, candidates, verdicts);
  const named = candidates.filter(({ place }) => !verdicts.isRefused(place));
  const listed = await context.operators.listed(
    tx,
    named.map(({ order }) => order.msisdn),
  );
  const stopped = await findStopped(
    tx,
    named.map(({ consent, key, plan }) => ({
      ...{ customerId: key.customerId, serviceId: plan.serviceId, since: consent.confirmedAt },
    })),
  );
  for (const [at, { order, place }] of named.entries()) {
    if (listed.get(order.msisdn) === 'blacklist')
      verdicts.refuse(place, fail('number_blacklisted', 'This number is never charged.'));
    else if (stopped.has(at)) {
      const why = 'STOP was said after this consent: ask for a new one.';
      verdicts.refuse(place, fail('consent_withdrawn', why));
    }
  }
  const free = named.filter(({ place }) => !verdicts.isRefused(place));
  await mustNotBeSubscribed(context, tx, free, verdicts);
  return free.filter(({ place }) => !verdicts.isRefused(place));
}

/** One key is one customer's, in this list too. */
async function nameAll(
  tx: Tx,
  candidates: readonly Candidate[],
  verdicts: Verdicts,
): Promise<void> {
  const refuse = ({ order, place }: Candidate) => {
    const message = 'must be the key that this number came with before';
    const why = `user ${order.user} and this number are of two customers.`;
    verdicts.refuse(place, fail('user_is_another', why, { faults: [{ field: 'user', message }] }));
  };
  const userOf = new Map<bigint, string | undefined>();
  const customerOf = new Map<string, bigint>();
  const names = new Map<bigint, Candidate>();
  for (const one of candidates) {
    const { customerId } = one.key;
    const { user } = one.order;
    const known = userOf.get(customerId);
    const isAnothers = user !== undefined && (customerOf.get(user) ?? customerId) !== customerId;
    if (isAnothers || (user !== undefined && known !== undefined && known !== user)) {
      refuse(one);
      continue;
    }
    if (user !== undefined) customerOf.set(user, customerId);
    userOf.set(customerId, user ?? known);
    if (!names.has(customerId) || user !== undefined) names.set(customerId, one);
  }
  const fitting = await nameCustomers(
    tx,
    [...names].map(([id, { order }]) => ({ id, user: order.user, email: order.email })),
  );
  for (const one of candidates)
    if (!verdicts.isRefused(one.place) && !fitting.has(one.key.customerId)) refuse(one);
}

async function mustNotBeSubscribed(
  context: CardContext,
  tx: Tx,
  candidates: readonly Candidate[],
  verdicts: Verdicts,
): Promise<void> {
  const nameOf = (customerId: bigint, serviceId: number) => `${customerId}/${serviceId}`;
  const alive = await findAlive(
    tx,
    candidates.map(({ key, plan }) => ({
      customerId: key.customerId,
      serviceId: plan.serviceId,
    })),
  );
  const aliveOf = new Map(alive.map((row) => [nameOf(row.customer_id, row.service_id), row]));
  const begun = new Set<string>();
  const replaced: SubscriptionKey[] = [];
  for (const { key, order, place, plan } of candidates) {
    const name = nameOf(key.customerId, plan.serviceId);
    const before = aliveOf.get(name);
    const isOpen = before?.status === 'pending' && before.operator === CARD;
    if (begun.has(name) || (before && !isOpen)) {
      const known = before && subscriptionId({ customerId: key.customerId, id: before.id });
      const why = `${order.msisdn} has ${plan.title} already${known ? `: ${known}` : ''}.`;
      const details = known ? { details: { subscription: known } } : {};
      verdicts.refuse(place, fail('already_subscribed', why, details));
      continue;
    }
    begun.add(name);
    if (before) replaced.push({ customerId: key.customerId, id: before.id });
  }
  if (replaced.length > 0) await replace(context, tx, replaced);
}

/** Who comes again while his first payment is incomplete begins again: the page before is closed. */
async function replace(
  context: CardContext,
  tx: Tx,
  keys: readonly SubscriptionKey[],
): Promise<void> {
  const cases = await lockCases(tx, keys);
  const work = await beginWork(context, tx, cases);
  for (const one of cases)
    endCase(one, { step: 'cancel', reason: 'replaced', bill: 'void', event: 'cancelled' }, work);
  await work.write(tx);
}
