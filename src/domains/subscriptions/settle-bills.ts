import type { Tx } from '#database';
import { AppError, must, unreachable } from '#errors';
import { type PaymentResponse, parsePaymentId } from '#payments';
import type { Announcement } from './announcement.ts';
import { toNow } from './charge-due.ts';
import { announce, type Context } from './context.ts';
import { type AfterAttempt, dueAtStartOf, endOfPeriod, planAfterDecline } from './schedule.ts';
import { CARD } from './sms-route.ts';
import {
  type BillChange,
  type BilledRow,
  closeBills,
  lockBilled,
  type SubscriptionChange,
  writeSubscriptions,
} from './store.ts';
import { isAlive, nextStatus, parseBillReference, type SubscriptionStep } from './subscription.ts';
import type { Terms } from './terms.ts';

const AGAIN_AFTER_MS = 60_000;

/** What a reason for a refusal means for the subscription. */
type Consequence = 'retry' | 'next_period' | 'blacklist' | 'find_postpaid' | 'expire';

const CONSEQUENCES: Readonly<Record<string, Consequence>> = {
  insufficient_funds: 'retry',
  limit_exceeded: 'retry',
  too_soon: 'retry',
  operator_error: 'retry',
  barred_or_suspended: 'next_period',
  not_eligible: 'next_period',
  invalid_request: 'next_period',
  unknown_subscriber: 'expire',
  postpaid_not_allowed: 'find_postpaid',
  blacklisted: 'blacklist',
};

interface Settlement {
  readonly row: BilledRow;
  readonly terms: Terms;
  readonly timeZone: string;
  readonly response: PaymentResponse;
  readonly now: Date;
}

/** The outcomes of charges: bills, subscriptions, what the reports are told, and the SMS it calls for. */
export async function settleBills(
  context: Context,
  tx: Tx,
  messages: readonly PaymentResponse[],
): Promise<void> {
  const { catalogue, clock, operators } = context;
  const now = clock.now();
  const responses = [...new Map(messages.map((message) => [message.payment, message])).values()];
  const bills = responses.map((response) => parseBillReference(response.reference));
  const rows = await lockBilled(tx, distinctBills(bills));
  const termsOf = await catalogue.versions(
    tx,
    rows.map((row) => ({ serviceId: row.service_id, version: row.terms_version })),
  );
  const byBill = new Map(
    rows.map((row) => [`${row.customer_id}/${row.id}/${row.bill_period}`, row]),
  );
  const announcement = announce(context, now);
  const changes: SubscriptionChange[] = [];
  const closed: BillChange[] = [];
  for (const [index, response] of responses.entries()) {
    const bill = bills[index] as (typeof bills)[number];
    const row = byBill.get(`${bill.customerId}/${bill.id}/${bill.period}`);
    must(row, `bill ${response.reference} exists, since it was charged for`);
    // A bill that is settled already is not settled again by a message that came twice.
    if (row.bill_state !== 'open' && response.outcome !== 'accepted') continue;
    if (row.bill_state === 'paid') continue;
    if (response.outcome !== 'accepted' && wasHeard(row, response)) continue;
    if (row.operator === CARD) {
      closed.push(await settleAfterSwitch(context, tx, { row, response, now }));
      continue;
    }
    const terms = termsOf(row.service_id, row.terms_version);
    const { timeZone } = operators.get(row.operator);
    const change = settle({ row, terms, timeZone, response, now }, announcement, context);
    if (change.subscription) changes.push(change.subscription);
    if (change.bill) closed.push(change.bill);
  }
  await writeSubscriptions(tx, changes);
  await closeBills(tx, closed);
  await announcement.publish(tx);
}

/**
 * Money that came for a phone bill that was closed when its customer changed to a card: what he was told is not charged goes back
 * where the operator can, and stands in the bill.
 */
