import { type Executor, sql, type Tx } from '#database';
import type { FiscalFacts } from './card-gateway.ts';

/** A fiscal receipt as it is looked at. */
export interface FiscalView {
  readonly kind: FiscalFacts['kind'];
  readonly document: string;
  readonly sign: string;
  readonly device: string | undefined;
  readonly url: string | undefined;
  readonly at: Date;
}

/** True where it was not known yet. */
export async function insertFiscalReceipt(
  tx: Tx,
  one: FiscalFacts & {
    readonly gateway: string;
    readonly customerId: bigint;
    readonly paymentId: bigint;
    readonly now: Date;
  },
): Promise<boolean> {
  const { rows } = await sql`
    insert into payments.fiscal_receipt (gateway, transaction, document, sign, kind, customer_id, payment_id, device, url,
      at, recorded_at)
    values (${one.gateway}, ${one.transaction}, ${one.document}, ${one.sign}, ${one.kind}, ${one.customerId},
      ${one.paymentId}, ${one.device ?? null}, ${one.url ?? null}, ${one.at ?? one.now}, ${one.now})
    on conflict do nothing returning document`.execute(tx);
  return rows.length > 0;
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
