/** Subscriptions that are paid by card: what is bought, owed, tried again, changed and ended. */

export type { PriceAgreement, SwitchWish } from './ask-with-consent.ts';
export { subscriptionAttention } from './attention.ts';
export type { CardBill, CardCase, ChargedCard, PlannedMove } from './card-case.ts';
export type { CardContext } from './card-context.ts';
export type { CardPage } from './card-page.ts';
export { couponFromRow, insertCoupon, type StoredCoupon } from './coupon-store.ts';
export {
  type CardAct,
  type CardSubscriptions,
  createCards,
  type GivenCommand,
  type WantedQuote,
} from './create-cards.ts';
export { type CardRoutesOptions, registerCardSubscriptionRoutes } from './http.ts';
export { listedMoveToApi, moveToApi } from './http-moves.ts';
export { PlanShape, planToApi, text } from './http-shapes.ts';
export { laterOf } from './move-ahead.ts';
export type { PriceMove } from './move-store.ts';
export { createMoves, type MovePart, type MoveReport, type Moves, type NewMove } from './moves.ts';
export type { Order, StartConsent, Started } from './order.ts';
export type { PayPage } from './pay-page.ts';
export type { CarrierTerms, NewPlan, Plan } from './plan.ts';
export { createPlans, type Plans } from './plans.ts';
export type { SwitchPreview } from './preview-switch.ts';
export { agreedMove, pricedAhead } from './price-move.ts';
export { type CardSubscriptionWorker, cardSubscriptionGroups } from './worker.ts';
