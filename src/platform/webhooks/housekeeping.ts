import type { Clock } from '#clock';
import { type Database, isTransient } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { forgetHands, giveUpOverdue, measureBacklog } from './store-claims.ts';
import { buryDeliveries, forgetDeliveries } from './store-deliveries.ts';

export interface HousekeepingOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly keepDays: number;
  readonly failuresMax: number;
}

const INTERVAL_MS = 5000;
const DAY_MS = 86_400_000;
/** Small enough not to be in anybody's way; what is left over waits for the next round. */
const AT_ONCE_MAX = 2000;
const COUNTED_MAX = 100_000;
const MEASURED_MS = 500;

/** Ends what has no time left, buries what waits for deleted endpoints, and forgets what is old. */
export async function tidyWebhooks(
  options: Pick<HousekeepingOptions, 'clock' | 'database' | 'keepDays' | 'failuresMax'>,
): Promise<{ readonly givenUp: number; readonly buried: number; readonly forgotten: number }> {
  const { clock, database, failuresMax, keepDays } = options;
  const now = clock.now();
  const limit = AT_ONCE_MAX;
  const givenUp = await database.transaction((tx) =>
    giveUpOverdue(tx, { now, limit, failuresMax }),
  );
  const buried = await buryDeliveries(database.pool, { limit }, now);
  const endedBefore = new Date(now.getTime() - keepDays * DAY_MS);
  const forgotten = await forgetDeliveries(database.pool, { endedBefore, limit });
  await forgetHands(database.pool);
  return { givenUp, buried, forgotten };
}

export function createHousekeeping(options: HousekeepingOptions) {
  const { database, clock, log, metrics } = options;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  addGauges();

  function addGauges(): void {
    let measured: ReturnType<typeof measureBacklog> | undefined;
    // One scrape reads three gauges: they share one look.
    const measure = () => {
      measured ??= measureBacklog(database.pool, { now: clock.now(), most: COUNTED_MAX }).finally(
        () => setTimeout(() => (measured = undefined), MEASURED_MS).unref(),
      );
      return measured;
    };
    metrics.gauge(
      'kopek_webhook_deliveries_waiting',
      `Webhooks not yet delivered, counted up to ${COUNTED_MAX}`,
      {
        read: async () => [{ value: (await measure()).waiting }],
      },
    );
    metrics.gauge('kopek_webhook_oldest_waiting_seconds', 'Age of the webhook that waits longest', {
      read: async () => [{ value: (await measure()).oldestSeconds }],
    });
    metrics.gauge(
      'kopek_webhook_breakers_open',
      'Endpoints that are not called because they failed in a row',
      {
        read: async () => [{ value: (await measure()).open }],
      },
    );
  }

  async function round(): Promise<void> {
    try {
      await tidyWebhooks(options);
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error }, 'webhooks could not be tidied');
    }
  }

  return {
    start() {
      timer ??= setInterval(() => {
        working = working.then(round);
      }, INTERVAL_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
