import { must } from '#errors';
import { receiptTaxes } from '#payments';
import {
  type BillKind,
  type CardBill,
  type CardCase,
  openBillOf,
} from '#subscriptions/cards/card-case';
import { stepCase, type Work } from '#subscriptions/cards/cases';
import { messageAfterPayment } from '#subscriptions/dunning';
import { type Quote, receiptLines, recover } from '#subscriptions/pricing';
import { localeOf, speechOf } from '#subscriptions/speech';

/** The law of fiscal receipts is Russian. */
const RECEIPT_LOCALE = 'ru';

/** Opens a bill for what was quoted; one of nothing is paid at once. Nothing is charged here. */
export function openBill(one: CardCase, kind: BillKind, quote: Quote, work: Work): CardCase {
  const { title } = work.planOf(one);
  const { billCount: number, locale } = one;
  const bill = billOf(quote, { kind, number, now: work.now, title, locale });
  const opened = work.open(one, { subscription: one.key, bill, lines: quote.lines });
  return quote.dueMinor === 0n && kind !== 'start' ? settleBill(opened, undefined, work) : opened;
}

export function billOf(
  quote: Quote,
  about: {
    readonly kind: BillKind;
    readonly number: number;
    readonly now: Date;
    readonly title: string;
    /** In which its receipt speaks. */
    readonly locale: string;
  },
): CardBill {
  must(quote.after, 'what is billed goes on');
  const { kind, now, number } = about;
  return {
    ...{ number, kind, covers: quote.after.period.number, amountMinor: quote.dueMinor },
    ...{ currency: quote.currency, state: 'open', reason: null, attempts: 0, openedAt: now },
    ...{ closedAt: null, lastPayment: null, totalMinor: quote.totalMinor },
    ...{ taxMinor: quote.taxMinor, balanceUsedMinor: quote.balanceUsedMinor, after: quote.after },
    receipt: receiptOf(quote, about),
    ...{ firstDeclinedAt: null, nextAttemptAt: null, nextBecause: null },
    ...{ toldReason: null, toldSteps: 0, isUnderWay: false, pagePayment: null },
  };
}

/** A tax that no fiscal receipt knows is left to the gateway's account. */
function receiptOf(
  quote: Quote,
  { locale, title }: { readonly locale: string; readonly title: string },
): CardBill['receipt'] {
  const { say } = speechOf(localeOf(locale) ?? RECEIPT_LOCALE);
  const items = receiptLines(quote).map(({ amountMinor, kind, quantity, tax }) => {
    const known = receiptTaxes.find((one) => one === tax.name);
    const isWhole = amountMinor % BigInt(quantity) === 0n;
    const [count, each] = isWhole ? [quantity, amountMinor / BigInt(quantity)] : [1, amountMinor];
    const name = kind === 'setup_fee' ? say('line.setup', { title }) : title;
    return { ...{ name, quantity: count, amountMinor: each }, ...(known && { tax: known }) };
  });
  return items.length > 0 ? { items } : null;
}

/** The open bill is paid, by this payment, or by the balance and coupons alone: what it promised is so from now on. */
export function settleBill(
  one: CardCase,
  payment: { readonly id: bigint; readonly name: string } | undefined,
  work: Work,
): CardCase {
  const { now } = work;
  const bill = openBillOf(one);
  must(bill, 'what is paid was open');
  const attempts = bill.attempts + (payment ? 1 : 0);
  const paid: CardBill = {
    ...{ ...bill, state: 'paid', attempts, closedAt: now, nextAttemptAt: null },
    ...{ isUnderWay: false, pagePayment: null },
    lastPayment: payment?.id ?? bill.lastPayment,
  };
  const after = { ...bill.after, payments: paymentsAfter(one, bill, payment?.name) };
  const stepped = stepCase(one, after.phase === 'trial' ? 'begin_trial' : 'pay', now);
  const wasHeld = one.status === 'hold' && bill.kind === 'renewal';
  // Whoever was shut out does not pay for that time: his period begins with the payment.
  const restarted =
    bill.kind === 'renewal'
      ? recover(after, { paidAt: now, how: wasHeld ? 'restart' : 'keep' })
      : {};
  const priced = { ...after, ...restarted };
  const settled = work.keep({
    ...{ ...stepped, bill: paid, priced, paidUntil: priced.period.endsAt },
  });
  tellPaid(one, settled, work);
  return settled;
}

/** Newest first. A renewal begins the list anew; a change adds to what was paid for its period. */
function paymentsAfter(one: CardCase, bill: CardBill, payment: string | undefined) {
  const before = bill.kind === 'change' ? one.priced.payments : bill.after.payments;
  if (!payment || bill.amountMinor === 0n) return before;
  return [{ payment, refundableMinor: bill.amountMinor }, ...before];
}

function tellPaid(before: CardCase, one: CardCase, work: Work): void {
  const plan = work.planOf(one);
  const bill = one.bill as CardBill;
  const fact = String(bill.number);
  if (bill.kind === 'start') {
    const event = one.status === 'trial' ? 'trial_started' : 'charged';
    work.tell.event(one, plan, { event, bill });
    work.tell.sms(one, plan, { occasion: 'welcome', fact: 'first' });
    return;
  }
  if (bill.kind === 'change') {
    work.tell.event(one, plan, { event: 'changed', bill });
    work.tell.sms(one, plan, { occasion: 'changed', fact });
    return;
  }
  work.tell.event(one, plan, {
    event: before.priced.phase === 'trial' ? 'charged' : 'renewed',
    bill,
  });
  const recovered = messageAfterPayment(bill.toldReason ?? undefined);
  if (recovered) work.tell.dunning(one, plan, recovered, fact);
  else work.tell.sms(one, plan, { occasion: 'receipt', fact });
}
