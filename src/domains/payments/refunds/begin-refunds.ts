import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import { must } from '#errors';
import type { IdSource } from '#ids';
import { paymentId, refundReference } from '#payments/payment';
import { toEvent } from '#payments/publish-outcomes';
import type { PaymentRow } from '#payments/store';
import { paymentEvents, paymentRequests } from '#payments/topics';
import { insertRefunds } from './refund-store.ts';

/** Writes refunds down and sends them on their way, in the caller's transaction, which holds their charges. */
export interface RefundStarter {
  begin(tx: Tx, refunds: readonly WantedRefund[]): Promise<readonly PaymentRow[]>;
}

export interface WantedRefund {
  readonly charge: Pick<PaymentRow, 'customer_id' | 'id'>;
  readonly gateway: string;
  /** At most what is left of the charge. */
  readonly amountMinor: bigint;
  readonly reason: string;
  /** Not to be tried before that: an earlier try came to nothing. */
  readonly notBefore?: Date;
}

export interface RefundStarterOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** An operator may be away for long; the customer's money is his. */
const NOT_AFTER_MS = 30 * 86_400_000;
/** As a due period: behind those who wait before a page, before all retries. */
const PRIORITY = 1;

export function createRefundStarter({ bus, clock, ids }: RefundStarterOptions): RefundStarter {
  return {
    async begin(tx, wanted) {
      if (wanted.length === 0) return [];
      const now = clock.now();
      const refunds = wanted.map(({ amountMinor, charge, reason }) => ({
        ...{ customerId: charge.customer_id, chargeId: charge.id, id: ids.next(now.getTime()) },
        ...{
          amountMinor,
          reason,
          reference: refundReference(paymentId(charge.customer_id, charge.id)),
        },
      }));
      const notAfter = new Date(now.getTime() + NOT_AFTER_MS);
      const rows = await insertRefunds(tx, { refunds, notAfter, now, priority: PRIORITY });
      must(rows.length === wanted.length, 'each charge has what is asked back of it');
      const told = new Map(
        refunds.map(({ id, reason }, at) => [
          id,
          { reason, gateway: wanted[at]?.gateway ?? '', notBefore: wanted[at]?.notBefore },
        ]),
      );
      const gatewayOf = (row: PaymentRow) => told.get(row.id)?.gateway ?? '';
      const requests = [...Map.groupBy(rows, gatewayOf)].map(([gateway, some]) =>
        parcel(
          paymentRequests(gateway),
          some.map((row) => toRequest(row, told.get(row.id)?.notBefore)),
        ),
      );
      const events = rows.map((row) => ({
        key: row.customer_id.toString(),
        payload: {
          ...toEvent(row, gatewayOf(row), now.toISOString()),
          event: 'refund_requested',
          reason: told.get(row.id)?.reason ?? '',
        },
      }));
      await bus.publishAll(tx, [...requests, parcel(paymentEvents, events)]);
      return rows;
    },
  };
}

function toRequest(row: PaymentRow, notBefore: Date | undefined) {
  return {
    key: row.customer_id.toString(),
    priority: row.priority,
    ...(notBefore && { notBefore }),
    payload: {
      payment: paymentId(row.customer_id, row.id),
      kind: row.kind,
      not_after: row.not_after.toISOString(),
    },
  };
}
