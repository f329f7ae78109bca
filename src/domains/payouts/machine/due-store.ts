import { type Executor, sql, type Tx } from '#database';
import { PAYOUT_COLUMNS, type PayoutRow } from '#payouts/payout-store';

/** Nobody holds it, and its time has come. */
const FREE = sql.raw(`(p.lease_until is null or p.lease_until < clock_timestamp())
  and (p.next_attempt_at is null or p.next_attempt_at <= clock_timestamp())`);

/** Payouts to be checked: new ones, and those whose checker died or that were released. Locked, oldest first. */
export async function lockUnchecked(tx: Tx, limit: number): Promise<readonly PayoutRow[]> {
  const { rows } = await sql<PayoutRow>`
    select ${PAYOUT_COLUMNS} from payouts.payout p
    where p.state in ('new', 'checking') and p.moving is null and ${FREE}
    order by p.id limit ${limit} for no key update skip locked`.execute(tx);
  return rows;
}

export interface Lease {
  readonly owner: string;
  readonly leaseMs: number;
}

export async function lease(
  tx: Tx,
  input: Lease & { readonly ids: readonly bigint[] },
): Promise<void> {
  await sql`
    update payouts.payout set owner = ${input.owner},
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    where id = any (${input.ids}::bigint[])`.execute(tx);
}

/** What there is to be moved, oldest first; not yet locked. A held client's payouts wait where they are. */
export async function findMovable(
  executor: Executor,
  limit: number,
): Promise<readonly { readonly id: bigint; readonly client_id: string }[]> {
  const { rows } = await sql<{ id: bigint; client_id: string }>`
    select p.id, p.client_id from payouts.payout p
    where ${FREE} and (p.moving is not null or (p.state in ('approved', 'reserved')
      and not exists (select from payouts.client c where c.client_id = p.client_id and c.held_at is not null)))
      and (p.moving is not null or p.state in ('new', 'checking', 'approved', 'reserved'))
    order by p.id limit ${limit}`.execute(executor);
  return rows;
}

/**
 * Takes them for the time of a lease and writes down what is about to be moved. Those of `held` clients begin nothing;
 * what was begun goes on.
 */
export async function claimMoves(
  tx: Tx,
  input: Lease & { readonly ids: readonly bigint[]; readonly held: readonly string[] },
): Promise<readonly PayoutRow[]> {
  const { rows } = await sql<PayoutRow>`
    with due as (
      select p.id from payouts.payout p
      where p.id = any (${input.ids}::bigint[]) and ${FREE} and (p.moving is not null
        or (p.state in ('approved', 'reserved') and p.client_id <> all (${input.held}::text[])))
      order by p.id for no key update skip locked
    )
    update payouts.payout p set owner = ${input.owner}, attempts = least(p.attempts, 30000) + 1,
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000}),
      moving = coalesce(p.moving, case p.state when 'approved' then 'reserve' else 'send' end),
      moving_cause = coalesce(p.moving_cause, '{"actor": "oebs-gate"}')
    from due where p.id = due.id
    returning ${PAYOUT_COLUMNS}`.execute(tx);
  return rows;
}

/** What could not be moved is free again after its pause, with a word on what it met. */
export async function giveBackMoves(
  executor: Executor,
  input: {
    readonly owner: string;
    readonly failures: readonly {
      readonly id: bigint;
      readonly trouble: string;
      readonly pauseMs: number;
    }[];
  },
): Promise<void> {
  const { failures, owner } = input;
  await sql`
    update payouts.payout p set owner = null, lease_until = null, trouble = f.trouble,
      next_attempt_at = clock_timestamp() + make_interval(secs => f.pause_ms / 1000)
    from unnest(${failures.map(({ id }) => id)}::bigint[], ${failures.map(({ trouble }) => trouble)}::text[],
      ${failures.map(({ pauseMs }) => pauseMs)}::float8[]) as f (id, trouble, pause_ms)
    where p.id = f.id and p.owner = ${owner}`.execute(executor);
}

/** Waited for approvals since before `before`: their time is over. */
export async function lockOverdueApprovals(
  tx: Tx,
  input: { readonly before: Date; readonly limit: number },
): Promise<readonly PayoutRow[]> {
  const { rows } = await sql<PayoutRow>`
    select ${PAYOUT_COLUMNS} from payouts.payout p
    where p.state = 'needs_approval' and p.approval_asked_at <= ${input.before}
    order by p.id limit ${input.limit} for no key update skip locked`.execute(tx);
  return rows;
}