async function settleAfterSwitch(
  { log, metrics, payments }: Context,
  tx: Tx,
  {
    now,
    response,
    row,
  }: { readonly row: BilledRow; readonly response: PaymentResponse; readonly now: Date },
): Promise<BillChange> {
  const { payment } = response;
  chargesAfterStop(metrics).inc();
  try {
    const { amountMinor, refundedMinor } = await payments.report(tx, payment);
    const reason = 'paid by card by then';
    if (refundedMinor < amountMinor) await payments.refund(tx, { payment, amountMinor, reason });
  } catch (error) {
    // Thrown before anything was written: the operator takes nothing back.
    if (!(error instanceof AppError)) throw error;
    log.warn({ payment, code: error.code }, 'what was charged after a switch can not go back');
  }
  return {
    ...{ subscription: { customerId: row.customer_id, id: row.id }, period: row.bill_period ?? 0 },
    ...{ state: 'paid', reason: 'after_switch', attempts: (row.bill_attempts ?? 0) + 1 },
    ...{ closedAt: now, paymentId: parsePaymentId(payment).id },
  };
}

/** A refusal that is heard again must not move the next attempt, nor begin one beside the one under way. */
function wasHeard({ bill_payment: last }: BilledRow, { payment }: PaymentResponse): boolean {
  return last !== null && parsePaymentId(payment).id <= last;
}

interface Change {
  readonly subscription?: SubscriptionChange;
  readonly bill?: BillChange;
}

function settle(one: Settlement, announcement: Announcement, context: Context): Change {
  switch (one.response.outcome) {
    case 'accepted':
      return settleAccepted(one, announcement, context);
    case 'declined':
    case 'failed':
      return settleDeclined(one, announcement);
    case 'expired':
      return settleExpired(one);
    case 'withdrawn':
    // Of cards alone; people settle it.
    case 'conflicted':
      return {};
    default:
      return unreachable(one.response.outcome);
  }
}

/** Asked for when a worker starts: a counter that appears with its first charge shows no increase to an alert. */
export function chargesAfterStop(metrics: Context['metrics']) {
  return metrics.counter('kopek_charges_after_stop_total', 'Charges under way when STOP was said');
}

function settleAccepted(
  one: Settlement,
  announcement: Announcement,
  { log, metrics }: Context,
): Change {
  const { now, response, row, terms } = one;
  const attempts = (row.bill_attempts ?? 0) + 1;
  const bill = billChange(one, { state: 'paid', attempts, closedAt: now });
  const result = attempts === 1 ? 'paid' : 'retry_paid';
  const period = bill.period;
  announcement.transaction(row, terms, { payment: response.payment, period, result });
  if (!isAlive(row.status)) {
    // STOP was said while the charge was under way: the subscription stays ended, and payments give the money back
    // where the gateway can. The bill says what happened, the metric that it did.
    log.warn(
      { payment: response.payment },
      'a charge was accepted after its subscription had ended',
    );
    chargesAfterStop(metrics).inc();
    announcement.event(row, terms, { event: 'charged_after_stop', status: row.status, period });
    return { bill: { ...bill, reason: 'after_stop' } };
  }
  const status = step(row, 'pay');
  const paidUntil = endOfPeriod(period, row.anchor_at, one);
  const first = row.paid_until === null;
  announcement.event(row, terms, { event: first ? 'charged' : 'renewed', status, period });
  if (status !== row.status) announcement.status(row, status);
  announcement.sms(row, terms, {
    ...(first
      ? { occasion: 'welcome', fact: 'first' }
      : { occasion: 'receipt', fact: String(period) }),
  });
  const dueAt = dueAtStartOf(period + 1, row.anchor_at, one);
  return { bill, subscription: { ...unchanged(row), status, dueAt, paidUntil } };
}

