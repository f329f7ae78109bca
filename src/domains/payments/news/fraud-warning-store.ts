import { sql, type Tx } from '#database';

/** False where it was told before. */
export async function insertWarning(
  tx: Tx,
  one: {
    readonly gateway: string;
    readonly id: string;
    readonly transaction: string;
    readonly customerId: bigint;
    readonly paymentId: bigint;
    readonly reason: string | null;
    readonly at: Date;
    readonly now: Date;
  },
): Promise<boolean> {
  const { rows } = await sql`
    insert into payments.fraud_warning (gateway, id, transaction, customer_id, payment_id, reason, at, recorded_at)
    values (${one.gateway}, ${one.id}, ${one.transaction}, ${one.customerId}, ${one.paymentId}, ${one.reason}, ${one.at},
      ${one.now}) on conflict (gateway, id) do nothing returning id`.execute(tx);
  return rows.length > 0;
}
