import type { AppError } from '#errors';
import type { CardContext } from '#subscriptions/cards/card-context';
import type { FoundCoupon, Plan } from '#subscriptions/cards/plans';
import { fail } from '#subscriptions/errors';
import { type AppliedCoupon, type Quote, quote, redeemCoupon } from '#subscriptions/pricing';
import type { Order } from './order.ts';

// What an order costs: the same for who only looks and for who agrees.

/** What tries a card where nothing is due yet: it goes back at once. Gateways refuse a payment of nothing. */
export const CARD_TRIED_MINOR = 100n;

/** What its payer is asked for: what is due, or what only tries his card. */
export function askedMinor(dueMinor: bigint): bigint {
  return dueMinor > 0n ? dueMinor : CARD_TRIED_MINOR;
}

/** The plan as it is sold now. */
export async function planToSell(
  { plans }: Pick<CardContext, 'plans'>,
  order: Order,
): Promise<Plan | AppError> {
  const plan = await plans.newest(order.plan);
  if (!plan) return fail('plan_unknown', `There is no plan ${order.plan} that is paid by card.`);
  return plan.open ? plan : fail('service_closed', `${plan.title} takes no new subscriptions.`);
}

interface Quoted {
  readonly id: string;
  readonly order: Order;
  readonly plan: Plan;
  readonly coupons: readonly AppliedCoupon[];
  readonly now: Date;
}

export function quoteFirst({ coupons, id, now, order, plan }: Quoted): Quote | AppError {
  const selection = { price: plan.price, quantity: order.quantity };
  const result = quote({
    ...{ at: now, precision: plan.precision },
    request: {
      ...{ kind: 'start', id, selection, timeZone: plan.timeZone },
      ...{ trialDays: plan.trialDays, coupons, balanceMinor: 0n },
    },
  });
  if (result.outcome !== 'refused') return result.quote;
  return fail('quantity_invalid', `${plan.title} can't be bought ${order.quantity} times.`);
}

/** What a coupon takes off the first price, if it may. */
export function applyCoupon(
  known: FoundCoupon | undefined,
  of: { readonly code: string; readonly plan: Plan; readonly now: Date },
): AppliedCoupon | AppError {
  const { code, now, plan } = of;
  const refusal = (reason: string) =>
    fail('coupon_refused', `The coupon ${code} can't be used: ${reason}.`, {
      faults: [{ field: 'coupon', message: reason }],
      details: { reason },
    });
  if (!known) return refusal('unknown');
  const result = redeemCoupon(known.coupon, {
    ...{ at: now, plan: plan.code, currency: plan.price.currency, period: 0 },
    ...{ redemptions: known.redemptions, redemptionsByCustomer: known.byCustomer, applied: [] },
  });
  return result.outcome === 'refused' ? refusal(result.reason) : result.applied;
}
