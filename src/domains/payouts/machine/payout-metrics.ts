import type { Clock } from '#clock';
import type { Database } from '#database';
import type { Metrics } from '#metrics';
import { countNotApplied } from '#payouts/statuses';
import { countAttention, countOpenPayouts } from './payout-views.ts';

export interface PayoutMetricsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly silentBefore: () => Date;
}

/** Read when scraped. */
export function addPayoutMetrics(options: PayoutMetricsOptions): void {
  const { clock, database, metrics, silentBefore } = options;
  metrics.gauge('kopek_payouts_open', 'Payouts that have not ended, by state', {
    labels: ['state'],
    read: async () =>
      (await countOpenPayouts(database.pool)).map(({ count, state }) => ({
        labels: { state },
        value: Number(count),
      })),
  });
  metrics.gauge('kopek_payout_statuses_open', 'Statuses that could not be applied, by outcome', {
    labels: ['outcome'],
    read: async () =>
      (await countNotApplied(database.pool)).map(({ count, outcome }) => ({
        labels: { outcome },
        value: Number(count),
      })),
  });
  metrics.gauge('kopek_payouts_attention', 'Payouts that people have to look at, by why', {
    labels: ['why'],
    read: async () => {
      const found = await countAttention(database.pool, silentBefore());
      return (['conflicts', 'troubled', 'silent'] as const).map((why) => ({
        labels: { why },
        value: Number(found?.[why] ?? 0n),
      }));
    },
  });
  metrics.gauge(
    'kopek_payout_oldest_sent_seconds',
    'Business time since the oldest payout that has not ended was sent; 0 when there is none',
    {
      read: async () => {
        const found = await countAttention(database.pool, silentBefore());
        const sent = found?.oldest_sent_at?.getTime();
        return [{ value: sent === undefined ? 0 : Math.max(0, clock.nowMs() - sent) / 1000 }];
      },
    },
  );
}
