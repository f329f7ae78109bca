import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Prometheus metrics of one running process. Made once in `app.ts` and passed down. */
export interface Metrics {
  readonly registry: Registry;
  counter<Label extends string>(
    name: string,
    help: string,
    labels?: readonly Label[],
  ): Counter<Label>;
  histogram<Label extends string>(
    name: string,
    help: string,
    options?: { readonly labels?: readonly Label[]; readonly bucketsSeconds?: readonly number[] },
  ): Histogram<Label>;
  /** A gauge that is read when it is scraped: `read` answers its values then. */
  gauge<Label extends string>(
    name: string,
    help: string,
    options: {
      readonly labels?: readonly Label[];
      readonly read: () => Promise<readonly GaugeValue<Label>[]>;
    },
  ): void;
}

export interface GaugeValue<Label extends string> {
  readonly labels?: Partial<Record<Label, string>>;
  readonly value: number;
}

const DEFAULT_BUCKETS_SECONDS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

/** Asking twice for one name gives the same metric, so that several operators' workers can share it. */
export function createMetrics(options: { readonly ofProcess?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.ofProcess) collectDefaultMetrics({ register: registry });
  return {
    registry,
    counter: (name, help, labels = []) =>
      (registry.getSingleMetric(name) as Counter<never> | undefined) ??
      new Counter({ name, help, labelNames: [...labels], registers: [registry] }),
    histogram: (name, help, more = {}) =>
      (registry.getSingleMetric(name) as Histogram<never> | undefined) ??
      new Histogram({
        name,
        help,
        labelNames: [...(more.labels ?? [])],
        buckets: [...(more.bucketsSeconds ?? DEFAULT_BUCKETS_SECONDS)],
        registers: [registry],
      }),
    gauge: (name, help, { labels = [], read }) => {
      if (registry.getSingleMetric(name)) return;
      new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        async collect() {
          this.reset();
          for (const { labels: of, value } of await read()) this.set({ ...of } as never, value);
        },
      });
    },
  };
}
