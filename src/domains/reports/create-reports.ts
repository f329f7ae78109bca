import type { Bus, Consumer, Group } from '#bus';
import type { Clock } from '#clock';
import { type Database, isTransient } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { makePartitions } from './make-partitions.ts';
import { readLastCharges } from './store.ts';
import { readNewestOfStory, readStory } from './store-stories.ts';
import type { StoryEvent, StoryPosition } from './story.ts';
import { reportGroups, startRecording } from './worker.ts';

export interface ReportsOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What happened, for whoever asks; `qlistener` is the process that calls `start`. */
export interface Reports {
  /** To be declared on the bus by every process that publishes. */
  readonly groups: readonly Group[];
  /** Begins to write down what is told, after the partitions of these months are there. */
  start(): Promise<void>;
  /** Takes nothing new; what is in hand is written first. */
  stop(): Promise<void>;
  /** A customer's story in order, from behind `after`. `msisdn` is E.164; an unknown one has none. */
  story(
    msisdn: string,
    options: { readonly after?: StoryPosition; readonly limit: number },
  ): Promise<readonly StoryEvent[]>;
  /** Its newest `limit` events, in order. */
  newest(msisdn: string, limit: number): Promise<readonly StoryEvent[]>;
  /** When an operator last took money for us; undefined before the first time. */
  lastCharge(): Promise<Date | undefined>;
}

/** How often the business day is looked at; a fake clock may pass many in a minute. */
const DAY_CHECK_INTERVAL_MS = 1000;

export function createReports(options: ReportsOptions): Reports {
  const { clock, database, log, metrics } = options;
  let consumers: readonly Consumer[] = [];
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  let dayDone = '';

  const preparePartitions = async () => {
    const today = clock.now().toISOString().slice(0, 10);
    if (today === dayDone) return;
    const made = await makePartitions({ database, clock, log });
    dayDone = today;
    if (made.length > 0) log.info({ made }, 'partitions were made');
  };
  const onceADay = () => {
    working = working.then(preparePartitions).catch((error) => {
      if (!isTransient(error)) log.error({ err: error }, 'partitions could not be made');
    });
  };

  metrics.gauge(
    'kopek_seconds_since_last_charge',
    'Business time since the operator last took money for us; absent before the first time',
    {
      labels: ['operator'],
      read: async () =>
        (await readLastCharges(database.pool)).map(({ operator, at }) => ({
          labels: { operator },
          value: Math.max(0, clock.nowMs() - at.getTime()) / 1000,
        })),
    },
  );

  return {
    groups: reportGroups,
    async start() {
      onceADay();
      await working;
      timer = setInterval(onceADay, DAY_CHECK_INTERVAL_MS).unref();
      consumers = startRecording(options);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await working;
    },
    story: (msisdn, { after, limit }) =>
      readStory(database.pool, { msisdn, limit, ...(after ? { after } : {}) }),
    newest: (msisdn, limit) => readNewestOfStory(database.pool, { msisdn, limit }),
    async lastCharge() {
      const times = (await readLastCharges(database.pool)).map(({ at }) => at.getTime());
      return times.length > 0 ? new Date(Math.max(...times)) : undefined;
    },
  };
}
