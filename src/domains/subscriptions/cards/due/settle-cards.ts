import type { Tx } from '#database';
import { must, unreachable } from '#errors';
import { parseId } from '#ids';
import {
  type CardDeclineReason,
  type DeclineClass,
  type PaymentResponse,
  parsePaymentId,
} from '#payments';
import {
  afterDecline,
  allocationNow,
  type Charging,
  findChargedCards,
  NO_DECLINES,
  NO_ROOM,
  readDeclines,
  roomNow,
  settleBill,
} from '#subscriptions/cards/billing';
import {
  type CardBill,
  type CardCase,
  type ChargedCard,
  openBillOf,
} from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import {
  beginWork,
  closeBill,
  endCase,
  lockBilledCases,
  type Work,
} from '#subscriptions/cards/cases';
import {
  isAlive,
  isCardReference,
  parseBillReference,
  subscriptionId,
} from '#subscriptions/subscription';
import { passTime } from './run-due.ts';
import { settleCardPage } from './settle-card-page.ts';

const STOPPED_AGAIN_MS = 3_600_000;

interface Heard {
  readonly response: PaymentResponse;
  readonly card: ChargedCard | undefined;
  /** Another payment of the bill is open by now. */
  readonly isOpen: boolean;
  readonly charging: Charging;
  readonly work: Work;
}

/** The outcomes of payments by card: bills, subscriptions, what everybody is told. A response that is heard again changes nothing. */
export async function settleCards(
  context: CardContext,
  tx: Tx,
  messages: readonly PaymentResponse[],
): Promise<void> {
  // What is not of a subscription is somebody else's.
  const own = messages.filter(({ reference }) => reference.startsWith('sub_'));
  const responses = [...new Map(own.map((message) => [message.payment, message])).values()];
  const ofBills = responses.filter(({ reference }) => !isCardReference(reference));
  const ofCards = responses.filter(({ reference }) => isCardReference(reference));
  await settleCardPage(context, tx, ofCards);
  if (ofBills.length === 0) return;
  const bills = ofBills.map(({ reference }) => {
    const { customerId, id, period } = parseBillReference(reference);
    return { customerId, id, number: period };
  });
  const cases = await lockBilledCases(tx, bills);
  const byName = new Map(cases.map((one) => [nameOf(one), one]));
  const work = await beginWork(context, tx, cases);
  const charging = {
    allocationOf: await allocationNow(context),
    ...(isAllPaid(ofBills)
      ? { room: NO_ROOM, book: NO_DECLINES }
      : { room: await roomNow(context), book: await readDeclines(tx, cases, work.now) }),
  };
  const cards = await findChargedCards(
    context,
    tx,
    ofBills.filter((response) => !isOwnCard(byName.get(response.reference), response)),
  );
  const open = await findOpen(context, ofBills);
  for (const response of ofBills) {
    const one = byName.get(response.reference);
    must(one, `bill ${response.reference} exists, since it was charged for`);
    const card = response.card === undefined ? undefined : cards.get(response.card);
    const settled = settle(one, {
      ...{ response, card, charging, work },
      isOpen: open.has(response.reference),
    });
    if (settled) byName.set(response.reference, passTime(settled, charging, work));
  }
  await work.write(tx);
}

/** Of what was withdrawn: the bills that are paid for anew since. Under their locks none is begun meanwhile. */
async function findOpen(
  { payments }: CardContext,
  responses: readonly PaymentResponse[],
): Promise<ReadonlySet<string>> {
  const open = new Set<string>();
  for (const { outcome, reference } of responses) {
    if (outcome !== 'withdrawn') continue;
    const { customerId } = parseBillReference(reference);
    const found = await payments.of(customerId, [reference]);
    if (found.some((one) => one.closed_at === null)) open.add(reference);
  }
  return open;
}

/** The card that it has is known; on a page another may have been left, or the same with a new face. */
function isOwnCard(one: CardCase | undefined, { card }: PaymentResponse): boolean {
  if (!one?.card || card === undefined || one.bill?.pagePayment !== null) return false;
  const { customerId, id } = parseId('card', card);
  return customerId === one.key.customerId && id === one.card.id;
}

/** What is paid is due again in a month: whatever else is due after all waits for its turn as everything that is due. */
const isAllPaid = (responses: readonly PaymentResponse[]) =>
  responses.every(({ outcome }) => outcome === 'accepted');

const nameOf = (one: CardCase) => `${subscriptionId(one.key)}/${one.bill?.number}`;

/** Its payment has ended: another may begin. */
const OVER = { isUnderWay: false, pagePayment: null } as const;

/** Undefined where nothing changes. */
function settle(one: CardCase, heard: Heard): CardCase | undefined {
  const { response } = heard;
  switch (response.outcome) {
    case 'accepted':
      return settleAccepted(one, heard);
    case 'declined':
    case 'failed':
      return settleDeclined(one, heard);
    case 'expired':
      return settleExpired(one, heard);
    case 'conflicted':
      return settleConflicted(one, heard);
    case 'withdrawn':
      return heard.isOpen ? undefined : settleExpired(one, heard);
    default:
      return unreachable(response.outcome);
  }
}

