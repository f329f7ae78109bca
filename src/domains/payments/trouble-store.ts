import { type Executor, sql } from '#database';

export interface Trouble {
  readonly gateway: string;
  /** `conflict`, `unknown_long`, `dispute`. */
  readonly kind: string;
  readonly count: number;
}

/** Of what takes longer, no gateway will tell by itself. */
const LONG_HOURS = 2;

/** Conflicts that nobody has settled, payments of which nobody has known the end for long, disputes that are not over. */
export async function readTroubles(executor: Executor, now: Date): Promise<readonly Trouble[]> {
  const { rows } = await sql<Trouble>`
    select gateway, 'conflict' as kind, count(*)::integer as count from payments.payment
    where is_conflicted group by gateway
    union all
    select gateway, 'unknown_long', count(*)::integer from payments.payment
    where closed_at is null and state = 'unknown' and method = 'card'
      and created_at < ${now}::timestamptz - make_interval(hours => ${LONG_HOURS}) group by gateway
    union all
    select gateway, 'dispute', count(*)::integer from payments.dispute o
    where kind = 'opened' and not exists (select from payments.dispute e
      where e.gateway = o.gateway and e.id = o.id and e.kind in ('lost', 'won')) group by gateway
    order by gateway, kind`.execute(executor);
  return rows;
}
