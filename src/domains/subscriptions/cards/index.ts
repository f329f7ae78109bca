/** Subscriptions that are paid by card: what is bought, owed, tried again, changed and ended. */

export { subscriptionAttention } from './attention.ts';
export type { CardBill, CardCase, ChargedCard, PlannedMove } from './card-case.ts';
export type { CardContext } from './card-context.ts';
export {
  type CardAct,
  type CardSubscriptions,
  createCards,
  type GivenCommand,
  type WantedQuote,
} from './create-cards.ts';
export {
  type CardRoutesOptions,
  listedMoveToApi,
  moveToApi,
  PlanShape,
  planToApi,
  registerCardSubscriptionRoutes,
  text,
} from './http/index.ts';
export {
  createMoves,
  laterOf,
  type MovePart,
  type MoveReport,
  type Moves,
  type NewMove,
  type PriceMove,
} from './moves/index.ts';
export type {
  CardPage,
  Order,
  PayPage,
  PriceAgreement,
  StartConsent,
  Started,
  SwitchWish,
} from './orders/index.ts';
export {
  agreedMove,
  type CarrierTerms,
  couponFromRow,
  createPlans,
  insertCoupon,
  type NewPlan,
  type Plan,
  type Plans,
  pricedAhead,
  type StoredCoupon,
} from './plans/index.ts';
export type { SwitchPreview } from './switching/index.ts';
export { type CardSubscriptionWorker, cardSubscriptionGroups } from './worker.ts';
