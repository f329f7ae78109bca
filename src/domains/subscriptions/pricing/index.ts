/**
 * Money and time of subscriptions as a pure library: when periods begin and end, and what a start, a renewal, a change or an end
 * costs. The same input gives the same answer, here and on any other computer. It reads nothing and writes nothing.
 */

export {
  type Anchor,
  changeZone,
  createAnchor,
  type Period,
  periodAt,
  periodOf,
  type Restart,
  reanchor,
} from './anchor.ts';
export {
  type BilledPeriod,
  billedPeriod,
  type Precision,
  pauseEndsAt,
  recover,
  remainingShare,
  resume,
  startTrial,
} from './billed-period.ts';
export type { CancelRequest } from './cancel-subscription.ts';
export type { ChangeRequest } from './change-plan.ts';
export {
  type AppliedCoupon,
  type Coupon,
  type CouponDuration,
  type CouponRefusal,
  type CouponResult,
  checkCoupon,
  type Discount,
  discountPrice,
  type Redemption,
  redeemCoupon,
} from './coupon.ts';
export type { QuoteRefusal } from './draft.ts';
export { formatInterval, type Interval, namedIntervals, parseInterval } from './interval.ts';
export {
  type Agreement,
  checkPrices,
  type Price,
  priceAgreed,
  priceInForce,
} from './price.ts';
export type {
  ChargedLine,
  PricedSubscription,
  RefundablePayment,
  Selection,
} from './priced-subscription.ts';
export {
  type CommitResult,
  confirmQuote,
  type NextCharge,
  type Quote,
  type QuoteInput,
  type QuoteRequest,
  type QuoteResult,
  quote,
} from './quote.ts';
export type { QuoteLine } from './quote-line.ts';
export { type ReceiptLine, receiptLines } from './receipt.ts';
export { distribute, type Share, shareOf } from './share.ts';
export type { RenewalRequest, StartRequest } from './start-and-renew.ts';
export { noTax, type Tax, taxWithin } from './tax.ts';
