import type { Tx } from '#database';
import { AppError, must } from '#errors';
import { parseId } from '#ids';
import type { CardContext } from '#subscriptions/cards/card-context';
import { insertRedemption, lockCoupon, type Plan } from '#subscriptions/cards/plans';
import { lockCustomersByMsisdn } from '#subscriptions/consent-store';
import { fail } from '#subscriptions/errors';
import type { AppliedCoupon, Quote } from '#subscriptions/pricing';
import { writeConsents } from '#subscriptions/record-consent';
import { subscriptionId } from '#subscriptions/subscription';
import { admitOrders } from './admit-orders.ts';
import { applyCoupon, planToSell, quoteFirst } from './first-quote.ts';
import { openCases } from './open-cases.ts';
import type { Candidate, Order, Started, Starting, Verdicts } from './order.ts';

/**
 * A consent becomes a subscription whose first payment waits for its holder. Throws `plan_unknown`, `service_closed`,
 * `terms_outdated`, `user_is_another`, `already_subscribed`, `number_blacklisted`, `consent_withdrawn`, `coupon_refused`,
 * `no_gateway`.
 */
export async function startCase(
  context: CardContext,
  tx: Tx,
  starting: Starting,
): Promise<Started> {
  const [started] = await startCases(context, tx, [starting]);
  must(started, 'what was to begin has its answer');
  if (started instanceof AppError) throw started;
  return started;
}

/** Many at once, in sets: of each what was begun, or why it was not. Who is refused is refused alone. */
export async function startCases(
  context: CardContext,
  tx: Tx,
  startings: readonly Starting[],
): Promise<readonly (Started | AppError)[]> {
  const now = context.clock.now();
  const results: (Started | AppError | undefined)[] = startings.map(() => undefined);
  const verdicts: Verdicts = {
    refuse: (place, why) => {
      results[place] = why;
    },
    isRefused: (place) => results[place] instanceof AppError,
  };
  const candidates = await candidatesOf(context, tx, { startings, verdicts, now });
  const admitted = await admitOrders(context, tx, { candidates, verdicts });
  const quoted: (Candidate & { readonly quote: Quote })[] = [];
  for (const one of admitted) {
    const result = await quoteOf(tx, one, now);
    if (result instanceof AppError) verdicts.refuse(one.place, result);
    else quoted.push({ ...one, quote: result });
  }
  const { results: consents } = await writeConsents(
    context,
    tx,
    quoted.map(({ consent, key, order, plan }) => ({
      ...{ ...consent, msisdn: order.msisdn, serviceCode: plan.code, locale: order.locale },
      ...{ termsVersion: order.version, visit: subscriptionId(key) },
      attribution: { campaign: consent.method },
    })),
  );
  const agreed = quoted.map((one, at) => ({
    ...one,
    consentId: parseId('con', consents[at]?.consent ?? '', 'consent').id,
  }));
  for (const [place, started] of await openCases(context, tx, agreed)) results[place] = started;
  return results.map((result) => {
    must(result, 'what was to begin was begun or refused');
    return result;
  });
}

async function candidatesOf(
  context: CardContext,
  tx: Tx,
  input: {
    readonly startings: readonly Starting[];
    readonly verdicts: Verdicts;
    readonly now: Date;
  },
): Promise<readonly Candidate[]> {
  const { now, startings, verdicts } = input;
  const plans = await Promise.all(startings.map(({ order }) => planAsShown(context, order)));
  const customers = await lockCustomersByMsisdn(
    tx,
    startings.map(({ order }) => order.msisdn),
    now,
  );
  const idOf = new Map(customers.map(({ id, msisdn }) => [msisdn, id]));
  return startings.flatMap((starting, place): readonly Candidate[] => {
    const plan = plans[place];
    must(plan, 'each order was looked up');
    if (plan instanceof AppError) {
      verdicts.refuse(place, plan);
      return [];
    }
    const customerId = idOf.get(starting.order.msisdn);
    must(customerId !== undefined, 'a customer was made for the number');
    return [{ ...starting, place, plan, key: { customerId, id: starting.id } }];
  });
}

async function planAsShown(context: CardContext, order: Order): Promise<Plan | AppError> {
  const plan = await planToSell(context, order);
  if (plan instanceof AppError || plan.price.version === order.version) return plan;
  return fail('terms_outdated', `The price of ${plan.title} has changed since it was shown.`);
}

async function quoteOf(tx: Tx, one: Candidate, now: Date): Promise<Quote | AppError> {
  const coupons = await redeem(tx, one, now);
  if (coupons instanceof AppError) return coupons;
  const { key, order, plan } = one;
  return quoteFirst({ id: subscriptionId(key), order, plan, coupons, now });
}

async function redeem(
  tx: Tx,
  { key, order, plan }: Candidate,
  now: Date,
): Promise<readonly AppliedCoupon[] | AppError> {
  const { coupon: code } = order;
  if (code === undefined) return [];
  const { customerId } = key;
  const applied = applyCoupon(await lockCoupon(tx, { code, customerId }), { code, plan, now });
  if (applied instanceof AppError) return applied;
  await insertRedemption(tx, { code, customerId, subscriptionId: key.id, now });
  return [applied];
}
