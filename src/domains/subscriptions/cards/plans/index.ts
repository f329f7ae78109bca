/** What can be bought: versions of plans, coupons, and how a newer price reaches those who have an older one. */

export {
  couponFromRow,
  type FoundCoupon,
  findCoupon,
  insertCoupon,
  insertRedemption,
  lockCoupon,
  type StoredCoupon,
} from './coupon-store.ts';
export {
  type CarrierTerms,
  type NewPlan,
  type Plan,
  type PricedOffer,
  periodOfInterval,
} from './plan.ts';
export { createPlans, type PlanOf, type Plans } from './plans.ts';
export {
  agreedMove,
  effectiveAt,
  isCalledOff,
  type MovePolicy,
  moveAhead,
  moveLeft,
  planMove,
  pricedAhead,
  raises,
} from './price-move.ts';
