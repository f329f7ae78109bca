import type { Anchor } from './anchor.ts';
import type { BilledPeriod } from './billed-period.ts';
import type { AppliedCoupon } from './coupon.ts';
import type { Price } from './price.ts';
import type { Share } from './share.ts';
import type { Tax } from './tax.ts';

/** What is subscribed to: a version of a price, and how many. */
export interface Selection {
  readonly price: Price;
  readonly quantity: number;
}

/** What was charged for the plan from `from` to the end of the current period. Made by a quote, kept as it was. */
export interface ChargedLine {
  readonly plan: string;
  readonly version: number;
  readonly quantity: number;
  /** What a whole period costs after the discounts of that day: what credits are a share of. */
  readonly periodPriceMinor: bigint;
  readonly share: Share;
  readonly amountMinor: bigint;
  readonly tax: Tax;
  readonly from: Date;
  /** What was really paid for it, by card or out of the balance, less what was refunded apart from any quote. */
  readonly paidMinor: bigint;
}

/** A payment of the current period, and what of it can still be refunded. */
export interface RefundablePayment {
  readonly payment: string;
  readonly refundableMinor: bigint;
}

/**
 * What prices are computed from: all of a subscription that they depend on. Its hash is the quote's, so whatever changes here
 * makes a quote stale.
 */
export interface PricedSubscription {
  /** `sub_…`. */
  readonly id: string;
  readonly anchor: Anchor;
  /** The current one: of a trial it has the number before the anchor's. */
  readonly period: BilledPeriod;
  /** `unpaid`: the bill of the current period is open. `paused` has its `pausedAt`. */
  readonly phase: 'trial' | 'paid' | 'unpaid' | 'paused';
  readonly pausedAt?: Date | undefined;
  readonly selection: Selection;
  /** Absent in a trial, and while nothing was charged for the current period. */
  readonly line?: ChargedLine | undefined;
  /** What it becomes at the end of the period: a downgrade, a move to another version. */
  readonly scheduled?: Selection | undefined;
  readonly endsWithPeriod: boolean;
  readonly coupons: readonly AppliedCoupon[];
  /** The credit that the account has, in the currency of the price. */
  readonly balanceMinor: bigint;
  /** Newest first. */
  readonly payments: readonly RefundablePayment[];
}
