import { type Executor, prepared, sql, type Tx } from '#database';
import type { NotificationReading } from '#payments/card-gateway';

export interface NotificationRow {
  readonly id: bigint;
  readonly gateway: string;
  readonly type: string;
  readonly tries: number;
  readonly reading: NotificationReading;
}

/** As it lies in the table: sealed. */
export type SealedNotification = Omit<NotificationRow, 'reading'> & { readonly sealed: string };

export interface NewNotification {
  readonly gateway: string;
  readonly type: string;
  readonly dedupeKey: string;
  readonly sealed: string;
  readonly ip: string;
  /** The payment that it names, where it names one. */
  readonly payment: { readonly customerId: bigint; readonly id: bigint } | undefined;
  readonly now: Date;
}

/** Whoever made a charge writes down what it was answered about as soon as its gateway tells of it. */
const AWAITED_SECONDS = 0.5;

/**
 * A repetition is kept once. In one order: of two batches neither waits for the other. News of a charge that is under way is left
 * alone for a moment: its answer is on its way too, and says more.
 */
export async function insertNotifications(
  executor: Executor,
  given: readonly NewNotification[],
): Promise<void> {
  const ordered = given.toSorted((one, other) => {
    const [left, right] = [keyOf(one), keyOf(other)];
    return left === right ? 0 : left < right ? -1 : 1;
  });
  const column = <Key extends keyof NewNotification>(key: Key) => ordered.map((one) => one[key]);
  await prepared`
    insert into payments.notification (gateway, type, dedupe_key, sealed, ip, customer_id, payment_id, received_at,
      next_try_at)
    select n.*, (select clock_timestamp() + make_interval(secs => ${AWAITED_SECONDS}) from payments.payment p
      where p.customer_id = n.customer_id and p.id = n.payment_id and p.state = 'sending')
    from unnest(
      ${column('gateway')}::text[], ${column('type')}::text[], ${column('dedupeKey')}::text[],
      ${column('sealed')}::text[], ${column('ip')}::text[],
      ${ordered.map(({ payment }) => payment?.customerId ?? null)}::bigint[],
      ${ordered.map(({ payment }) => payment?.id ?? null)}::bigint[], ${column('now')}::timestamptz[]
    ) as n (gateway, type, dedupe_key, sealed, ip, customer_id, payment_id, received_at)
    on conflict (gateway, dedupe_key) do nothing`.execute(executor);
}

const keyOf = ({ dedupeKey, gateway }: NewNotification) => `${gateway} ${dedupeKey}`;

/** Gateways of which something waits, whether its time has come or not. */
export async function findWaitingGateways(executor: Executor): Promise<readonly string[]> {
  const { rows } = await sql<{ gateway: string }>`
    with recursive g as (
      (select gateway from payments.notification where state = 'new' order by gateway limit 1)
      union all
      select (select n.gateway from payments.notification n where n.state = 'new' and n.gateway > g.gateway
        order by n.gateway limit 1)
      from g where g.gateway is not null
    )
    select gateway from g where gateway is not null`.execute(executor);
  return rows.map(({ gateway }) => gateway);
}

/** What waits to be applied, in the order in which it came; nobody else takes it for a while. */
export async function claimNotifications(
  executor: Executor,
  input: { readonly gateway: string; readonly leaseMs: number; readonly most: number },
): Promise<readonly SealedNotification[]> {
  const { rows } = await sql<SealedNotification>`
    with k as (
      select id from payments.notification
      where state = 'new' and gateway = ${input.gateway}
        and (next_try_at is null or next_try_at < clock_timestamp())
      order by id limit ${input.most} for update skip locked
    )
    update payments.notification n set tries = n.tries + 1,
      next_try_at = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    from k where n.id = k.id
    returning n.id, n.gateway, n.type, n.sealed, n.tries`.execute(executor);
  return rows.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

/** Those that were applied, in one statement, each with what came of it. */
export async function closeApplied(
  tx: Tx,
  input: {
    readonly applied: readonly { readonly id: bigint; readonly result: string }[];
    readonly now: Date;
  },
): Promise<void> {
  await sql`
    with k as (
      select n.id, r.result
      from unnest(${input.applied.map(({ id }) => id)}::bigint[], ${input.applied.map(({ result }) => result)}::text[])
        as r (id, result)
      join payments.notification n on n.id = r.id and n.state = 'new' order by n.id for no key update of n
    )
    update payments.notification n set state = 'applied', result = k.result, applied_at = ${input.now}
    from k where n.id = k.id`.execute(tx);
}

export async function closeNotification(
  tx: Executor | Tx,
  input: {
    readonly id: bigint;
    readonly state: 'applied' | 'failed';
    readonly result: string;
    readonly now: Date;
  },
): Promise<void> {
  await sql`
    update payments.notification set state = ${input.state}, result = ${input.result}, applied_at = ${input.now}
    where id = ${input.id} and state = 'new'`.execute(tx);
}

export async function putOff(
  executor: Executor,
  input: { readonly ids: readonly bigint[]; readonly delayMs: number; readonly result: string },
): Promise<void> {
  if (input.ids.length === 0) return;
  await sql`
    update payments.notification set next_try_at = clock_timestamp() + make_interval(secs => ${input.delayMs / 1000}),
      result = ${input.result}
    where id = any (${input.ids}::bigint[]) and state = 'new'`.execute(executor);
}

export interface NotificationView {
  readonly gateway: string;
  readonly type: string;
  readonly dedupe_key: string;
  readonly state: string;
  readonly tries: number;
  readonly result: string | null;
  readonly received_at: Date;
  readonly applied_at: Date | null;
}

const SHOWN_MOST = 500;

/** What was heard of a payment, the oldest first. */
export async function findNotificationsOf(
  executor: Executor,
  key: { readonly customerId: bigint; readonly id: bigint },
): Promise<readonly NotificationView[]> {
  const { rows } = await sql<NotificationView>`
    select gateway, type, dedupe_key, state, tries, result, received_at, applied_at from payments.notification
    where customer_id = ${key.customerId} and payment_id = ${key.id} order by id limit ${SHOWN_MOST}`.execute(
    executor,
  );
  return rows;
}

export interface NotificationDepth {
  readonly gateway: string;
  readonly waiting: number;
  /** By the database's own clock. */
  readonly oldest_seconds: number;
  readonly failed: number;
}

/** Counting further would cost more than it tells. */
const COUNTED_MOST = 100_000;

/** How many wait by gateway, how long the first of them has, and how many nobody could apply. */
export async function readNotificationDepths(
  executor: Executor,
  now: Date,
): Promise<readonly NotificationDepth[]> {
  const { rows } = await sql<NotificationDepth>`
    select gateway, (count(*) filter (where state = 'new'))::integer as waiting,
      coalesce(extract(epoch from ${now}::timestamptz - min(received_at) filter (where state = 'new')), 0)::float8
        as oldest_seconds,
      (count(*) filter (where state = 'failed'))::integer as failed
    from (select gateway, state, received_at from payments.notification where state in ('new', 'failed')
      limit ${COUNTED_MOST}) n
    group by gateway order by gateway`.execute(executor);
  return rows;
}
