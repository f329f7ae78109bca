import type { Database } from '#database';
import { fail } from '#payments/errors';
import { renewReconciliation } from './reconciliation-store.ts';

/** Before each step of a comparison. Throws `reconciliation_cut_off` where it is to end. */
export type Pulse = () => Promise<void>;

/** Well within the lease. */
const BEAT_MS = 30_000;

/** Says that a comparison is under way, as often as that has to be said, and hears whether it is still wanted. */
export function createPulse(options: {
  readonly database: Pick<Database, 'pool'>;
  readonly gateway: string;
  readonly id: bigint;
  readonly signal?: AbortSignal | undefined;
}): Pulse {
  const { database, gateway, id, signal } = options;
  let beatenMs = performance.now();
  return async () => {
    if (signal?.aborted)
      throw fail('reconciliation_cut_off', 'It was stopped: what was applied until then holds.');
    if (performance.now() - beatenMs < BEAT_MS) return;
    beatenMs = performance.now();
    if (await renewReconciliation(database.pool, { gateway, id })) return;
    throw fail('reconciliation_cut_off', `Another comparison of ${gateway} has taken its place.`);
  };
}
