import { type Executor, sql, type Tx } from '#database';
import type { GatewayNotification } from './card-gateway.ts';

export interface NotificationRow extends GatewayNotification {
  readonly id: bigint;
  readonly gateway: string;
  readonly tries: number;
}

export interface NewNotification {
  readonly gateway: string;
  readonly notification: GatewayNotification;
  readonly dedupeKey: string;
  readonly now: Date;
}

/** As they came. A repetition is kept once. */
export async function insertNotifications(
  executor: Executor,
  given: readonly NewNotification[],
): Promise<void> {
  const of = <Key extends keyof GatewayNotification>(key: Key) =>
    given.map(({ notification }) => notification[key]);
  await sql`
    insert into payments.notification (gateway, type, dedupe_key, method, query, headers, body, ip, received_at)
    select gateway, type, dedupe_key, method, query, headers::jsonb, body, ip, received_at from unnest(
      ${given.map((one) => one.gateway)}::text[], ${of('type')}::text[], ${given.map((one) => one.dedupeKey)}::text[],
      ${of('method')}::text[], ${of('query')}::text[], ${of('headers').map((one) => JSON.stringify(one))}::text[],
      ${of('body')}::bytea[], ${of('ip')}::text[], ${given.map((one) => one.now)}::timestamptz[]
    ) as n (gateway, type, dedupe_key, method, query, headers, body, ip, received_at)
    on conflict (gateway, dedupe_key) do nothing`.execute(executor);
}

/** What waits to be applied, in the order in which it came; nobody else takes it for a while. */
export async function claimNotifications(
  executor: Executor,
  input: { readonly gateways: readonly string[]; readonly leaseMs: number; readonly most: number },
): Promise<readonly NotificationRow[]> {
  const { rows } = await sql<NotificationRow>`
    with k as (
      select id from payments.notification
      where state = 'new' and gateway = any (${input.gateways}::text[])
        and (next_try_at is null or next_try_at < clock_timestamp())
      order by id limit ${input.most} for update skip locked
    )
    update payments.notification n set tries = n.tries + 1,
      next_try_at = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    from k where n.id = k.id
    returning n.id, n.gateway, n.type, n.method, n.query, n.headers, n.body, n.ip, n.tries`.execute(
    executor,
  );
  return rows.toSorted((one, other) => (one.id < other.id ? -1 : 1));
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
  input: { readonly id: bigint; readonly delayMs: number; readonly result: string },
): Promise<void> {
  await sql`
    update payments.notification set next_try_at = clock_timestamp() + make_interval(secs => ${input.delayMs / 1000}),
      result = ${input.result}
    where id = ${input.id} and state = 'new'`.execute(executor);
}

/** True where it was written for the first time. */
export async function insertDispute(
  tx: Tx,
  one: {
    readonly gateway: string;
    readonly id: string;
    readonly transaction: string;
    readonly customerId: bigint | null;
    readonly paymentId: bigint | null;
    readonly kind: string;
    readonly amountMinor: bigint;
    readonly currency: string;
    readonly reason: string | null;
    readonly at: Date;
    readonly now: Date;
  },
): Promise<boolean> {
  const { rows } = await sql`
    insert into payments.dispute (gateway, id, transaction, customer_id, payment_id, kind, amount_minor, currency, reason,
      at, recorded_at)
    values (${one.gateway}, ${one.id}, ${one.transaction}, ${one.customerId}, ${one.paymentId}, ${one.kind},
      ${one.amountMinor}, ${one.currency}, ${one.reason}, ${one.at}, ${one.now})
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}
