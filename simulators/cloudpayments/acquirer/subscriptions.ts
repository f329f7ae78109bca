import type { Acquirer, Caller, Site } from './acquirer.ts';
import { recurrentFields } from './news.ts';
import { pay } from './payment.ts';
import type { Notification, Subscription } from './records.ts';
import { periodStart } from './subscription-start.ts';

const dayMs = 86_400_000;
/** The third refusal in a row ends it. */
const failuresMax = 3;

/** The gateway's own subscriptions: it charges for them by its clock. */
export function runSubscriptions(acquirer: Acquirer): void {
  acquirer.onSubscription = (subscription) => watch(acquirer, subscription);
  for (const subscription of acquirer.store.subscriptions.values()) watch(acquirer, subscription);
}

function watch(acquirer: Acquirer, { id, nextMs }: Subscription): void {
  if (nextMs === null) return;
  acquirer.clock.at(nextMs, async () => {
    const subscription = acquirer.store.subscriptions.get(id);
    const site = acquirer.sites.get(subscription?.site ?? '');
    // Changed meanwhile: whoever changed it has had it watched anew.
    if (!site || subscription?.nextMs !== nextMs) return;
    await charge(acquirer, site, subscription);
  });
}

async function charge(acquirer: Acquirer, site: Site, subscription: Subscription): Promise<void> {
  const token = acquirer.store.tokens.get(subscription.token);
  if (token === undefined) return;
  let told: Promise<unknown> = Promise.resolve();
  const caller: Caller = {
    ...{ acquirer, site },
    settle: (answer, change) => {
      // It may have been cancelled while the merchant was asked.
      const current = acquirer.store.subscriptions.get(subscription.id) ?? subscription;
      const changed = afterCharge(current, answer.success, acquirer.clock.now());
      const news = newsOf(acquirer, site, current, changed);
      const notifications = [...(change.notifications ?? []), ...news];
      told = acquirer.settle({ ...change, subscriptions: [changed], notifications });
      return answer;
    },
  };
  const { accountId, amountMinor, currency, cultureName, description, email, id } = subscription;
  const order = {
    ...{ accountId, amountMinor, currency, cultureName, description, email, subscriptionId: id },
    ...{ invoiceId: null, jsonData: null, ipAddress: null, name: null, saveCard: false },
    twoStage: subscription.requireConfirmation,
    initiator: 0 as const,
  };
  await pay(caller, order, { card: token.card, token });
  await told;
}

function afterCharge(subscription: Subscription, isPaid: boolean, nowMs: number): Subscription {
  const isRunning = subscription.status === 'Active' || subscription.status === 'PastDue';
  if (isPaid) {
    const successful = subscription.successful + 1;
    const periods = subscription.periods + 1;
    const isOver = subscription.maxPeriods !== null && successful >= subscription.maxPeriods;
    const paid = { ...subscription, successful, periods, failed: 0, lastMs: nowMs };
    if (!isRunning) return paid;
    if (isOver) return { ...paid, status: 'Expired', nextMs: null };
    return { ...paid, status: 'Active', nextMs: periodStart(subscription, periods) };
  }
  const failed = subscription.failed + 1;
  if (!isRunning) return { ...subscription, failed };
  if (failed >= failuresMax) return { ...subscription, failed, status: 'Rejected', nextMs: null };
  return { ...subscription, failed, status: 'PastDue', nextMs: nowMs + dayMs };
}

/** Only a change of its status is told. */
export function newsOf(
  acquirer: Acquirer,
  site: Site,
  before: Subscription | undefined,
  after: Subscription,
): readonly Notification[] {
  if (before?.status === after.status) return [];
  const about = { id: null, invoiceId: null };
  return acquirer.notifier.make(site, 'Recurrent', about, recurrentFields(after));
}
