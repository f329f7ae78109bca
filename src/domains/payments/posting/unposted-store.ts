import { type Executor, sql, type Tx } from '#database';
import type { CustomerKey } from '#ids';
import { COLUMNS, type PaymentRow } from '#payments/store';

/** Accepted charges that nobody has posted yet. */
export async function findUnposted(
  executor: Executor,
  input: { readonly gateway: string; readonly most: number },
): Promise<readonly PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    select ${COLUMNS} from payments.unposted u
    join payments.payment p on p.customer_id = u.customer_id and p.id = u.id
    where u.gateway = ${input.gateway} order by u.customer_id, u.id limit ${input.most}`.execute(
    executor,
  );
  return rows;
}

/** Those of `rows` that nobody has taken before. */
export async function takeUnposted(
  tx: Tx,
  rows: readonly PaymentRow[],
): Promise<readonly PaymentRow[]> {
  const { rows: taken } = await sql<{ customer_id: bigint; id: bigint }>`
    delete from payments.unposted u
    using unnest(${rows.map((row) => row.customer_id)}::bigint[], ${rows.map((row) => row.id)}::bigint[])
      as k (customer_id, id)
    where u.customer_id = k.customer_id and u.id = k.id returning u.customer_id, u.id`.execute(tx);
  const ids = new Set(taken.map(({ customer_id, id }) => `${customer_id} ${id}`));
  return rows.filter((row) => ids.has(`${row.customer_id} ${row.id}`));
}

/** Accepted payments in the order of their keys, from behind `after` on. */
export async function listAccepted(
  executor: Executor,
  input: { readonly after: CustomerKey; readonly most: number },
): Promise<readonly CustomerKey[]> {
  const { after, most } = input;
  const { rows } = await sql<{ customer_id: bigint; id: bigint }>`
    select customer_id, id from payments.payment
    where state = 'accepted' and (customer_id, id) > (${after.customerId}::bigint, ${after.id}::bigint)
    order by customer_id, id limit ${most}`.execute(executor);
  return rows.map(({ customer_id: customerId, id }) => ({ customerId, id }));
}
