import type { Tx } from '#database';
import { must } from '#errors';
import { parseId } from '#ids';
import type { ConsentInput } from '#subscriptions/consent';
import { lockCustomersByMsisdn } from '#subscriptions/consent-store';
import { fail } from '#subscriptions/errors';
import { type AppliedCoupon, type Quote, quote, redeemCoupon } from '#subscriptions/pricing';
import { writeConsents } from '#subscriptions/record-consent';
import { CARD } from '#subscriptions/sms-route';
import {
  billReference,
  FIRST_PAYMENT_HOURS,
  type SubscriptionKey,
  subscriptionId,
} from '#subscriptions/subscription';
import { allocationNow } from './allocation.ts';
import { billOf } from './bill-case.ts';
import type { CardCase } from './card-case.ts';
import type { CardContext } from './card-context.ts';
import { lockCases } from './case-store.ts';
import { insertCardBills, insertCases } from './case-writes.ts';
import { offerOf } from './charge-case.ts';
import { insertRedemption, lockCoupon } from './coupon-store.ts';
import { findAlive, hasStoppedSince, nameCustomer } from './customer-store.ts';
import { endCase } from './end-case.ts';
import { nextDueAt } from './next-due.ts';
import type { Plan } from './plan.ts';
import { beginWork, createWork } from './work.ts';

/** What is bought, and for whom. */
export interface Order {
  readonly plan: string;
  /** The version whose price was shown: another one is refused. */
  readonly version: number;
  readonly quantity: number;
  /** E.164 with the plus. */
  readonly msisdn: string;
  readonly user?: string | undefined;
  readonly email?: string | undefined;
  readonly coupon?: string | undefined;
  readonly locale: string;
  /** This gateway and no other. */
  readonly gateway?: string | undefined;
}

export type StartConsent = Pick<
  ConsentInput,
  'method' | 'textShown' | 'priceShown' | 'evidence' | 'shownAt' | 'confirmedAt'
>;

export interface Started {
  /** `sub_…` */
  readonly subscription: string;
  /** `pay_…`, to be led to. */
  readonly payment: string;
  readonly quote: Quote;
  /** What its page asks for: the bill, or the smallest amount that tries a card and goes back. */
  readonly amountMinor: bigint;
  readonly expiresAt: Date;
}

/** What tries a card where nothing is due yet: it goes back at once. Gateways refuse a payment of nothing. */
export const CARD_TRIED_MINOR = 100n;
const HOUR_MS = 3_600_000;

interface Starting {
  readonly id: bigint;
  readonly order: Order;
  readonly consent: StartConsent;
}

/**
 * A consent becomes a subscription whose first payment waits for its holder. Throws `plan_unknown`, `service_closed`,
 * `terms_outdated`, `user_is_another`, `already_subscribed`, `number_blacklisted`, `consent_withdrawn`, `coupon_refused`.
 */
export async function startCase(
  context: CardContext,
  tx: Tx,
  starting: Starting,
): Promise<Started> {
  const { consent, id, order } = starting;
  const now = context.clock.now();
  const plan = await planOf(context, order);
  const [customer] = await lockCustomersByMsisdn(tx, [order.msisdn], now);
  must(customer, 'a customer was made for the number');
  const key = { customerId: customer.id, id };
  await mustBeFree(context, tx, { key, order, plan, consent });
  const coupons = await redeem(tx, { key, order, plan, now });
  const selection = { price: plan.price, quantity: order.quantity };
  const result = quote({
    ...{ at: now, precision: plan.precision },
    request: {
      ...{ kind: 'start', id: subscriptionId(key), selection, timeZone: plan.timeZone },
      ...{ trialDays: plan.trialDays, coupons, balanceMinor: 0n },
    },
  });
  if (result.outcome === 'refused')
    throw fail('quantity_invalid', `${plan.title} can't be bought ${order.quantity} times.`);
  const written = await writeConsents(context, tx, [
    {
      ...{ ...consent, msisdn: order.msisdn, serviceCode: plan.code, locale: order.locale },
      ...{ termsVersion: order.version, visit: subscriptionId(key) },
      attribution: { campaign: consent.method },
    },
  ]);
  const consentId = parseId('con', written.results[0]?.consent ?? '', 'consent').id;
  return openCase(context, tx, { key, order, plan, consentId, quote: result.quote });
}

async function planOf({ plans }: CardContext, order: Order): Promise<Plan> {
  const plan = await plans.newest(order.plan);
  if (!plan) throw fail('plan_unknown', `There is no plan ${order.plan} that is paid by card.`);
  if (!plan.open) throw fail('service_closed', `${plan.title} takes no new subscriptions.`);
  if (plan.price.version !== order.version)
    throw fail('terms_outdated', `The price of ${plan.title} has changed since it was shown.`);
  return plan;
}

interface Asked {
  readonly key: SubscriptionKey;
  readonly order: Order;
  readonly plan: Plan;
}

