import { createTurns } from '#turns';
import type { IntakeContext } from './intake-context.ts';
import { tellRequests } from './tell-requests.ts';

/** Tells customers what became of their requests, once. As many copies as wanted. */
export interface Notifier {
  start(): void;
  stop(): Promise<void>;
  /** One batch; answers how many were told. For tests, and for `start`. */
  turn(): Promise<number>;
}

const TOLD_MOST = 200;
const INTERVAL_MS = 100;

export function createNotifier(context: IntakeContext): Notifier {
  const { database, log, metrics } = context;
  const told = metrics.counter(
    'kopek_payment_requests_told_total',
    'Payment requests whose customers were told what became of them',
  );
  async function turn(): Promise<number> {
    const done = await database.transaction((tx) => tellRequests(context, tx, TOLD_MOST));
    told.inc({}, done);
    return done;
  }

  const { start, stop } = createTurns({ turn, intervalMs: INTERVAL_MS, log, name: 'notifier' });
  return { turn, start, stop };
}
