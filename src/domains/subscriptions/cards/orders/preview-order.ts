import type { Tx } from '#database';
import { AppError } from '#errors';
import type { CardContext } from '#subscriptions/cards/card-context';
import { findCoupon, type Plan } from '#subscriptions/cards/plans';
import type { AppliedCoupon, Quote } from '#subscriptions/pricing';
import { findCustomerId } from './customer-store.ts';
import { applyCoupon, askedMinor, planToSell, quoteFirst } from './first-quote.ts';
import type { Order } from './order.ts';

/** What an order would cost and lead to, if it were agreed to now. */
export interface OrderPreview {
  readonly plan: Plan;
  readonly quote: Quote;
  /** What its page would ask for: what is due, or the smallest amount that tries a card and goes back. */
  readonly amountMinor: bigint;
}

/** Writes nothing. Throws `plan_unknown`, `service_closed`, `coupon_refused`, `quantity_invalid`. */
export async function previewOrder(
  context: CardContext,
  tx: Tx,
  order: Order,
): Promise<OrderPreview> {
  const now = context.clock.now();
  const plan = orThrow(await planToSell(context, order));
  const coupons = await couponsOf(tx, { order, plan, now });
  const quote = orThrow(quoteFirst({ id: 'order', order, plan, coupons, now }));
  return { plan, quote, amountMinor: askedMinor(quote.dueMinor) };
}

async function couponsOf(
  tx: Tx,
  { now, order, plan }: { readonly order: Order; readonly plan: Plan; readonly now: Date },
): Promise<readonly AppliedCoupon[]> {
  const { coupon: code, msisdn } = order;
  if (code === undefined) return [];
  // Of a stranger nothing is known: no coupon was redeemed by him.
  const customerId = (await findCustomerId(tx, msisdn)) ?? 0n;
  return [orThrow(applyCoupon(await findCoupon(tx, { code, customerId }), { code, plan, now }))];
}

function orThrow<Value>(value: Value | AppError): Value {
  if (value instanceof AppError) throw value;
  return value;
}
