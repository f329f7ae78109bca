import { type Executor, prepared, sql, type Tx } from '#database';
import type { StoredSecret } from './endpoint.ts';

/** A delivery in our hand. */
export interface ClaimedDelivery {
  readonly id: bigint;
  readonly endpointId: bigint;
  readonly eventId: string;
  readonly url: string;
  readonly body: string;
  readonly owner: string;
  /** Of all its attempts this one, and of those since it was enqueued or replayed. */
  readonly attempt: number;
  readonly tries: number;
  readonly giveUpAt: Date;
}

export interface ClaimRequest {
  /** The one who claims, the same in all its claims. */
  readonly worker: string;
  /** What it has in its hand of each endpoint: claimed, and neither sent nor given up. */
  readonly held: ReadonlyMap<bigint, number>;
  /** Of this claim. */
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
  readonly url: string;
  readonly body: string;
  readonly owner: string;
  readonly attempts: number;
  readonly tries: number;
  readonly give_up_at: Date;
  readonly secrets: readonly StoredSecret[] | null;
}

export interface Claimed {
  readonly deliveries: readonly ClaimedDelivery[];
  /** By endpoint: what they are signed with. */
  readonly secrets: ReadonlyMap<bigint, readonly StoredSecret[]>;
}

export async function claimDeliveries(executor: Executor, asked: ClaimRequest): Promise<Claimed> {
  const { rows } = await prepared<ClaimedRow>`
    select id, endpoint_id, event_id, url, body, owner, attempts, tries, give_up_at, secrets
    from platform.claim_webhook_deliveries(${asked.worker}::uuid, ${[...asked.held.keys()]}::bigint[],
      ${[...asked.held.values()]}::integer[], ${asked.owner}::uuid, ${asked.leaseMs}::bigint, ${asked.now}::timestamptz,
      ${asked.most}::integer, ${asked.perEndpoint}::integer, ${asked.failuresMax}::integer)`.execute(
    executor,
  );
  return {
    deliveries: rows.map((row) => ({
      ...{ id: row.id, endpointId: row.endpoint_id, eventId: row.event_id, url: row.url },
      ...{ body: row.body, owner: row.owner, attempt: row.attempts, tries: row.tries },
      giveUpAt: row.give_up_at,
    })),
    secrets: new Map(
      rows.flatMap(({ endpoint_id: id, secrets }) => (secrets ? [[id, secrets] as const] : [])),
    ),
  };
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

/** What a batch of attempts says of one receiver. */
export interface ReceiverNews {
  readonly endpointId: bigint;
  /** It answered at least once; `failures` are those after that. */
  readonly answered: boolean;
  readonly failures: number;
  /** It answered 410: it wants no more. */
  readonly gone: boolean;
}

export interface BreakerPolicy {
  readonly failuresMax: number;
  readonly openMs: number;
  readonly openMostMs: number;
}

export interface AttemptsRecord {
  readonly results: readonly AttemptResult[];
  readonly news: readonly ReceiverNews[];
  readonly policy: BreakerPolicy;
  readonly now: Date;
}

/**
 * Writes what came of attempts that are still in our hand, frees what waited behind the ended ones, counts failures of
 * receivers. Answers whether something may be claimed by now that could not be before.
 */
export async function recordAttempts(
  executor: Executor,
  { news, now, policy, results }: AttemptsRecord,
): Promise<boolean> {
  const { rows } = await prepared<{ frees: boolean }>`
    select platform.record_webhook_attempts(
      ${results.map((one) => one.delivery.id)}::bigint[], ${results.map((one) => one.delivery.owner)}::uuid[],
      ${results.map((one) => one.delivery.attempt)}::integer[], ${results.map((one) => one.state)}::text[],
      ${results.map((one) => one.outcome)}::text[], ${results.map((one) => one.status ?? null)}::smallint[],
      ${results.map((one) => one.tookMs)}::integer[], ${results.map((one) => one.response)}::text[],
      ${results.map((one) => one.nextAttemptAt)}::timestamptz[], ${results.map((one) => one.at)}::timestamptz[],
      ${news.map((one) => one.endpointId)}::bigint[], ${news.map((one) => one.answered)}::boolean[],
      ${news.map((one) => one.failures)}::integer[], ${news.map((one) => one.gone)}::boolean[],
      ${policy.failuresMax}::integer, ${policy.openMs}::float8, ${policy.openMostMs}::float8,
      ${now}::timestamptz) as frees`.execute(executor);
  return rows[0]?.frees ?? false;
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

/** A worker that ends, with nothing in its hand: receivers are free for others at once, and not when its word has become old. */
export async function leaveHand(executor: Executor, worker: string): Promise<void> {
  await sql`delete from platform.webhook_hand where worker = ${worker}::uuid`.execute(executor);
}

/** Hands of workers that are gone. */
export async function forgetHands(executor: Executor): Promise<void> {
  await sql`delete from platform.webhook_hand where held_until < clock_timestamp() - interval '1 hour'`.execute(
    executor,
  );
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
