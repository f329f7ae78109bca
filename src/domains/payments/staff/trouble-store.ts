import { type Executor, sql } from '#database';
import { OPEN_ATTENTION } from './attention-store.ts';

export interface Trouble {
  readonly gateway: string;
  /** `conflict`, `unknown_long`, `dispute`. */
  readonly kind: string;
  readonly count: number;
}

/** Of what takes longer, no gateway will tell by itself. */
const LONG_HOURS = 2;

/** Conflicts that nobody has settled or closed, disputes that are not over, payments of which nobody has known the end for long. */
export async function readTroubles(executor: Executor, now: Date): Promise<readonly Trouble[]> {
  const { rows } = await sql<Trouble>`
    select a.gateway, a.kind, count(*)::integer as count from ${OPEN_ATTENTION} a
    where a.kind in ('conflict', 'dispute') group by a.gateway, a.kind
    union all
    select gateway, 'unknown_long', count(*)::integer from payments.payment
    where closed_at is null and state = 'unknown' and method = 'card'
      and created_at < ${now}::timestamptz - make_interval(hours => ${LONG_HOURS}) group by gateway
    order by gateway, kind`.execute(executor);
  return rows;
}
