import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { RefundStarter } from './begin-refunds.ts';
import type { Gateway } from './gateway.ts';
import { toEvent } from './publish-outcomes.ts';
import type { PaymentRow } from './store.ts';
import { paymentEvents } from './topics.ts';

export interface RefundStoppedOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly gateway: Gateway;
  readonly starter: RefundStarter;
}

/**
 * Gives back what was taken although STOP was said while it was under way, in the transaction that records its
 * acceptance: there is no moment in which it is taken and nobody will give it back. Where the gateway can't, people are
 * told.
 */
export async function refundStopped(
  { bus, clock, gateway, starter }: RefundStoppedOptions,
  tx: Tx,
  settled: readonly PaymentRow[],
): Promise<void> {
  const stopped = settled.filter(
    (row) => row.kind === 'charge' && row.state === 'accepted' && row.stopped_at !== null,
  );
  if (stopped.length === 0) return;
  if (gateway.refunds()) {
    await starter.begin(
      tx,
      stopped.map((charge) => ({
        ...{ charge, gateway: gateway.name, amountMinor: charge.amount_minor },
        reason: 'after_stop',
      })),
    );
    return;
  }
  const at = clock.now().toISOString();
  await bus.publish(
    tx,
    paymentEvents,
    stopped.map((row) => ({
      key: row.customer_id.toString(),
      payload: {
        ...toEvent(row, gateway.name, at),
        event: 'refund_impossible',
        reason: 'after_stop',
      },
    })),
  );
}
