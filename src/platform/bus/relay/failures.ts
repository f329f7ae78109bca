import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Failure } from './carrier.ts';

/** Topics whose messages the broker does not take: they wait, longer each time, and keep nobody else waiting. */
export interface Failures {
  note(failures: readonly Failure[]): void;
  /** Topics that are not to be tried now. */
  held(): readonly string[];
  /** How long until one may be tried again. */
  nextMs(): number;
}

const FIRST_MS = 500;
const MOST_MS = 30_000;

export function createFailures(input: {
  readonly engine: string;
  readonly log: Log;
  readonly metrics: Metrics;
}): Failures {
  const { engine, log, metrics } = input;
  const counter = metrics.counter(
    'kopek_bus_relay_failures',
    'Messages that a broker did not take, by topic; each try counts',
    ['engine', 'topic'],
  );
  const topics = new Map<string, { waitMs: number; untilMs: number; reason: string }>();

  return {
    note(failures) {
      const ofTopic = Map.groupBy(failures, ({ departure }) => departure.topic);
      for (const [topic, failed] of ofTopic) {
        const [{ reason } = { reason: '' }] = failed;
        const before = topics.get(topic);
        counter.inc({ engine, topic }, failed.length);
        if (before?.reason !== reason) {
          log.error(
            { engine, topic, reason },
            'a broker does not take messages of a topic; they wait',
          );
        }
        const waitMs = Math.min(MOST_MS, (before?.waitMs ?? FIRST_MS / 2) * 2);
        topics.set(topic, { waitMs, untilMs: performance.now() + waitMs, reason });
      }
      for (const [topic, { untilMs, waitMs }] of topics) {
        // Long enough without a failure after its time had come: it is well again.
        if (!ofTopic.has(topic) && performance.now() > untilMs + waitMs) topics.delete(topic);
      }
    },
    held: () =>
      [...topics].filter(([, { untilMs }]) => untilMs > performance.now()).map(([topic]) => topic),
    nextMs() {
      const nowMs = performance.now();
      const waits = [...topics.values()].map(({ untilMs }) => untilMs - nowMs);
      return Math.min(...waits.filter((ms) => ms > 0), MOST_MS);
    },
  };
}
