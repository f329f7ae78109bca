import type { FieldFault } from '#errors';
import { fail } from './errors.ts';
import { shareOf } from './share.ts';

export type Discount =
  /** Hundredths of a percent: 10 000 is everything. */
  | { readonly kind: 'percent'; readonly basisPoints: number }
  | { readonly kind: 'amount'; readonly amountMinor: bigint; readonly currency: string };

/** For how many paid periods it lowers the price, the first one that it can included. */
export type CouponDuration =
  | { readonly kind: 'once' }
  | { readonly kind: 'periods'; readonly count: number }
  | { readonly kind: 'forever' };

export interface Coupon {
  readonly code: string;
  readonly discount: Discount;
  readonly duration: CouponDuration;
  /** Not redeemed at this moment or later. */
  readonly redeemBefore?: Date;
  readonly redemptionsMost?: number;
  readonly redemptionsMostPerCustomer?: number;
  /** Only for these plans; for all when absent. */
  readonly plans?: readonly string[];
}

/** A coupon as a subscription has it: which of its periods it is for. */
export interface AppliedCoupon {
  readonly code: string;
  readonly discount: Discount;
  readonly fromPeriod: number;
  /** The first period that it is no longer for; absent: it stays. */
  readonly untilPeriod?: number;
}

export interface Redemption {
  readonly at: Date;
  readonly plan: string;
  readonly currency: string;
  /** The first period that it would lower. */
  readonly period: number;
  /** How often it was redeemed so far: by all, and by this customer. */
  readonly redemptions: number;
  readonly redemptionsByCustomer: number;
  readonly applied: readonly AppliedCoupon[];
}

export type CouponRefusal =
  | 'over'
  | 'used_up'
  | 'used_up_by_customer'
  | 'other_plan'
  | 'other_currency'
  | 'applied_already'
  | 'too_many';

export type CouponResult =
  | { readonly outcome: 'redeemed'; readonly applied: AppliedCoupon }
  | { readonly outcome: 'refused'; readonly reason: CouponRefusal };

const COUPONS_MOST = 5;
const PERIODS_MOST = 1200;

/** Whether a coupon may be redeemed. The counts are the caller's, read under the lock that the redemption is written with. */
export function redeemCoupon(coupon: Coupon, about: Redemption): CouponResult {
  const reason = refusalOf(coupon, about);
  if (reason) return { outcome: 'refused', reason };
  const { code, discount, duration } = coupon;
  const fromPeriod = Math.max(0, about.period);
  if (duration.kind === 'forever') {
    return { outcome: 'redeemed', applied: { code, discount, fromPeriod } };
  }
  const untilPeriod = fromPeriod + (duration.kind === 'once' ? 1 : duration.count);
  return { outcome: 'redeemed', applied: { code, discount, fromPeriod, untilPeriod } };
}

function refusalOf(coupon: Coupon, about: Redemption): CouponRefusal | undefined {
  const { code, discount, plans, redeemBefore } = coupon;
  if (redeemBefore && about.at >= redeemBefore) return 'over';
  if (plans && !plans.includes(about.plan)) return 'other_plan';
  if (discount.kind === 'amount' && discount.currency !== about.currency) return 'other_currency';
  if (about.applied.some((one) => one.code === code)) return 'applied_already';
  if (about.applied.length >= COUPONS_MOST) return 'too_many';
  if (about.redemptions >= (coupon.redemptionsMost ?? Number.POSITIVE_INFINITY)) return 'used_up';
  const mostPerCustomer = coupon.redemptionsMostPerCustomer ?? Number.POSITIVE_INFINITY;
  return about.redemptionsByCustomer >= mostPerCustomer ? 'used_up_by_customer' : undefined;
}

/** Throws `coupon_invalid`, naming each field. */
export function checkCoupon({ discount, duration, ...coupon }: Coupon): void {
  const isCount = (count: number) => Number.isInteger(count) && count >= 1;
  const wrong: readonly (FieldFault | false)[] = [
    !/^[A-Z0-9][A-Z0-9_-]{1,39}$/.test(coupon.code) && {
      field: 'code',
      message: 'must be 2 to 40 of A–Z, 0–9, _ and -',
    },
    discount.kind === 'percent' &&
      !(isCount(discount.basisPoints) && discount.basisPoints <= 10_000) && {
        field: 'discount.basisPoints',
        message: 'must be a whole number from 1 to 10000',
      },
    discount.kind === 'amount' &&
      discount.amountMinor <= 0n && { field: 'discount.amountMinor', message: 'must be above 0' },
    duration.kind === 'periods' &&
      !(isCount(duration.count) && duration.count <= PERIODS_MOST) && {
        field: 'duration.count',
        message: `must be a whole number from 1 to ${PERIODS_MOST}`,
      },
    ...(['redemptionsMost', 'redemptionsMostPerCustomer'] as const).map(
      (field) => !isCount(coupon[field] ?? 1) && { field, message: 'must be 1 or more, or absent' },
    ),
  ];
  const faults = wrong.filter((fault) => fault !== false);
  const [first] = faults;
  if (first) {
    const text = `The coupon can't be used: ${first.field} ${first.message}.`;
    throw fail('coupon_invalid', text, { faults });
  }
}

/**
 * The price of a whole period after the coupons of that period, in their order, each on what the one before left; never below 0.
 * They lower what the plan costs, not a set-up fee.
 */
export function discountPrice(
  priceMinor: bigint,
  coupons: readonly AppliedCoupon[],
  { currency, period }: { readonly currency: string; readonly period: number },
): bigint {
  let left = priceMinor;
  for (const { discount, fromPeriod, untilPeriod } of coupons) {
    if (period < fromPeriod || (untilPeriod !== undefined && period >= untilPeriod)) continue;
    left -= discountOf(left, discount, currency);
  }
  return left;
}

function discountOf(priceMinor: bigint, discount: Discount, currency: string): bigint {
  if (discount.kind === 'percent') {
    const numerator = BigInt(discount.basisPoints);
    return shareOf(priceMinor, { numerator, denominator: 10_000n });
  }
  if (discount.currency !== currency) return 0n;
  return discount.amountMinor < priceMinor ? discount.amountMinor : priceMinor;
}
