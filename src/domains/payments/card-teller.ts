import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import { toEvent, toResponse } from './publish-outcomes.ts';
import type { PaymentRow } from './store.ts';
import { paymentEvents, paymentResponses } from './topics.ts';

/** Tells what happens to payments by card beside their outcomes. */
export interface CardTeller {
  tell(
    tx: Tx,
    news: {
      readonly row: PaymentRow;
      readonly gateway: string;
      readonly event: 'presented' | 'page_declined' | 'conflicted' | 'surplus' | 'disputed';
      readonly reason: string | null;
    },
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
