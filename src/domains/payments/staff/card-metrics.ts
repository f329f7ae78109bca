import type { Clock } from '#clock';
import type { Database } from '#database';
import type { Metrics } from '#metrics';
import { readNotificationDepths } from '#payments/notifications';
import { countDifferences } from '#payments/reconciliation';
import { readTroubles } from './trouble-store.ts';

/** What people have to look at of card payments. Read when scraped. */
export function addCardMetrics({
  clock,
  database,
  metrics,
}: {
  readonly clock: Clock;
  readonly database: Database;
  readonly metrics: Metrics;
}): void {
  const labels = ['gateway'] as const;
  const depths = () => readNotificationDepths(database.pool, clock.now());
  metrics.gauge('kopek_card_notifications_waiting', 'What gateways told and is not applied yet', {
    labels: [...labels, 'place'],
    read: async () =>
      (await depths()).flatMap(({ failed, gateway, waiting }) => [
        { labels: { gateway, place: 'waiting' }, value: waiting },
        { labels: { gateway, place: 'failed' }, value: failed },
      ]),
  });
  metrics.gauge('kopek_card_notification_oldest_seconds', 'Age of the oldest that waits', {
    labels,
    read: async () =>
      (await depths()).map(({ gateway, oldest_seconds: value }) => ({
        labels: { gateway },
        value,
      })),
  });
  metrics.gauge('kopek_card_troubles', 'Payments by card that people have to look at', {
    labels: [...labels, 'kind'],
    read: async () =>
      (await readTroubles(database.pool, clock.now())).map(({ count, gateway, kind }) => ({
        labels: { gateway, kind },
        value: count,
      })),
  });
  metrics.gauge('kopek_card_differences', "Where gateways' own lists and our book differ", {
    labels: [...labels, 'kind'],
    read: async () =>
      (await countDifferences(database.pool)).map(({ count, gateway, kind }) => ({
        labels: { gateway, kind },
        value: count,
      })),
  });
}
