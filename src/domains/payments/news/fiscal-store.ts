import { type Executor, sql, type Tx } from '#database';
import type { FiscalFacts } from '#payments/card-gateway';

/** A fiscal receipt as it is looked at. */
export interface FiscalView {
  readonly kind: FiscalFacts['kind'];
  readonly document: string;
  readonly sign: string;
  readonly device: string | undefined;
  readonly url: string | undefined;
  readonly at: Date;
}

export type NewFiscalReceipt = FiscalFacts & {
  readonly gateway: string;
  readonly customerId: bigint;
  readonly paymentId: bigint;
  readonly now: Date;
};

/** Answers how many were not known yet. In one order: of two sets neither waits for both. */
export async function insertFiscalReceipts(
  tx: Tx,
  given: readonly NewFiscalReceipt[],
): Promise<number> {
  if (given.length === 0) return 0;
  const ordered = given.toSorted((one, other) => (one.transaction < other.transaction ? -1 : 1));
  const column = <Key extends keyof NewFiscalReceipt>(key: Key) => ordered.map((one) => one[key]);
  const { rows } = await sql`
    insert into payments.fiscal_receipt (gateway, transaction, document, sign, kind, customer_id, payment_id, device, url,
      at, recorded_at)
    select * from unnest(
      ${column('gateway')}::text[], ${column('transaction')}::text[], ${column('document')}::text[],
      ${column('sign')}::text[], ${column('kind')}::text[], ${column('customerId')}::bigint[],
      ${column('paymentId')}::bigint[], ${ordered.map((one) => one.device ?? null)}::text[],
      ${ordered.map((one) => one.url ?? null)}::text[], ${ordered.map((one) => one.at ?? one.now)}::timestamptz[],
      ${column('now')}::timestamptz[])
    on conflict do nothing returning document`.execute(tx);
  return rows.length;
}

const SHOWN_MOST = 20;

/** Of one payment or refund, the oldest first. */
export async function findFiscalReceipts(
  executor: Executor,
  key: { readonly customerId: bigint; readonly id: bigint },
): Promise<readonly FiscalView[]> {
  const { rows } = await sql<{
    kind: FiscalFacts['kind'];
    document: string;
    sign: string;
    device: string | null;
    url: string | null;
    at: Date;
  }>`
    select kind, document, sign, device, url, at from payments.fiscal_receipt
    where customer_id = ${key.customerId} and payment_id = ${key.id}
    order by at, document limit ${SHOWN_MOST}`.execute(executor);
  return rows.map(({ device, url, ...row }) => ({
    ...{ ...row, device: device ?? undefined, url: url ?? undefined },
  }));
}