async function mustBeFree(
  context: CardContext,
  tx: Tx,
  { consent, key, order, plan }: Asked & { readonly consent: StartConsent },
): Promise<void> {
  const { customerId } = key;
  const { serviceId } = plan;
  if (!(await nameCustomer(tx, { id: customerId, user: order.user, email: order.email }))) {
    throw fail('user_is_another', `user ${order.user} and this number are of two customers.`, {
      faults: [{ field: 'user', message: 'must be the key that this number came with before' }],
    });
  }
  const listed = await context.operators.listed(tx, [order.msisdn]);
  if (listed.get(order.msisdn) === 'blacklist')
    throw fail('number_blacklisted', 'This number is never charged.');
  const since = consent.confirmedAt;
  if (await hasStoppedSince(tx, { customerId, serviceId, since }))
    throw fail('consent_withdrawn', 'STOP was said after this consent: ask for a new one.');
  const alive = await findAlive(tx, { customerId, serviceId });
  if (!alive) return;
  if (alive.status === 'pending' && alive.operator === CARD) {
    await replace(context, tx, { customerId, id: alive.id });
    return;
  }
  const subscription = subscriptionId({ customerId, id: alive.id });
  throw fail('already_subscribed', `${order.msisdn} has ${plan.title} already: ${subscription}.`, {
    details: { subscription },
  });
}

/** Who comes again while his first payment is incomplete begins again: the page before is closed. */
async function replace(context: CardContext, tx: Tx, key: SubscriptionKey): Promise<void> {
  const cases = await lockCases(tx, [key]);
  const work = await beginWork(context, tx, cases);
  for (const one of cases)
    endCase(one, { step: 'cancel', reason: 'replaced', bill: 'void', event: 'cancelled' }, work);
  await work.write(tx);
}

async function redeem(
  tx: Tx,
  { key, now, order, plan }: Asked & { readonly now: Date },
): Promise<readonly AppliedCoupon[]> {
  const { coupon: code } = order;
  if (code === undefined) return [];
  const { customerId } = key;
  const known = await lockCoupon(tx, { code, customerId });
  const refuse = (reason: string) =>
    fail('coupon_refused', `The coupon ${code} can't be used: ${reason}.`, {
      faults: [{ field: 'coupon', message: reason }],
      details: { reason },
    });
  if (!known) throw refuse('unknown');
  const result = redeemCoupon(known.coupon, {
    ...{ at: now, plan: plan.code, currency: plan.price.currency, period: 0 },
    ...{ redemptions: known.redemptions, redemptionsByCustomer: known.byCustomer, applied: [] },
  });
  if (result.outcome === 'refused') throw refuse(result.reason);
  await insertRedemption(tx, { code, customerId, subscriptionId: key.id, now });
  return [result.applied];
}

interface Opening extends Asked {
  readonly consentId: bigint;
  readonly quote: Quote;
}

async function openCase(context: CardContext, tx: Tx, opening: Opening): Promise<Started> {
  const { consentId, key, order, plan, quote: first } = opening;
  const now = context.clock.now();
  must(first.after, 'a start leads to a subscription');
  const drawn = billOf(first, { kind: 'start', number: 0, now, title: plan.title });
  const fresh: CardCase = {
    ...{ key, msisdn: order.msisdn, email: order.email ?? null, locale: order.locale },
    ...{ serviceId: plan.serviceId, version: plan.price.version, status: 'pending' },
    ...{ createdAt: now, paidUntil: null, dueAt: null, endedAt: null, endReason: null },
    ...{ priced: first.after, card: null, cardPayment: null, billCount: 1, noticedPeriod: null },
    ...{ statusSince: now, pausedUntil: null, attention: null, bill: drawn },
  };
  const one = { ...fresh, dueAt: nextDueAt(fresh, plan) };
  const amountMinor = first.dueMinor > 0n ? first.dueMinor : CARD_TRIED_MINOR;
  const expiresAt = new Date(now.getTime() + FIRST_PAYMENT_HOURS * HOUR_MS);
  const allocation = first.dueMinor > 0n ? (await allocationNow(context))(plan.code) : {};
  const [payment] = await context.payments.cards.prepare(tx, [
    {
      ...{ customerId: key.customerId, msisdn: order.msisdn, amountMinor },
      ...{ currency: first.currency, reference: billReference(key, 0), notAfter: expiresAt },
      offer: { ...offerOf(one, drawn, plan.title), saveCard: true },
      ...allocation,
      ...(order.gateway === undefined ? {} : { gateway: order.gateway }),
    },
  ]);
  must(payment, 'a payment was written down');
  const bill = { ...drawn, isUnderWay: true, pagePayment: payment };
  await insertCases(tx, [{ one, consentId }], CARD);
  await insertCardBills(tx, [{ subscription: key, bill, lines: first.lines }]);
  const work = createWork(context, { now, planOf: () => plan });
  work.tell.event(one, plan, { event: 'created', bill });
  await work.write(tx);
  return { subscription: subscriptionId(key), payment, quote: first, amountMinor, expiresAt };
}
