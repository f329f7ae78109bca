import type { Tx } from '#database';
import { must } from '#errors';
import { allocationNow, offerOf, readDeclines } from '#subscriptions/cards/billing';
import { type CardCase, openBillOf } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import {
  beginWork,
  findWaiting,
  lockBothWays,
  lockCases,
  SWITCH_WAITS_MS,
} from '#subscriptions/cards/cases';
import { codeOf } from '#subscriptions/cards/switching';
import { fail } from '#subscriptions/errors';
import { lockSubscriptions } from '#subscriptions/store';
import {
  billReference,
  cardReference,
  isAlive,
  parseSubscriptionId,
  type SubscriptionKey,
  subscriptionId,
} from '#subscriptions/subscription';
import { askedMinor } from './first-quote.ts';

/** A page on which a card is entered. */
export interface CardPage {
  readonly payment: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** True: what is owed is paid by it. False: the smallest amount, which goes back at once. */
  readonly paysBill: boolean;
}

/** Shorter than a first payment's: while it is open, nothing else of this bill is tried. */
const PAGE_MS = 3_600_000;

/**
 * A page for another card. What is owed is paid on it, by the new card, at once; where nothing is owed the card is only tried, and a
 * bill that opens meanwhile is charged to it as soon as it is there. Asked again, the same page. Throws `not_by_card`,
 * `subscription_ended`, `card_page_refused`.
 */
export async function openCardPage(
  context: CardContext,
  tx: Tx,
  subscription: string,
): Promise<CardPage> {
  const key = parseSubscriptionId(subscription);
  const [one] = await lockCases(tx, [key]);
  if (!one) return openSwitchPage(context, tx, key);
  if (!isAlive(one.status)) throw fail('subscription_ended', `${subscription} has ended.`);
  const work = await beginWork(context, tx, [one]);
  const plan = work.planOf(one);
  const bill = openBillOf(one);
  const base = { currency: plan.price.currency };
  if (bill?.pagePayment) {
    const amountMinor = askedMinor(bill.amountMinor);
    return { ...base, payment: bill.pagePayment, amountMinor, paysBill: true };
  }
  if (bill?.isUnderWay)
    throw fail('card_page_refused', 'A payment is under way: ask again when it has ended.');
  const paysBill = bill !== null && bill.kind !== 'change';
  const reference = paysBill ? billReference(one.key, bill.number) : cardReference(one.key);
  const amountMinor = askedMinor(paysBill ? bill.amountMinor : 0n);
  if (!paysBill) await closeFormer(context, tx, { customerId: one.key.customerId, reference });
  const [payment] = await context.payments.cards.prepare(tx, [
    {
      ...{ customerId: one.key.customerId, msisdn: one.msisdn, amountMinor, reference },
      currency: plan.price.currency,
      notAfter: new Date(work.now.getTime() + PAGE_MS),
      offer: {
        ...(bill && paysBill ? offerOf(one, bill, plan.title) : { description: plan.title }),
        saveCard: true,
      },
      ...(paysBill ? (await allocationNow(context))(plan.code) : {}),
      failed: await failedAt(tx, one, work.now),
    },
  ]);
  must(payment, 'a payment was written down');
  if (bill && paysBill) {
    work.keep({ ...one, bill: { ...bill, isUnderWay: true, pagePayment: payment } });
    await work.write(tx);
  }
  return { ...base, payment, amountMinor, paysBill };
}

/**
 * The gateway that declined what is owed for a fault of its own, not the card's: the page leads to another first, which costs its
 * holder nothing. Of any other decline the card is the reason, and the gateway no worse than others.
 */
async function failedAt(tx: Tx, one: CardCase, now: Date): Promise<readonly string[]> {
  const book = await readDeclines(tx, [{ ...one, card: null }], now);
  const isTechnical = book.of(one).at(-1)?.class === 'technical';
  return isTechnical && one.card ? [one.card.gateway] : [];
}

/** A page for the card for which a switch waits: what is paid by phone goes on until the card is there. */
async function openSwitchPage(
  context: CardContext,
  tx: Tx,
  key: SubscriptionKey,
): Promise<CardPage> {
  await lockBothWays(tx, [key]);
  const [row] = await lockSubscriptions(tx, [key]);
  const waiting = await findWaiting(tx, key);
  const subscription = subscriptionId(key);
  const since = waiting && Date.parse(waiting.command.at);
  const isOver = since !== undefined && since + SWITCH_WAITS_MS <= context.clock.nowMs();
  if (!row || !waiting || isOver) throw fail('not_by_card', `${subscription} is not paid by card.`);
  if (!isAlive(row.status)) throw fail('subscription_ended', `${subscription} has ended.`);
  const plan = await context.plans.newest(await codeOf(context, tx, row));
  must(plan, 'a switch waits for a plan that cards pay');
  const { customerId } = key;
  const { currency } = plan.price;
  const reference = cardReference(key);
  await closeFormer(context, tx, { customerId, reference });
  const amountMinor = askedMinor(0n);
  const [payment] = await context.payments.cards.prepare(tx, [
    {
      ...{ customerId, msisdn: row.msisdn, amountMinor, currency, reference },
      notAfter: new Date(context.clock.nowMs() + PAGE_MS),
      offer: { description: plan.title, saveCard: true },
    },
  ]);
  must(payment, 'a payment was written down');
  return { payment, amountMinor, currency, paysBill: false };
}

/** Of two pages on which a card is tried the newer counts; one that was paid this moment goes back by itself. */
async function closeFormer(
  { payments }: CardContext,
  tx: Tx,
  { customerId, reference }: { readonly customerId: bigint; readonly reference: string },
): Promise<void> {
  const { underWay } = await payments.withdraw(tx, {
    ...{ customerId, references: [reference], gateway: 'card', reason: 'another_page' },
  });
  if (underWay.length > 0)
    throw fail('card_page_refused', 'A card is being tried: ask again when its page has ended.');
}
