import { type Executor, type RawBuilder, sql, type Tx } from '#database';

/** A delivery in our hand. */
export interface ClaimedDelivery {
  readonly id: bigint;
  readonly endpointId: bigint;
  readonly eventId: string;
  readonly url: string | undefined;
  readonly body: string;
  readonly owner: string;
  /** Of all its attempts this one, and of those since it was enqueued or replayed. */
  readonly attempt: number;
  readonly tries: number;
  readonly giveUpAt: Date;
}

export interface ClaimRequest {
  readonly owner: string;
  readonly leaseMs: number;
  readonly now: Date;
  readonly most: number;
  readonly perEndpoint: number;
  /** From so many failures in a row on one at a time is taken, as a trial. */
  readonly failuresMax: number;
}

interface ClaimedRow {
  readonly id: bigint;
  readonly endpoint_id: bigint;
  readonly event_id: string;
  readonly url: string | null;
  readonly body: string;
  readonly owner: string;
  readonly attempts: number;
  readonly tries: number;
  readonly give_up_at: Date;
}

export async function claimDeliveries(
  executor: Executor,
  asked: ClaimRequest,
): Promise<readonly ClaimedDelivery[]> {
  const { rows } = await sql<ClaimedRow>`
    select id, endpoint_id, event_id, url, body, owner, attempts, tries, give_up_at
    from platform.claim_webhook_deliveries(${asked.owner}::uuid, ${asked.leaseMs}::bigint, ${asked.now}::timestamptz,
      ${asked.most}::integer, ${asked.perEndpoint}::integer, ${asked.failuresMax}::integer)`.execute(
    executor,
  );
  return rows.map((row) => ({
    ...{
      id: row.id,
      endpointId: row.endpoint_id,
      eventId: row.event_id,
      url: row.url ?? undefined,
    },
    ...{ body: row.body, owner: row.owner, attempt: row.attempts, tries: row.tries },
    giveUpAt: row.give_up_at,
  }));
}

export interface AttemptResult {
  readonly delivery: ClaimedDelivery;
  readonly state: 'delivered' | 'waiting' | 'dead';
  readonly outcome: string;
  readonly status: number | undefined;
  readonly tookMs: number;
  readonly response: string;
  readonly nextAttemptAt: Date;
  readonly at: Date;
}

/**
 * Writes what came of attempts, of those that are still in our hand: what was taken over meanwhile is whoever's who took it.
 * Frees what waited behind the ended ones. Two statements, and in this order: a claim that marks somebody as waiting
 * holds the one before it, so either it sees that it has ended, or the second statement sees the mark.
 */
export async function recordAttempts(tx: Tx, results: readonly AttemptResult[]): Promise<void> {
  const { rows } = await writeAttempts(results).execute(tx);
  const ended = rows.filter((row) => row.ended).map(({ id }) => id);
  if (ended.length > 0) await freeFollowers(tx, ended);
}

/**
 * The first of them. It does not say that they wait, which who is held does anyway: statistics of a table in which
 * nothing waited for a while would lead to all that wait now, instead of to these by their ids.
 */
export function writeAttempts(
  results: readonly AttemptResult[],
): RawBuilder<{ readonly id: bigint; readonly ended: boolean }> {
  return sql`
    with given as (
      select * from unnest(
        ${results.map((one) => one.delivery.id)}::bigint[], ${results.map((one) => one.delivery.owner)}::uuid[],
        ${results.map((one) => one.delivery.attempt)}::integer[], ${results.map((one) => one.state)}::text[],
        ${results.map((one) => one.outcome)}::text[], ${results.map((one) => one.status ?? null)}::smallint[],
        ${results.map((one) => one.tookMs)}::integer[], ${results.map((one) => one.response)}::text[],
        ${results.map((one) => one.nextAttemptAt)}::timestamptz[], ${results.map((one) => one.at)}::timestamptz[]
      ) as g (id, owner, attempt, state, outcome, status, took_ms, response, next_attempt_at, at)
    ), ours as (
      update platform.webhook_delivery d
      set state = g.state, last_status = g.status, reason = nullif(g.outcome, 'delivered'), owner = null,
        lease_until = null, next_attempt_at = g.next_attempt_at,
        ended_at = case when g.state <> 'waiting' then g.at end
      from given g
      where d.id = g.id and d.owner = g.owner and d.attempts = g.attempt
      returning d.id, d.state <> 'waiting' as ended
    ), logged as (
      insert into platform.webhook_attempt (delivery_id, attempt, at, outcome, status, took_ms, response)
      select g.id, g.attempt, g.at, g.outcome, g.status, g.took_ms, g.response
      from given g join ours o on o.id = g.id on conflict do nothing
    )
    select id, ended from ours`;
}

async function freeFollowers(executor: Executor, ended: readonly bigint[]): Promise<void> {
  await sql`
    update platform.webhook_delivery set behind = null where behind = any (${ended}::bigint[])`.execute(
    executor,
  );
}

/**
 * Ends what is past its time and has no attempt to hope for: its receiver is down, disabled or deleted. What waits for us,
 * because we were down, keeps its chance. Answers how many.
 */
export async function giveUpOverdue(
  tx: Tx,
  asked: { readonly now: Date; readonly limit: number; readonly failuresMax: number },
): Promise<number> {
  const { rows } = await sql<{ id: bigint }>`
    with chosen as materialized (
      select d.id from platform.webhook_delivery d join platform.webhook_endpoint e on e.id = d.endpoint_id
      where d.state = 'waiting' and d.give_up_at <= ${asked.now}
        and (d.lease_until is null or d.lease_until <= clock_timestamp())
        and (not e.enabled or e.failures >= ${asked.failuresMax})
      order by d.give_up_at limit ${asked.limit} for update of d skip locked
    )
    update platform.webhook_delivery d
    set state = 'dead', reason = coalesce(d.reason, 'receiver_unavailable'), ended_at = ${asked.now}, behind = null,
      owner = null, lease_until = null
    from chosen c where d.id = c.id returning d.id`.execute(tx);
  if (rows.length > 0)
    await freeFollowers(
      tx,
      rows.map(({ id }) => id),
    );
  return rows.length;
}

/** For gauges; counts no further than `most`. */
export async function measureBacklog(
  executor: Executor,
  asked: { readonly now: Date; readonly most: number },
): Promise<{ readonly waiting: number; readonly oldestSeconds: number; readonly open: number }> {
  const { rows } = await sql<{ waiting: bigint; oldest: number; open: bigint }>`
    select
      (select count(*) from (select from platform.webhook_delivery where state = 'waiting' limit ${asked.most}) w) as waiting,
      coalesce((select extract(epoch from ${asked.now}::timestamptz - d.created_at)::float8
        from platform.webhook_delivery d where d.state = 'waiting' order by d.give_up_at limit 1), 0) as oldest,
      (select count(*) from platform.webhook_endpoint where open_until > clock_timestamp()) as open`.execute(
    executor,
  );
  const { waiting = 0n, oldest = 0, open = 0n } = rows[0] ?? {};
  return { waiting: Number(waiting), oldestSeconds: Math.max(0, oldest), open: Number(open) };
}
