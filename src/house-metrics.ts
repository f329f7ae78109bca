import { addCardMetrics } from '#payments';
import { addAttentionMetrics } from '#staff';
import type { House } from './house.ts';

const DEPTHS_FRESH_MS = 500;

/** What only the whole house knows: how full its queues are, and what nobody knows yet. Read when scraped. */
export function addHouseMetrics(house: House): void {
  const { bus, database, metrics, payments, subscriptions } = house;
  // One scrape asks twice within a moment; a queue of hundreds of thousands is counted once for both.
  let asked: { readonly depths: ReturnType<typeof bus.depths>; readonly atMs: number } | undefined;
  const depths = () => {
    if (!asked || performance.now() - asked.atMs > DEPTHS_FRESH_MS) {
      asked = { depths: bus.depths(), atMs: performance.now() };
    }
    return asked.depths;
  };
  metrics.gauge('kopek_bus_messages', 'Messages by topic, group and where they wait', {
    labels: ['topic', 'group', 'place'],
    read: async () =>
      (await depths()).flatMap(({ topic, group, ready, delayed, dead }) => [
        { labels: { topic, group, place: 'ready' }, value: ready },
        { labels: { topic, group, place: 'delayed' }, value: delayed },
        { labels: { topic, group, place: 'dead' }, value: dead },
      ]),
  });
  metrics.gauge('kopek_bus_oldest_seconds', 'Age of the oldest message that could be taken', {
    labels: ['topic', 'group'],
    read: async () =>
      (await depths()).map(({ topic, group, oldestSeconds }) => ({
        labels: { topic, group },
        value: oldestSeconds,
      })),
  });
  metrics.gauge('kopek_payments_open', 'Open payments by state; unknown ones wait for an answer', {
    labels: ['gateway', 'state'],
    read: async () =>
      (await payments.openByState()).map(({ gateway, state, count }) => ({
        labels: { gateway, state },
        value: Number(count),
      })),
  });
  metrics.gauge('kopek_subscriptions', 'Subscriptions: all, alive, and due now', {
    labels: ['kind'],
    read: async () =>
      Object.entries(await subscriptions.counts()).map(([kind, value]) => ({
        labels: { kind },
        value: Number(value),
      })),
  });
  addCardMetrics(house);
  addAttentionMetrics(house);
  metrics.gauge('kopek_payment_requests_open', 'Payment requests that are not over, by status', {
    labels: ['status'],
    read: async () =>
      (await house.intake.openByStatus()).map(({ count, status }) => ({
        labels: { status },
        value: Number(count),
      })),
  });
  addPayoutMetrics(house);
  addSmsMetrics(house);
  metrics.gauge('kopek_database_deadlocks', 'Deadlocks this process has met: to be zero', {
    read: async () => [{ value: database.deadlocks.count }],
  });
}

function addSmsMetrics({ metrics, sms, smsAccounts }: House): void {
  metrics.gauge('kopek_sms_open', 'Messages that have not come to their end', {
    labels: ['provider', 'state'],
    read: async () =>
      (await sms.openByState()).map(({ count, provider, state }) => ({
        labels: { provider, state },
        value: count,
      })),
  });
  metrics.gauge('kopek_sms_oldest_seconds', 'Age of the oldest message that a sender could take', {
    read: async () => [{ value: await sms.oldestWaitingSeconds() }],
  });
  metrics.gauge('kopek_sms_parked_reports', 'Receipts of which no message is known', {
    read: async () => [{ value: await sms.parkedReports() }],
  });
  metrics.gauge('kopek_sms_provider_admits', 'Whether messages are given to a provider now', {
    labels: ['provider'],
    read: async () =>
      smsAccounts.all().map(({ account: { name } }) => ({
        labels: { provider: name },
        value: smsAccounts.admits(name) ? 1 : 0,
      })),
  });
}

function addPayoutMetrics({ metrics, payouts }: House): void {
  metrics.gauge('kopek_payout_requests_waiting', 'Payout requests that wait for req-gate', {
    read: async () => [{ value: (await payouts.requests.waiting()).count }],
  });
  metrics.gauge('kopek_payout_request_oldest_seconds', 'Age of the oldest of them', {
    read: async () => [{ value: (await payouts.requests.waiting()).oldestSeconds }],
  });
}
