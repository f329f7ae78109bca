import type { Tx } from '#database';
import { AppError, must } from '#errors';
import type { ChargeRequest } from '#payments';
import {
  type CardBill,
  type CardCase,
  type CardDecline,
  openBillOf,
} from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import { moveLeft, type Plan, type PlanOf } from '#subscriptions/cards/plans';
import { CARD } from '#subscriptions/sms-route';
import { subscriptionId } from '#subscriptions/subscription';
import {
  type BillWrite,
  insertCardBills,
  insertDeclines,
  type NewCardBill,
  setAttention,
  updateCardBills,
  updateCases,
} from './case-writes.ts';
import { nextDueAt } from './next-due.ts';
import { createTelling, type Telling } from './tell.ts';

/** Money that is to go back, to the card it came from. */
export interface WantedRefund {
  readonly one: CardCase;
  readonly payment: string;
  readonly amountMinor: bigint;
  readonly reason: string;
}

/** What one transaction decides about card subscriptions: gathered, and written in a few statements at its end. */
export interface Work {
  readonly now: Date;
  readonly tell: Telling;
  planOf(one: CardCase): Plan;
  /** The case as it is from now on; its bill, if it has one, is kept with it. */
  keep(one: CardCase): CardCase;
  open(one: CardCase, bill: NewCardBill): CardCase;
  decline(decline: CardDecline): void;
  charge(charge: ChargeRequest): void;
  refund(refund: WantedRefund): void;
  /** Ends what was not sent of this bill, or of the card page. */
  withdraw(one: CardCase, reference: string, reason: string): void;
  write(tx: Tx): Promise<void>;
}

export interface WorkOptions {
  readonly now: Date;
  readonly planOf: PlanOf;
}

interface Withdrawal {
  readonly one: CardCase;
  readonly reference: string;
  readonly reason: string;
}

export function createWork(context: CardContext, { now, planOf }: WorkOptions): Work {
  const tell = createTelling({ ...context, now });
  const cases = new Map<string, CardCase>();
  const bills = new Map<string, BillWrite>();
  const opened = new Map<string, NewCardBill>();
  const declines: CardDecline[] = [];
  const charges: ChargeRequest[] = [];
  const refunds: WantedRefund[] = [];
  const withdrawals: Withdrawal[] = [];
  const nameOf = (one: CardCase, { number }: CardBill) => `${subscriptionId(one.key)}/${number}`;
  const ofCase = (one: CardCase) => planOf(one.priced.selection.price);

  function keep(one: CardCase): CardCase {
    const plan = ofCase(one);
    const { serviceId } = plan;
    const { version } = plan.price;
    const kept = { ...one, serviceId, version, move: moveLeft(one) };
    cases.set(subscriptionId(one.key), kept);
    const { bill } = kept;
    if (bill) {
      const name = nameOf(kept, bill);
      const fresh = opened.get(name);
      if (fresh) opened.set(name, { ...fresh, bill });
      bills.set(name, { subscription: kept.key, bill, asRead: kept.asRead?.bill ?? null });
    }
    return kept;
  }

  return {
    now,
    tell,
    planOf: ofCase,
    keep,
    open(one, bill) {
      must(openBillOf(one) === null, 'a subscription has one open bill');
      opened.set(nameOf(one, bill.bill), bill);
      return keep({ ...one, bill: bill.bill, billCount: bill.bill.number + 1 });
    },
    decline: (decline) => void declines.push(decline),
    charge: (charge) => void charges.push(charge),
    refund: (refund) => void refunds.push(refund),
    withdraw: (one, reference, reason) => void withdrawals.push({ one, reference, reason }),
    async write(tx) {
      await insertCardBills(tx, [...opened.values()]);
      // Only what it is at the end waits for something.
      const ended = [...cases.values()].map((one) => ({
        ...one,
        dueAt: nextDueAt(one, ofCase(one)),
      }));
      await updateCases(tx, ended, now);
      await updateCardBills(
        tx,
        [...bills]
          .filter(([name, { bill }]) => !(opened.has(name) && isAsInserted(bill)))
          .map(([, write]) => write),
      );
      await insertDeclines(tx, declines);
      await withdrawAll(context, tx, withdrawals);
      await context.payments.request(tx, charges);
      for (const refund of refunds) await giveBack(context, tx, refund, tell);
      await tell.publish(tx);
    },
  };
}

/** It has nothing that its insert does not write: most of those that are opened are charged at once, and then wait. */
function isAsInserted(bill: CardBill): boolean {
  const isUntried =
    bill.attempts === 0 && bill.lastPayment === null && bill.firstDeclinedAt === null;
  const isUnplanned = bill.nextAttemptAt === null && bill.nextBecause === null;
  const isUntold = bill.toldReason === null && bill.toldSteps === 0;
  return isUntried && isUnplanned && isUntold && bill.reason === null && bill.state !== 'void';
}

/** By customer: cancelling is rare, and locks what is his only. */
async function withdrawAll(
  { payments }: CardContext,
  tx: Tx,
  withdrawals: readonly Withdrawal[],
): Promise<void> {
  const ofOne = Map.groupBy(withdrawals, ({ one, reason }) => `${one.key.customerId} ${reason}`);
  for (const [, some] of [...ofOne].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const [first] = some;
    if (!first) continue;
    await payments.withdraw(tx, {
      ...{ customerId: first.one.key.customerId, reason: first.reason },
      gateway: first.one.card?.gateway ?? CARD,
      references: [...new Set(some.map(({ reference }) => reference))],
    });
  }
}

/**
 * Never more than what is left of the payment: somebody else may have given of it back. What the gateway can't take back now is told,
 * and stays on the staff's list: the rest of the decision stands.
 */
async function giveBack(
  { clock, log, payments, plans }: CardContext,
  tx: Tx,
  { amountMinor, one, payment, reason }: WantedRefund,
  tell: Telling,
): Promise<void> {
  try {
    const report = await payments.report(tx, payment);
    const left = report.amountMinor - report.refundedMinor;
    if (left <= 0n) return;
    const amount = amountMinor < left ? amountMinor : left;
    await payments.refund(tx, { payment, amountMinor: amount, reason });
  } catch (error) {
    // Thrown before anything was written; what the database says is no answer of the business.
    if (!(error instanceof AppError)) throw error;
    log.warn({ payment, code: error.code }, 'money that is owed could not be given back');
    const { price } = one.priced.selection;
    const plan = (await plans.versions(tx, [price]))(price);
    tell.event(one, plan, { event: 'refund_impossible', reason: error.code });
    const attention = `refund_impossible: ${payment}`;
    await setAttention(tx, one.key, { attention, now: clock.now() });
  }
}

/** Work on these cases: all plans that they have, will have, or may get by paying are at hand. */
export async function beginWork(
  context: CardContext,
  tx: Tx,
  cases: readonly CardCase[],
  more: readonly Plan[] = [],
): Promise<Work> {
  const prices = cases.flatMap(({ bill, priced }) => [
    priced.selection.price,
    ...(priced.scheduled ? [priced.scheduled.price] : []),
    ...(bill ? [bill.after.selection.price] : []),
    ...(bill?.after.scheduled ? [bill.after.scheduled.price] : []),
  ]);
  const planOf = await context.plans.versions(tx, [...prices, ...more.map(({ price }) => price)]);
  return createWork(context, { now: context.clock.now(), planOf });
}
