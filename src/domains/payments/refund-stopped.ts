import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { RefundStarter } from './begin-refunds.ts';
import type { Gateway } from './gateway.ts';
import { SURPLUS } from './payment.ts';
import { toEvent } from './publish-outcomes.ts';
import { AFTER_STOP, findToGiveBack } from './refund-store.ts';
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
        reason: whyBack(charge),
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
        reason: AFTER_STOP,
      },
    })),
  );
}

/** What was paid beyond what was asked for goes back as what came after STOP does. */
function whyBack({ reference }: PaymentRow): string {
  return reference.startsWith(SURPLUS) ? 'surplus' : AFTER_STOP;
}

/** The operator said no without a reason of the customer's, or knows nothing of it: it is asked again, ever more seldom. */
const AGAIN_FIRST_MS = 5000;
const AGAIN_MOST_MS = 6 * 3_600_000;
/** Weeks, by then: people have to look at it. */
const TRIES_MOST = 60;

/** A refund after STOP that came to nothing is begun anew: nobody but us knows that this money is owed. */
export async function giveBackAgain(
  { bus, clock, gateway, starter }: RefundStoppedOptions,
  tx: Tx,
  settled: readonly PaymentRow[],
): Promise<void> {
  const lost = settled.filter(
    (row) =>
      row.kind === 'refund' &&
      row.state === 'declined' &&
      (row.reason === 'operator_error' || row.reason === 'gateway_error'),
  );
  if (lost.length === 0) return;
  const now = clock.now();
  const charges = await findToGiveBack(tx, lost);
  await starter.begin(
    tx,
    charges
      .filter(({ tries }) => tries < TRIES_MOST)
      .map((charge) => ({
        ...{ charge, gateway: gateway.name, amountMinor: charge.left_minor, reason: AFTER_STOP },
        notBefore: new Date(now.getTime() + againAfterMs(charge.tries)),
      })),
  );
  const givenUp = new Set(charges.filter(({ tries }) => tries >= TRIES_MOST).map(({ id }) => id));
  await bus.publish(
    tx,
    paymentEvents,
    lost
      .filter((row) => row.refund_of !== null && givenUp.has(row.refund_of))
      .map((row) => ({
        key: row.customer_id.toString(),
        payload: {
          ...toEvent(row, gateway.name, now.toISOString()),
          event: 'refund_impossible',
          reason: AFTER_STOP,
        },
      })),
  );
}

function againAfterMs(tries: number): number {
  return Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(tries - 1, 20));
}
