import type { Database } from '#database';
import type { Metrics } from '#metrics';
import type { Attention } from './attention.ts';

/** How much waits for people. Read when scraped; a kind of which there is nothing says 0, so that its end is seen. */
export function addAttentionMetrics(options: {
  readonly attention: Attention;
  readonly database: Pick<Database, 'pool'>;
  readonly metrics: Metrics;
}): void {
  const { attention, database, metrics } = options;
  metrics.gauge('kopek_attention', 'What waits for people, by what it is', {
    labels: ['kind'],
    read: async () => {
      const counts = new Map(
        (await attention.counts(database.pool)).map(({ count, kind }) => [kind, count]),
      );
      return attention.kinds.map((kind) => ({ labels: { kind }, value: counts.get(kind) ?? 0 }));
    },
  });
}
