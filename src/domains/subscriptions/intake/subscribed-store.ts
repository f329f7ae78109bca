import { type Executor, prepared, sql } from '#database';
import { subscriptionId } from '#subscriptions/subscription';

/** Somebody who asks to pay for a plan, as his caller names him. */
export interface Asker {
  readonly user: string;
  readonly msisdn: string;
  readonly plan: string;
}

// No key of a user, number or code of a plan has a control character.
const SEPARATOR = '\u001f';
const texts = (values: readonly string[]) =>
  sql`string_to_array(${values.join(SEPARATOR)}, ${SEPARATOR})`;

/**
 * Those who have what they ask for, by their place in the list from 0 on: `sub_…`. By their number, or by their key. Looked up one by
 * one along the keys: a plan that was made while few had subscribed would read all of them for ever after.
 */
export async function findSubscribed(
  executor: Executor,
  askers: readonly Asker[],
): Promise<ReadonlyMap<number, string>> {
  if (askers.length === 0) return new Map();
  const { rows } = await prepared<{ at: bigint; customer_id: bigint; id: bigint }>`
    select n.at, s.customer_id, s.id
    from unnest(${texts(askers.map((one) => one.user))}, ${texts(askers.map((one) => one.msisdn))},
      ${texts(askers.map((one) => one.plan))}) with ordinality as n (user_key, msisdn, plan, at)
    cross join lateral (select id from subscriptions.service where code = n.plan offset 0) as v
    cross join lateral (
      select c.id from subscriptions.customer c where c.msisdn = n.msisdn
      union select c.id from subscriptions.customer c where c.user_key = n.user_key
    ) as c
    cross join lateral (
      select s.customer_id, s.id from subscriptions.subscription s where s.customer_id = c.id and s.service_id = v.id
        and s.status in ('trial', 'active', 'grace', 'hold', 'paused') offset 0
    ) as s`.execute(executor);
  return new Map(
    rows.map((row) => [
      Number(row.at) - 1,
      subscriptionId({ customerId: row.customer_id, id: row.id }),
    ]),
  );
}
