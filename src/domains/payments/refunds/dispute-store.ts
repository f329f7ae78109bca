import { type Executor, sql, type Tx } from '#database';
import type { Dispute } from '#payments/card-gateway';

/** True where it was written for the first time, or where only now it is known which payment it is about. */
export async function insertDispute(
  tx: Tx,
  one: {
    readonly gateway: string;
    readonly id: string;
    readonly transaction: string;
    readonly customerId: bigint | null;
    readonly paymentId: bigint | null;
    readonly kind: Dispute['kind'];
    readonly amountMinor: bigint;
    readonly currency: string;
    readonly reason: string | null;
    readonly at: Date;
    readonly now: Date;
  },
): Promise<boolean> {
  const { rows } = await sql`
    insert into payments.dispute as d (gateway, id, transaction, customer_id, payment_id, kind, amount_minor, currency,
      reason, at, recorded_at)
    values (${one.gateway}, ${one.id}, ${one.transaction}, ${one.customerId}, ${one.paymentId}, ${one.kind},
      ${one.amountMinor}, ${one.currency}, ${one.reason}, ${one.at}, ${one.now})
    on conflict (gateway, id, kind) do update set customer_id = excluded.customer_id, payment_id = excluded.payment_id
      where d.payment_id is null and excluded.payment_id is not null
    returning id`.execute(tx);
  return rows.length > 0;
}

const DISPUTES_MOST = 100;

/** All that was told of disputes of one operation, and is known to be about a payment. */
export async function disputesOf(
  executor: Executor,
  of: { readonly gateway: string; readonly transaction: string },
): Promise<readonly { readonly id: string; readonly kind: Dispute['kind'] }[]> {
  const { rows } = await sql<{ id: string; kind: Dispute['kind'] }>`
    select id, kind from payments.dispute
    where gateway = ${of.gateway} and transaction = ${of.transaction} and payment_id is not null
    order by recorded_at, id, kind limit ${DISPUTES_MOST}`.execute(executor);
  return rows;
}

/**
 * Whether its payer's bank is about to take a payment back: it has not decided yet, or what it took is not written down as given
 * back yet. The caller holds the payment.
 */
export async function isDisputed(
  tx: Tx,
  { customerId, id }: { readonly customerId: bigint; readonly id: bigint },
): Promise<boolean> {
  const { rows } = await sql`
    select from payments.dispute d
    where d.customer_id = ${customerId} and d.payment_id = ${id} and (
      (d.kind = 'opened' and not exists (select from payments.dispute e
        where e.gateway = d.gateway and e.id = d.id and e.kind in ('lost', 'won')))
      or (d.kind = 'lost' and not exists (select from payments.payment p
        where p.customer_id = d.customer_id and p.refund_of = d.payment_id and p.refund_reason = 'dispute')))
    limit 1`.execute(tx);
  return rows.length > 0;
}
