import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { Dispute } from '#payments/card-gateway';
import { toEvent, toResponse } from '#payments/publish-outcomes';
import type { PaymentRow } from '#payments/store';
import {
  type PaymentDispute,
  paymentDisputes,
  paymentEvents,
  paymentResponses,
} from '#payments/topics';

/** Tells what happens to payments by card beside their outcomes. */
export interface CardTeller {
  tell(
    tx: Tx,
    news: {
      readonly row: PaymentRow;
      readonly gateway: string;
      readonly event: 'presented' | 'page_declined' | 'conflicted' | 'surplus';
      readonly reason: string | null;
    },
  ): Promise<void>;
  /** What a payer's bank says of it. */
  dispute(
    tx: Tx,
    news: { readonly row: PaymentRow; readonly gateway: string; readonly dispute: Dispute },
  ): Promise<void>;
  /** The end of one that ended without an answer of its gateway. */
  end(tx: Tx, row: PaymentRow, gateway: string): Promise<void>;
}

export function createCardTeller({
  bus,
  clock,
}: {
  readonly bus: Bus;
  readonly clock: Clock;
}): CardTeller {
  return {
    async tell(tx, { event, gateway, reason, row }) {
      const told = toEvent({ ...row, reason }, gateway, clock.now().toISOString());
      await bus.publish(tx, paymentEvents, [
        { key: row.customer_id.toString(), payload: { ...told, event } },
      ]);
    },
    async dispute(tx, { dispute, gateway, row }) {
      const at = clock.now().toISOString();
      const key = row.customer_id.toString();
      const told = toEvent({ ...row, reason: dispute.kind }, gateway, at);
      const { amountMinor, currency, id, kind, reason } = dispute;
      const payload: PaymentDispute = {
        ...{ payment: told.payment, reference: row.reference, msisdn: row.msisdn, gateway },
        ...{ dispute: id, kind, amount_minor: Number(amountMinor), currency, at },
        ...(reason === undefined ? {} : { reason }),
      };
      await bus.publishAll(tx, [
        parcel(paymentEvents, [{ key, payload: { ...told, event: 'disputed' } }]),
        parcel(paymentDisputes, [{ key, payload }]),
      ]);
    },
    async end(tx, row, gateway) {
      const at = clock.now().toISOString();
      const key = row.customer_id.toString();
      await bus.publishAll(tx, [
        parcel(paymentResponses(gateway), [{ key, payload: toResponse(row, { at, gateway }) }]),
        parcel(paymentEvents, [{ key, payload: toEvent(row, gateway, at) }]),
      ]);
    },
  };
}