function settleAccepted(one: CardCase, { card, response, work }: Heard): CardCase | undefined {
  const plan = work.planOf(one);
  const bill = one.bill as CardBill;
  if (bill.state === 'paid') return undefined;
  const payment = { id: parsePaymentId(response.payment).id, name: response.payment };
  const isFirst = bill.attempts === 0;
  work.tell.transaction(one, plan, {
    ...{ payment: response.payment, bill, result: isFirst ? 'paid' : 'retry_paid' },
  });
  if (!openBillOf(one) || !isAlive(one.status)) {
    // It came when nothing was owed any more. Payments give back what they were told to withdraw while it was under way; what had
    // been accepted by then, and was only not heard of, goes back from here.
    work.tell.event(one, plan, { event: 'charged_after_stop', bill });
    const amountMinor = BigInt(response.amount_minor);
    work.refund({
      one,
      payment: response.payment,
      amountMinor,
      reason: 'nothing was owed any more',
    });
    return undefined;
  }
  const charged = { ...one, card: card ?? one.card, attention: null };
  if (bill.kind === 'start' && bill.amountMinor === 0n) {
    const reason = 'the card was only tried';
    const amountMinor = BigInt(response.amount_minor);
    work.refund({ one: charged, payment: response.payment, amountMinor, reason });
  }
  return settleBill(charged, payment, work);
}

/** A refusal that is heard again must not move the next attempt, nor begin one beside the one under way. */
function wasHeard({ lastPayment }: CardBill, { payment }: PaymentResponse): boolean {
  return lastPayment !== null && parsePaymentId(payment).id <= lastPayment;
}

function settleDeclined(one: CardCase, heard: Heard): CardCase | undefined {
  const { charging, response, work } = heard;
  const bill = openBillOf(one);
  if (!bill || !isAlive(one.status) || wasHeard(bill, response)) return undefined;
  const plan = work.planOf(one);
  const reason = (response.reason ?? 'gateway_error') as CardDeclineReason | 'card_removed';
  const attempts = bill.attempts + 1;
  const lastPayment = parsePaymentId(response.payment).id;
  const tried = work.keep({ ...one, bill: { ...bill, attempts, lastPayment, ...OVER } });
  const result = attempts === 1 ? 'failed' : 'retry_failed';
  work.tell.transaction(one, plan, { payment: response.payment, bill, result, reason });
  if (reason !== 'card_removed') {
    const decline = {
      ...{ bill: { ...one.key, number: bill.number }, payment: lastPayment, at: work.now, reason },
      class: (response.decline_class ?? 'technical') as DeclineClass,
      fingerprint: one.card?.fingerprint ?? '',
      ...retryAfterOf(response, work.now),
    };
    work.decline(decline);
    charging.book.add(decline);
  }
  if (bill.kind === 'change') {
    const closed = closeBill(tried, { state: 'void', reason }, work);
    work.tell.event(closed, plan, { event: 'change_failed', reason, bill });
    work.tell.sms(closed, plan, { occasion: 'change_failed', fact: String(bill.number) });
    return closed;
  }
  if (bill.kind === 'start' && bill.pagePayment === null) {
    // Charged without a page: whoever asked for it is told, and asks again if he wants to. Nothing is tried again behind his back.
    const ending = { step: 'expire', reason: 'first_payment_declined', bill: 'void' } as const;
    return endCase(tried, { ...ending, event: 'ended' }, work);
  }
  if (reason === 'consent_withdrawn' || reason === 'cancelled_by_customer') {
    // He takes back at his bank what he gave us: nothing is charged again, nor asked of him.
    const ending = { step: 'cancel', reason, bill: 'void', event: 'cancelled' } as const;
    return endCase(tried, ending, work);
  }
  const failedAt = {
    ...tried,
    bill: { ...(tried.bill as CardBill), firstDeclinedAt: bill.firstDeclinedAt ?? work.now },
  };
  const planned = afterDecline(failedAt, {
    ...{ work, book: charging.book },
    reason: reason === 'card_removed' ? 'cancelled_by_customer' : reason,
  });
  work.tell.event(planned, plan, { event: 'failed', reason, bill });
  return planned;
}

function retryAfterOf({ retry_after_ms: delayMs }: PaymentResponse, now: Date) {
  return delayMs === undefined ? {} : { retryAfter: new Date(now.getTime() + delayMs) };
}

/** It was never sent, or its page was not paid: nothing is counted. */
function settleExpired(one: CardCase, { response, work }: Heard): CardCase | undefined {
  const bill = openBillOf(one);
  if (!bill || !isAlive(one.status) || wasHeard(bill, response)) return undefined;
  if (bill.kind === 'start') {
    const reason = 'first_payment_incomplete';
    return endCase(one, { step: 'expire', reason, bill: 'void', event: 'ended' }, work);
  }
  if (bill.kind === 'change') {
    const closed = closeBill(one, { state: 'void', reason: 'not_paid_in_time' }, work);
    work.tell.event(closed, work.planOf(one), {
      event: 'change_failed',
      reason: 'not_paid_in_time',
      bill,
    });
    return closed;
  }
  const lastPayment = parsePaymentId(response.payment).id;
  // What was stopped is stopped again as long as its reason holds: it is looked at from time to time.
  const delayMs = response.outcome === 'withdrawn' ? STOPPED_AGAIN_MS : 0;
  const nextAttemptAt = bill.nextAttemptAt ?? new Date(work.now.getTime() + delayMs);
  const again = { ...bill, ...OVER, lastPayment, nextAttemptAt };
  return work.keep({ ...one, bill: again });
}

/** Money moved, and not what was asked for: nothing more is charged, and access stays as it is, until people have looked. */
function settleConflicted(one: CardCase, { response, work }: Heard): CardCase | undefined {
  const bill = openBillOf(one);
  if (!bill || !isAlive(one.status)) return undefined;
  const attention = `conflicted: ${response.payment}`;
  const lastPayment = parsePaymentId(response.payment).id;
  const held = work.keep({
    ...one,
    attention,
    bill: { ...bill, ...OVER, lastPayment, nextAttemptAt: null },
  });
  work.tell.event(held, work.planOf(one), { event: 'needs_attention', reason: attention, bill });
  return held;
}