function settleDeclined(one: Settlement, announcement: Announcement): Change {
  const { response, row, terms } = one;
  const attempts = (row.bill_attempts ?? 0) + 1;
  const reason = response.reason ?? 'operator_error';
  const period = row.bill_period ?? 0;
  announcement.transaction(row, terms, {
    ...{ payment: response.payment, period, reason },
    result: attempts === 1 ? 'failed' : 'retry_failed',
  });
  if (!isAlive(row.status)) return {};
  const consequence = CONSEQUENCES[reason] ?? 'retry';
  switch (consequence) {
    case 'blacklist':
    case 'find_postpaid':
    case 'expire':
      return end(one, { consequence, reason, attempts }, announcement);
    case 'retry':
    case 'next_period': {
      const after = afterDecline(one, attempts, consequence === 'retry');
      announcement.event(row, terms, { event: 'failed', status: after.status, period, reason });
      if (after.status !== row.status) announcement.status(row, after.status, reason);
      if (attempts === 1)
        announcement.sms(row, terms, { occasion: 'failed', fact: String(period) });
      return {
        bill: billChange(one, { state: 'open', attempts, closedAt: null }),
        subscription: { ...unchanged(row), ...after },
      };
    }
    default:
      return unreachable(consequence);
  }
}

function afterDecline(one: Settlement, attempts: number, again: boolean): AfterAttempt {
  const now = toNow(one.row);
  must(now.openBill, 'a declined charge was for an open bill');
  // The ladder's first step follows the first attempt, so it is looked up by the attempts before this one.
  const openBill = { ...now.openBill, attempts: attempts - 1 };
  return planAfterDecline({ ...now, openBill }, { ...one, again });
}

/** It was never sent: nothing is counted, and it is asked for again as soon as the window allows. */
function settleExpired(one: Settlement): Change {
  const { now, row } = one;
  if (!isAlive(row.status)) return {};
  return {
    bill: billChange(one, { state: 'open', attempts: row.bill_attempts ?? 0, closedAt: null }),
    subscription: { ...unchanged(row), dueAt: new Date(now.getTime() + AGAIN_AFTER_MS) },
  };
}

interface Ending {
  readonly consequence: Extract<SubscriptionStep, 'blacklist' | 'find_postpaid' | 'expire'>;
  readonly reason: string;
  readonly attempts: number;
}

function end(
  one: Settlement,
  { attempts, consequence, reason }: Ending,
  announcement: Announcement,
): Change {
  const { now, row, terms } = one;
  const status = step(row, consequence);
  announcement.event(row, terms, { event: 'ended', status, reason });
  announcement.status(row, status, reason);
  announcement.sms(row, terms, {
    occasion: status === 'expired' ? 'ended' : status,
    fact: 'ended',
  });
  return {
    bill: billChange(one, { state: 'uncollectible', attempts, closedAt: now, reason }),
    subscription: { ...unchanged(row), status, dueAt: null, endedAt: now, endReason: reason },
  };
}

function step(row: BilledRow, by: SubscriptionStep) {
  const status = nextStatus(row.status, by);
  must(status, `${by} follows ${row.status}`);
  return status;
}

function unchanged(row: BilledRow): SubscriptionChange {
  return {
    customerId: row.customer_id,
    id: row.id,
    status: row.status,
    period: row.period,
    dueAt: row.due_at,
    paidUntil: row.paid_until,
    endedAt: row.ended_at,
    endReason: row.end_reason,
  };
}

function billChange(
  { response, row }: Settlement,
  change: Pick<BillChange, 'state' | 'attempts' | 'closedAt'> & { readonly reason?: string },
): BillChange {
  return {
    subscription: { customerId: row.customer_id, id: row.id },
    period: row.bill_period ?? 0,
    reason: null,
    paymentId: parsePaymentId(response.payment).id,
    ...change,
  };
}

function distinctBills(bills: readonly ReturnType<typeof parseBillReference>[]) {
  const seen = new Map(bills.map((bill) => [`${bill.customerId}/${bill.id}/${bill.period}`, bill]));
  return [...seen.values()];
}
