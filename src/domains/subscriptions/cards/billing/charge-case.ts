import { must } from '#errors';
import type { CardDeclineReason, Offer } from '#payments';
import { type CardBill, type CardCase, openBillOf } from '#subscriptions/cards/card-case';
import { stepCase, type Work } from '#subscriptions/cards/cases';
import {
  attemptNow,
  messageAfterDecline,
  type NextAttempt,
  nextAttempt,
  toldReason,
} from '#subscriptions/dunning';
import { billReference } from '#subscriptions/subscription';
import type { DeclineBook } from './dunning-facts.ts';
import { dunningFacts } from './dunning-facts.ts';
import type { Room } from './room.ts';

const DUE_PERIOD = 1;
const RETRY = 0;
const FRESH = 2;
/** A charge that the gateway did not take within this time is dropped, and planned anew. */
const CHARGE_VALID_MS = 6 * 3_600_000;
const ROOM_WAIT_MS = 30_000;

export interface Charging {
  readonly book: DeclineBook;
  readonly room: Room;
  readonly allocationOf: (code: string) => { readonly allocation?: bigint };
}

/**
 * Asks for the money of the open bill, if its card may be tried now; else plans it, or asks its holder. `asked`: by its holder, who is
 * there and need not wait for a morning, but for the budgets of the networks.
 */
export function chargeOpenBill(
  one: CardCase,
  {
    allocationOf,
    book,
    room,
    work,
    ...options
  }: Charging & { readonly work: Work; readonly asked?: boolean },
): CardCase {
  const { now } = work;
  const plan = work.planOf(one);
  const bill = openBillOf(one);
  must(bill, 'what is charged is open');
  const because = options.asked ? 'new_card' : (bill.nextBecause ?? 'new_card');
  const facts = dunningFacts(one, plan, { book, now });
  const word = attemptNow(facts, {
    ...{ policy: plan.dunning, now, because },
    plannedAt: options.asked ? now : (bill.nextAttemptAt ?? now),
  });
  // What a change costs is tried at once or not at all: nothing is owed for it.
  if (word.next !== 'go' && bill.kind === 'change') return work.keep(one);
  if (word.next !== 'go') return planAttempt(one, word, { work, reason: 'cancelled_by_customer' });
  const { card } = one;
  must(card, 'a card that may be tried is there');
  if (!options.asked && !room.take(card.gateway)) return waitForRoom(one, bill, work);
  work.charge({
    ...{ customerId: one.key.customerId, gateway: card.gateway, msisdn: one.msisdn },
    ...{ amountMinor: bill.amountMinor, currency: bill.currency, cardId: card.id },
    reference: billReference(one.key, bill.number),
    priority: options.asked ? FRESH : bill.attempts === 0 ? DUE_PERIOD : RETRY,
    notAfter: new Date(now.getTime() + CHARGE_VALID_MS),
    offer: offerOf(one, bill, plan.title),
    ...allocationOf(plan.code),
  });
  return work.keep({
    ...one,
    bill: { ...bill, nextAttemptAt: null, nextBecause: null, isUnderWay: true },
  });
}

/** Its gateway has enough to do, or is away: what is due stays due, and nobody's attempt is counted. */
function waitForRoom(one: CardCase, bill: CardBill, work: Work): CardCase {
  const nextAttemptAt = new Date(work.now.getTime() + ROOM_WAIT_MS);
  return work.keep({ ...one, bill: { ...bill, nextAttemptAt } });
}

/** After a decline that stands in the book: the next attempt, or a word to its holder; access begins to count down. */
export function afterDecline(
  one: CardCase,
  about: { readonly work: Work; readonly book: DeclineBook; readonly reason: CardDeclineReason },
): CardCase {
  const { book, reason, work } = about;
  const plan = work.planOf(one);
  const { now } = work;
  const next = nextAttempt(dunningFacts(one, plan, { book, now }), { policy: plan.dunning, now });
  return planAttempt(one, next, { work, reason });
}

/** Writes down what comes next of the open bill, and says it. */
function planAttempt(
  one: CardCase,
  next: NextAttempt,
  { reason, work }: { readonly work: Work; readonly reason: CardDeclineReason },
): CardCase {
  const { now } = work;
  const plan = work.planOf(one);
  const bill = openBillOf(one);
  must(bill, 'what is planned is open');
  if (next.next === 'retry' && bill.attempts === 0) {
    // The card rests from what was tried on it for something else: this bill was not refused by anybody.
    const later = { ...bill, nextAttemptAt: next.at, nextBecause: next.because };
    return work.keep({ ...one, bill: later });
  }
  const message = messageAfterDecline(reason, next, bill.toldReason ?? undefined);
  const planned: CardBill = {
    ...bill,
    firstDeclinedAt: bill.firstDeclinedAt ?? now,
    isUnderWay: false,
    nextAttemptAt: next.next === 'retry' ? next.at : null,
    nextBecause: next.next === 'retry' ? next.because : null,
    toldReason: message ? toldReason(reason) : bill.toldReason,
  };
  const withoutCard = one.status === 'trial' && one.card === null;
  const missed = stepCase(one, withoutCard ? 'park' : 'miss', now);
  const kept = work.keep({ ...missed, bill: planned, ...attentionOf(next) });
  if (kept.attention) {
    work.tell.event(kept, plan, { event: 'needs_attention', reason: kept.attention, bill });
  }
  if (message) work.tell.dunning(kept, plan, message, `${bill.number}/${bill.attempts}`);
  return kept;
}

/** A request of ours that was wrong is mended by people: nothing goes on until one has looked. */
function attentionOf(next: NextAttempt): { readonly attention?: string } {
  return next.next === 'stop' && next.why === 'request_faulty' ? { attention: next.why } : {};
}

/** What the card's holder, his bank and the tax office are told. */
export function offerOf(one: CardCase, bill: CardBill, description: string): Offer {
  const { email } = one;
  const receipt = bill.receipt && {
    ...bill.receipt,
    ...(email ? { email } : { phone: one.msisdn }),
  };
  return { description, ...(email ? { email } : {}), ...(receipt ? { receipt } : {}) };
}
