import type { ChargeRequest } from '#payments';
import { type Allocation, allocationNow, announce, type Context } from './context.ts';
import { type DuePlan, planDue, type SubscriptionNow } from './schedule.ts';
import {
  type BillChange,
  type BilledRow,
  closeBills,
  insertBills,
  lockDue,
  type NewBill,
  type SubscriptionChange,
  writeSubscriptions,
} from './store.ts';
import { billReference } from './subscription.ts';
import type { Terms } from './terms.ts';

const DUE_PERIOD = 1;
const RETRY = 0;
const SET_MOST = 500;

/**
 * Claims a set of subscriptions whose time has come, and asks for their money. Answers how many there were;
 * none are claimed while the gateway has no room: what is due stays due, and fair.
 */
export async function chargeDue(context: Context, operator: string): Promise<number> {
  const room = await context.payments.room(operator);
  if (room <= 0) return 0;
  const allocationOf = await allocationNow(context);
  return context.database.transaction(async (tx) => {
    const now = context.clock.now();
    const rows = await lockDue(tx, { operator, now, most: Math.min(SET_MOST, room) });
    if (rows.length === 0) return 0;
    const termsOf = await context.catalogue.versions(
      tx,
      rows.map((row) => ({ serviceId: row.service_id, version: row.terms_version })),
    );
    const { timeZone } = context.operators.get(operator);
    const work = createWork(context, { now, allocationOf });
    for (const row of rows) {
      const terms = termsOf(row.service_id, row.terms_version);
      work.add(row, terms, planDue(toNow(row), { terms, timeZone, now }));
    }
    await writeSubscriptions(tx, work.changes);
    await closeBills(tx, work.closed);
    await insertBills(tx, work.opened, now);
    await context.payments.request(tx, work.charges);
    await work.announcement.publish(tx);
    return rows.length;
  });
}

export function toNow(row: BilledRow): SubscriptionNow {
  return {
    status: row.status,
    anchorAt: row.anchor_at,
    period: row.period,
    paidUntil: row.paid_until ?? undefined,
    openBill:
      row.bill_state === 'open' && row.bill_period !== null && row.bill_opened_at !== null
        ? {
            period: row.bill_period,
            attempts: row.bill_attempts ?? 0,
            openedAt: row.bill_opened_at,
          }
        : undefined,
  };
}

function createWork(
  context: Context,
  { allocationOf, now }: { readonly now: Date; readonly allocationOf: Allocation },
) {
  const announcement = announce(context, now);
  const changes: SubscriptionChange[] = [];
  const closed: BillChange[] = [];
  const opened: NewBill[] = [];
  const charges: ChargeRequest[] = [];

  function add(row: BilledRow, terms: Terms, plan: DuePlan): void {
    const key = { customerId: row.customer_id, id: row.id };
    const same = {
      ...key,
      ...{ status: row.status, period: row.period, dueAt: null, paidUntil: row.paid_until },
      ...{ endedAt: null, endReason: null },
    };
    if (plan.plan === 'wait') {
      changes.push({ ...same, dueAt: plan.until });
      return;
    }
    const { closes } = plan;
    if (closes) {
      closed.push({
        ...{ subscription: key, period: closes.period, attempts: closes.attempts, closedAt: now },
        ...(closes.attempts > 0
          ? { state: 'uncollectible', reason: 'period_over' }
          : { state: 'void', reason: 'missed' }),
      });
    }
    if (plan.plan === 'expire') {
      changes.push({ ...same, status: 'expired', endedAt: now, endReason: 'not_paid' });
      announcement.event(row, terms, { event: 'ended', status: 'expired', reason: 'not_paid' });
      announcement.status(row, 'expired', 'not_paid');
      announcement.sms(row, terms, { occasion: 'ended', fact: 'expired' });
      return;
    }
    charge(row, terms, plan);
    changes.push({ ...same, status: plan.status, period: plan.period });
    if (plan.status !== row.status) announcement.status(row, plan.status);
  }

  function charge(row: BilledRow, terms: Terms, plan: DuePlan & { plan: 'charge' }): void {
    const subscription = { customerId: row.customer_id, id: row.id };
    const bill = { subscription, amountMinor: terms.priceMinor, currency: terms.currency };
    for (const period of plan.missed)
      opened.push({ ...bill, period, state: 'void', reason: 'missed' });
    if (row.bill_period !== plan.period || row.bill_state !== 'open') {
      opened.push({ ...bill, period: plan.period, state: 'open', reason: null });
    }
    charges.push({
      ...{ customerId: row.customer_id, gateway: row.operator, msisdn: row.msisdn },
      ...{ amountMinor: terms.priceMinor, currency: terms.currency, notAfter: plan.notAfter },
      reference: billReference(subscription, plan.period),
      priority: plan.retry ? RETRY : DUE_PERIOD,
      ...allocationOf(terms),
    });
  }

  return { add, announcement, changes, closed, opened, charges };
}
