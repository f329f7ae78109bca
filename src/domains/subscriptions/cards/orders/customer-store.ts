import { type Executor, sql, type Tx } from '#database';
import type { SubscriptionStatus } from '#subscriptions/subscription';

/**
 * Gives locked customers the merchant's keys and addresses; answers the customers of those that fit. A key that is another's, or a
 * customer who has another key, does not. Of one list no key and no customer stands twice.
 */
export async function nameCustomers(
  tx: Tx,
  names: readonly {
    readonly id: bigint;
    readonly user: string | undefined;
    readonly email: string | undefined;
  }[],
): Promise<ReadonlySet<bigint>> {
  const { rows } = await sql<{ id: bigint }>`
    update subscriptions.customer c set user_key = coalesce(c.user_key, n.user_key), email = coalesce(n.email, c.email)
    from unnest(${names.map((one) => one.id)}::bigint[], ${names.map((one) => one.user ?? null)}::text[],
      ${names.map((one) => one.email ?? null)}::text[]) as n (id, user_key, email)
    where c.id = n.id and (n.user_key is null or c.user_key = n.user_key or (c.user_key is null and not exists (
      select from subscriptions.customer o where o.user_key = n.user_key
    )))
    returning c.id`.execute(tx);
  return new Set(rows.map((row) => row.id));
}

export interface AtService {
  readonly customerId: bigint;
  readonly serviceId: number;
}

const ofServices = (keys: readonly AtService[]) =>
  sql`${keys.map((key) => key.customerId)}::bigint[], ${keys.map((key) => key.serviceId)}::integer[]`;

/** What is alive of these customers and services: at most one of each. */
export async function findAlive(tx: Tx, keys: readonly AtService[]) {
  const { rows } = await sql<{
    customer_id: bigint;
    service_id: number;
    id: bigint;
    status: SubscriptionStatus;
    operator: string;
  }>`
    select s.customer_id, s.service_id, s.id, s.status, s.operator
    from unnest(${ofServices(keys)}) as k (customer_id, service_id)
    join subscriptions.subscription s on s.customer_id = k.customer_id and s.service_id = k.service_id
      and s.status in ('pending', 'trial', 'active', 'grace', 'hold', 'paused')`.execute(tx);
  return rows;
}

/** Places, from 0 on, of those who have said STOP at or after their moment, for that service or for all. */
export async function findStopped(
  tx: Tx,
  asked: readonly (AtService & { readonly since: Date })[],
): Promise<ReadonlySet<number>> {
  const { rows } = await sql<{ at: bigint }>`
    select k.at from unnest(${ofServices(asked)}, ${asked.map((one) => one.since)}::timestamptz[])
      with ordinality as k (customer_id, service_id, since, at)
    where exists (select from subscriptions.stop s where s.customer_id = k.customer_id
      and (s.service_id is null or s.service_id = k.service_id) and s.said_at >= k.since)`.execute(
    tx,
  );
  return new Set(rows.map((row) => Number(row.at) - 1));
}

export async function findCustomerId(
  executor: Executor,
  msisdn: string,
): Promise<bigint | undefined> {
  const { rows } = await sql<{ id: bigint }>`
    select id from subscriptions.customer where msisdn = ${msisdn}`.execute(executor);
  return rows[0]?.id;
}
