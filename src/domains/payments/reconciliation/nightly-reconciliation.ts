import type { Clock } from '#clock';
import { type Database, isTransient } from '#database';
import { AppError } from '#errors';
import type { Log } from '#log';
import type { CardGateways } from '#payments/card-gateways';
import { createTurns } from '#turns';
import type { Reconciler } from './reconcile-gateway.ts';
import { findComparedTo, type Span } from './reconciliation-store.ts';

export interface NightlyOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly cardGateways: CardGateways;
  readonly reconciler: Reconciler;
}

const INTERVAL_MS = 60_000;
const DAY_MS = 86_400_000;
/** In UTC: the day before is over by then wherever these gateways are. */
const HOUR = 1;
/** What is told late, such as a refund, stands in a list of days before. */
const BACK_MS = 3 * DAY_MS;
/** After an outage of ours everything since is compared, as far as that is one list. */
const BACK_MOST_MS = 31 * DAY_MS;
/** Lists lag behind. */
const LAG_MS = 600_000;

/** Compares each gateway's list with our book once a night. As many copies as wanted: one of them does it. */
export function createNightlyReconciliation(options: NightlyOptions) {
  const { cardGateways, clock, database, log, reconciler } = options;

  async function round(): Promise<number> {
    for (const name of cardGateways.names()) {
      if (!cardGateways.gateway(name)?.list) continue;
      const comparedTo = await findComparedTo(database.pool, name);
      const span = dueSpan(clock.now(), comparedTo);
      if (!span) continue;
      try {
        const { applied, differences, listed } = await reconciler.reconcile(name, span);
        log.info({ gateway: name, listed, applied, differences: differences.length }, 'compared');
      } catch (error) {
        const isPassing = isTransient(error) || error instanceof AppError;
        if (!isPassing) throw error;
        log.warn(
          { err: error, gateway: name },
          'a gateway could not be compared: it is tried again',
        );
      }
    }
    return 0;
  }

  return createTurns({
    ...{ turn: round, intervalMs: INTERVAL_MS, log, name: 'the nightly comparison' },
  });
}

/** What is to be compared now; undefined where that was done since the last night. */
export function dueSpan(now: Date, comparedTo: Date | undefined): Span | undefined {
  const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const nightMs = now.getUTCHours() < HOUR ? midnight - DAY_MS : midnight;
  if (comparedTo && comparedTo.getTime() >= nightMs) return undefined;
  const to = now.getTime() - LAG_MS;
  const from = Math.min((comparedTo?.getTime() ?? to) - DAY_MS, to - BACK_MS);
  return { from: new Date(Math.max(from, to - BACK_MOST_MS)), to: new Date(to) };
}
