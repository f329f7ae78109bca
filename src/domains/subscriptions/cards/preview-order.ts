import type { Tx } from '#database';
import { fail } from '#subscriptions/errors';
import { type AppliedCoupon, type Quote, quote, redeemCoupon } from '#subscriptions/pricing';
import type { CardContext } from './card-context.ts';
import { findCoupon } from './coupon-store.ts';
import { findCustomerId } from './customer-store.ts';
import type { Order } from './order.ts';
import type { Plan } from './plan.ts';

/** What an order would cost and lead to, if it were agreed to now. */
export interface OrderPreview {
  readonly plan: Plan;
  readonly quote: Quote;
}

/** Writes nothing. Throws `plan_unknown`, `service_closed`, `coupon_refused`, `quantity_invalid`. */
export async function previewOrder(
  context: CardContext,
  tx: Tx,
  order: Order,
): Promise<OrderPreview> {
  const now = context.clock.now();
  const plan = await context.plans.newest(order.plan);
  if (!plan) throw fail('plan_unknown', `There is no plan ${order.plan} that is paid by card.`);
  if (!plan.open) throw fail('service_closed', `${plan.title} takes no new subscriptions.`);
  const coupons = await couponsOf(tx, { order, plan, now });
  const selection = { price: plan.price, quantity: order.quantity };
  const result = quote({
    ...{ at: now, precision: plan.precision },
    request: {
      ...{ kind: 'start', id: 'order', selection, timeZone: plan.timeZone },
      ...{ trialDays: plan.trialDays, coupons, balanceMinor: 0n },
    },
  });
  if (result.outcome === 'quoted') return { plan, quote: result.quote };
  throw fail('quantity_invalid', `${plan.title} can't be bought ${order.quantity} times.`);
}

async function couponsOf(
  tx: Tx,
  { now, order, plan }: { readonly order: Order; readonly plan: Plan; readonly now: Date },
): Promise<readonly AppliedCoupon[]> {
  const { coupon: code, msisdn } = order;
  if (code === undefined) return [];
  // Of a stranger nothing is known: no coupon was redeemed by him.
  const customerId = (await findCustomerId(tx, msisdn)) ?? 0n;
  const known = await findCoupon(tx, { code, customerId });
  const result =
    known &&
    redeemCoupon(known.coupon, {
      ...{ at: now, plan: plan.code, currency: plan.price.currency, period: 0 },
      ...{ redemptions: known.redemptions, redemptionsByCustomer: known.byCustomer, applied: [] },
    });
  if (result?.outcome === 'redeemed') return [result.applied];
  throw fail('coupon_refused', `The coupon ${code} can't be used: ${result?.reason ?? 'unknown'}.`);
}
