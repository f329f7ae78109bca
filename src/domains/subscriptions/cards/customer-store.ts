import { type Executor, sql, type Tx } from '#database';
import type { SubscriptionStatus } from '#subscriptions/subscription';

/** Gives a locked customer the merchant's key and address; false where the key is another's, or he has another. */
export async function nameCustomer(
  tx: Tx,
  input: {
    readonly id: bigint;
    readonly user: string | undefined;
    readonly email: string | undefined;
  },
): Promise<boolean> {
  const { email = null, id, user = null } = input;
  const { rows } = await sql`
    update subscriptions.customer c set user_key = coalesce(c.user_key, ${user}::text), email = coalesce(${email}::text, c.email)
    where c.id = ${id} and (${user}::text is null or c.user_key = ${user} or (c.user_key is null and not exists (
      select from subscriptions.customer o where o.user_key = ${user}
    )))
    returning id`.execute(tx);
  return rows.length > 0;
}

/** What is alive of a customer and service: at most one. */
export async function findAlive(
  tx: Tx,
  input: { readonly customerId: bigint; readonly serviceId: number },
): Promise<
  | { readonly id: bigint; readonly status: SubscriptionStatus; readonly operator: string }
  | undefined
> {
  const { rows } = await sql<{ id: bigint; status: SubscriptionStatus; operator: string }>`
    select id, status, operator from subscriptions.subscription
    where customer_id = ${input.customerId} and service_id = ${input.serviceId}
      and status in ('pending', 'trial', 'active', 'grace', 'hold', 'paused') limit 1`.execute(tx);
  return rows[0];
}

/** Whether he has said STOP at or after this moment, for this service or for all. */
export async function hasStoppedSince(
  tx: Tx,
  input: { readonly customerId: bigint; readonly serviceId: number; readonly since: Date },
): Promise<boolean> {
  const { rows } = await sql`
    select from subscriptions.stop where customer_id = ${input.customerId}
      and (service_id is null or service_id = ${input.serviceId}) and said_at >= ${input.since} limit 1`.execute(
    tx,
  );
  return rows.length > 0;
}

export async function findCustomerId(
  executor: Executor,
  msisdn: string,
): Promise<bigint | undefined> {
  const { rows } = await sql<{ id: bigint }>`
    select id from subscriptions.customer where msisdn = ${msisdn}`.execute(executor);
  return rows[0]?.id;
}
