import { deferred, type Executor, sql } from '#database';

export type DeliveryState = 'waiting' | 'delivered' | 'dead';

/** One event on its way to one endpoint, as it is shown. */
export interface WebhookDelivery {
  readonly id: bigint;
  readonly endpointId: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly key: string;
  readonly url: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAttemptAt: Date | undefined;
  readonly lastStatus: number | undefined;
  readonly reason: string | undefined;
  readonly createdAt: Date;
  readonly endedAt: Date | undefined;
}

interface DeliveryRow {
  readonly id: bigint;
  readonly endpoint_id: bigint;
  readonly event_id: string;
  readonly type: string;
  readonly key: string;
  readonly url: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly next_attempt_at: Date;
  readonly last_status: number | null;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

const COLUMNS =
  sql.raw(`d.id, d.endpoint_id, d.event_id, d.type, d.key, coalesce(d.url, e.url) as url, d.state,
  d.attempts, d.next_attempt_at, d.last_status, d.reason, d.created_at, d.ended_at`);

export interface NewDelivery {
  readonly scope: string;
  readonly eventId: string;
  readonly type: string;
  readonly key: string;
  readonly body: string;
  /** To this endpoint alone; otherwise to all of its scope that asked for its type. */
  readonly endpointId: bigint | null;
  readonly url: string | null;
}

/**
 * A row for each event and endpoint that wants it, in the order in which they are given, so that ids grow with it.
 * An event that is there already is left as it is. Answers what it wrote: in a transaction, as soon as that has committed.
 */
export async function insertDeliveries(
  executor: Executor,
  events: readonly NewDelivery[],
  { now, giveUpAt }: { readonly now: Date; readonly giveUpAt: Date },
): Promise<readonly { readonly id: bigint }[]> {
  const { rows } = await deferred<{ id: bigint }>`
    insert into platform.webhook_delivery
      (endpoint_id, event_id, type, key, url, body, next_attempt_at, give_up_at, created_at)
    select e.id, v.event_id, v.type, v.key, v.url, v.body, ${now}, ${giveUpAt}, ${now}
    from unnest(${events.map((one) => one.scope)}::text[], ${events.map((one) => one.eventId)}::text[],
      ${events.map((one) => one.type)}::text[], ${events.map((one) => one.key)}::text[],
      ${events.map((one) => one.url)}::text[], ${events.map((one) => one.body)}::text[],
      ${events.map((one) => one.endpointId)}::bigint[])
      with ordinality as v (scope, event_id, type, key, url, body, endpoint_id, place)
    join platform.webhook_endpoint e on e.scope = v.scope and e.deleted_at is null
      and case when v.endpoint_id is null
        then e.kind = 'endpoint' and e.enabled
          and e.event_types && array['*', v.type, split_part(v.type, '.', 1) || '.*']
        else e.id = v.endpoint_id and (e.enabled or v.url is null) end
    order by v.place, e.id
    on conflict (endpoint_id, event_id) do nothing returning id`.execute(executor);
  return rows;
}

export interface DeliveryFilter {
  readonly scope: string;
  readonly endpointId?: bigint;
  readonly state?: DeliveryState;
  readonly type?: string;
  readonly key?: string;
  /** By the moment when it was enqueued: from the one up to, and without, the other. */
  readonly from?: Date;
  readonly to?: Date;
}

/** The newest first. */
export async function listDeliveries(
  executor: Executor,
  asked: DeliveryFilter & { readonly before?: bigint; readonly limit: number },
): Promise<readonly WebhookDelivery[]> {
  const { rows } = await sql<DeliveryRow>`
    select ${COLUMNS} from platform.webhook_delivery d
    join platform.webhook_endpoint e on e.id = d.endpoint_id
    where ${matches(asked)} and (${asked.before ?? null}::bigint is null or d.id < ${asked.before ?? null})
    order by d.id desc limit ${asked.limit}`.execute(executor);
  return rows.map(fromRow);
}

export async function findDelivery(
  executor: Executor,
  asked: { readonly scope: string; readonly id: bigint },
): Promise<(WebhookDelivery & { readonly body: string }) | undefined> {
  const { rows } = await sql<DeliveryRow & { readonly body: string }>`
    select ${COLUMNS}, d.body from platform.webhook_delivery d
    join platform.webhook_endpoint e on e.id = d.endpoint_id
    where d.id = ${asked.id} and e.scope = ${asked.scope}`.execute(executor);
  return rows[0] && { ...fromRow(rows[0]), body: rows[0].body };
}

export interface DeliveryAttempt {
  readonly attempt: number;
  readonly at: Date;
  readonly outcome: string;
  readonly status: number | null;
  readonly tookMs: number;
  readonly response: string;
}

/** The newest first. */
export async function listAttempts(
  executor: Executor,
  asked: { readonly deliveryId: bigint; readonly limit: number },
): Promise<readonly DeliveryAttempt[]> {
  const { rows } = await sql<DeliveryAttempt>`
    select attempt, at, outcome, status, took_ms as "tookMs", response from platform.webhook_attempt
    where delivery_id = ${asked.deliveryId} order by attempt desc limit ${asked.limit}`.execute(
    executor,
  );
  return rows;
}

/** Lets ended ones that match wait again as if they were new, the oldest first; answers how many. */
export async function replayDeliveries(
  executor: Executor,
  asked: DeliveryFilter & { readonly id?: bigint; readonly limit: number },
  { now, giveUpAt }: { readonly now: Date; readonly giveUpAt: Date },
): Promise<number> {
  const { numAffectedRows } = await sql`
    with chosen as materialized (
      select d.id from platform.webhook_delivery d join platform.webhook_endpoint e on e.id = d.endpoint_id
      where ${matches(asked)} and d.state <> 'waiting' and e.deleted_at is null
        and (${asked.id ?? null}::bigint is null or d.id = ${asked.id ?? null})
      order by d.id limit ${asked.limit} for update of d skip locked
    )
    update platform.webhook_delivery d
    set state = 'waiting', tries = 0, next_attempt_at = ${now}, give_up_at = ${giveUpAt}, ended_at = null,
      reason = null, behind = null
    from chosen c where d.id = c.id`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

/** Ends what waits for a deleted endpoint, so many at once; answers how many. */
export async function buryDeliveries(
  executor: Executor,
  asked: { readonly limit: number },
  now: Date,
): Promise<number> {
  const { numAffectedRows } = await sql`
    with chosen as materialized (
      select d.id from platform.webhook_endpoint e cross join lateral (
        select w.id from platform.webhook_delivery w
        where w.endpoint_id = e.id and w.state = 'waiting'
          and (w.lease_until is null or w.lease_until <= clock_timestamp())
        limit ${asked.limit} for update skip locked) d
      where e.deleted_at is not null limit ${asked.limit}
    )
    update platform.webhook_delivery d
    set state = 'dead', reason = 'endpoint_deleted', ended_at = ${now}, behind = null, owner = null, lease_until = null
    from chosen c where d.id = c.id`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

/** Forgets what ended before that, with its attempts; answers how many. */
export async function forgetDeliveries(
  executor: Executor,
  asked: { readonly endedBefore: Date; readonly limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    with old as materialized (
      select id from platform.webhook_delivery where state <> 'waiting' and ended_at < ${asked.endedBefore}
      limit ${asked.limit} for update skip locked
    ), attempts as (
      delete from platform.webhook_attempt a using old where a.delivery_id = old.id
    )
    delete from platform.webhook_delivery d using old where d.id = old.id`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

function matches(asked: DeliveryFilter) {
  const {
    endpointId = null,
    from = null,
    key = null,
    state = null,
    to = null,
    type = null,
  } = asked;
  return sql<boolean>`e.scope = ${asked.scope}
    and (${endpointId}::bigint is null or d.endpoint_id = ${endpointId})
    and (${state}::text is null or d.state = ${state}) and (${type}::text is null or d.type = ${type})
    and (${key}::text is null or d.key = ${key})
    and (${from}::timestamptz is null or d.created_at >= ${from})
    and (${to}::timestamptz is null or d.created_at < ${to})`;
}

function fromRow(row: DeliveryRow): WebhookDelivery {
  return {
    ...{ id: row.id, endpointId: row.endpoint_id, eventId: row.event_id, type: row.type },
    ...{ key: row.key, url: row.url, state: row.state, attempts: row.attempts },
    nextAttemptAt: row.state === 'waiting' ? row.next_attempt_at : undefined,
    ...{ lastStatus: row.last_status ?? undefined, reason: row.reason ?? undefined },
    ...{ createdAt: row.created_at, endedAt: row.ended_at ?? undefined },
  };
}
