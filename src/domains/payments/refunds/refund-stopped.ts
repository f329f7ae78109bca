import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { Gateway } from '#payments/gateway';
import { isSurplus } from '#payments/payment';
import { toEvent } from '#payments/publish-outcomes';
import type { PaymentRow } from '#payments/store';
import { paymentEvents } from '#payments/topics';
import type { RefundStarter } from './begin-refunds.ts';
import { AFTER_STOP, findToGiveBack, type ToGiveBack } from './refund-store.ts';

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
function whyBack(row: Pick<PaymentRow, 'reference'>): string {
  return isSurplus(row) ? 'surplus' : AFTER_STOP;
}

/** The gateway said no without a reason of the customer's, or knows nothing of it: it is asked again, ever more seldom. */
const PASSING: readonly (string | null)[] = [
  'operator_error',
  'gateway_error',
  'issuer_unavailable',
];
const AGAIN_FIRST_MS = 5000;
const AGAIN_MOST_MS = 6 * 3_600_000;
/** Weeks, by then: people have to look at it. */
const TRIES_MOST = 60;

/**
 * A refund that nobody but us knows to be owed (after STOP, of what was paid beyond) and that came to nothing is begun
 * anew; where that would not help people are told.
 */
export async function giveBackAgain(
  { bus, clock, gateway, starter }: RefundStoppedOptions,
  tx: Tx,
  settled: readonly PaymentRow[],
): Promise<void> {
  const lost = settled.filter((row) => row.kind === 'refund' && row.state === 'declined');
  if (lost.length === 0) return;
  const now = clock.now();
  const owed = await findToGiveBack(tx, lost);
  const passing = new Set(
    lost.filter(({ reason }) => PASSING.includes(reason)).map(({ refund_of: id }) => id),
  );
  const isHopeful = ({ id, tries }: ToGiveBack) => passing.has(id) && tries < TRIES_MOST;
  await starter.begin(
    tx,
    owed.filter(isHopeful).map((charge) => ({
      ...{ charge, gateway: gateway.name, amountMinor: charge.left_minor },
      reason: whyBack(charge),
      notBefore: new Date(now.getTime() + againAfterMs(charge.tries)),
    })),
  );
  const givenUp = new Map(owed.filter((one) => !isHopeful(one)).map((one) => [one.id, one]));
  await bus.publish(
    tx,
    paymentEvents,
    lost.flatMap((row) => {
      const charge = row.refund_of === null ? undefined : givenUp.get(row.refund_of);
      if (!charge) return [];
      const event = toEvent(row, gateway.name, now.toISOString());
      const payload = { ...event, event: 'refund_impossible', reason: whyBack(charge) };
      return [{ key: row.customer_id.toString(), payload }];
    }),
  );
}

function againAfterMs(tries: number): number {
  return Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(tries - 1, 20));
}
