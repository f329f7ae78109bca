import { must } from '#errors';
import { type CardCase, openBillOf } from '#subscriptions/cards/card-case';
import {
  billReference,
  cardReference,
  nextStatus,
  type SubscriptionStep,
} from '#subscriptions/subscription';
import type { Work } from './work.ts';

/** Takes a step of the table; `since` moves only where the status does. */
export function stepCase(one: CardCase, step: SubscriptionStep, now: Date): CardCase {
  const status = nextStatus(one.status, step);
  must(status, `${step} follows ${one.status}`);
  return { ...one, status, statusSince: status === one.status ? one.statusSince : now };
}

export interface Ending {
  readonly step: 'cancel' | 'expire';
  readonly reason: string;
  /** What the open bill becomes. */
  readonly bill: 'void' | 'uncollectible';
  readonly event: 'cancelled' | 'ended';
}

/** Ends a subscription: what was not sent is withdrawn in the same transaction, and nothing is ever charged again. */
export function endCase(one: CardCase, ending: Ending, work: Work): CardCase {
  const { now } = work;
  const stepped = stepCase(one, ending.step, now);
  const closed = closeBill(stepped, { state: ending.bill, reason: ending.reason }, work);
  work.withdraw(closed, cardReference(one.key), ending.reason);
  const ended = work.keep({
    ...closed,
    ...{ endedAt: now, endReason: ending.reason, attention: null },
  });
  work.tell.event(ended, work.planOf(one), { event: ending.event, reason: ending.reason });
  return ended;
}

const NOTHING_OPEN = { nextAttemptAt: null, isUnderWay: false, pagePayment: null } as const;

/** Closes the open bill, if there is one, and withdraws what was not sent for it. */
export function closeBill(
  one: CardCase,
  { reason, state }: { readonly state: 'void' | 'uncollectible'; readonly reason: string },
  work: Work,
): CardCase {
  const bill = openBillOf(one);
  if (!bill) return one;
  work.withdraw(one, billReference(one.key, bill.number), reason);
  const closed = { ...bill, state, reason, closedAt: work.now, ...NOTHING_OPEN };
  return work.keep({ ...one, bill: closed });
}
