export type {
  CardCase,
  CardSubscriptions,
  CardSubscriptionWorker,
  GivenCommand,
  NewPlan,
  Order,
  PayPage,
  Plan,
  StartConsent,
  Started,
} from '#subscriptions/cards';
export {
  cardSubscriptionGroups,
  createMoves,
  createPlans,
  listedMoveToApi,
  moveToApi,
  registerCardSubscriptionRoutes,
  subscriptionAttention,
} from '#subscriptions/cards';
export {
  type ClientOptions,
  forgetSignIns,
  registerClientLinkRoute,
  registerClientPages,
} from '#subscriptions/client';
export { renderCustomerProblem } from '#subscriptions/pages';
export {
  type CardLinkOptions,
  type OriginalOptions,
  type PayPageOptions,
  registerCardLink,
  registerOriginalRoutes,
  registerPayPages,
} from '#subscriptions/pay-page';
export {
  couponToApi,
  createCouponList,
  createPlanList,
  type PriceListRoutesOptions,
  planVersionToApi,
  readCouponDocument,
  readPlanDocument,
  registerPriceListRoutes,
} from '#subscriptions/price-list';
export { registerShop, type ShopOptions } from '#subscriptions/shop';
export {
  createLocaleChoice,
  isCustomerPage,
  type LocaleChoice,
  registerLanguage,
} from '#subscriptions/speech';
export { createCatalogue } from './catalogue.ts';
export type { ConsentInput, ConsentResult, Offer } from './consent.ts';
export {
  createSubscriptions,
  type Subscriptions,
  type SubscriptionsOptions,
  type SubscriptionView,
} from './create-subscriptions.ts';
export { registerSubscriptionRoutes, type SubscriptionRoutesOptions } from './http.ts';
export type { StopInput } from './stop-subscriptions.ts';
export {
  aliveStatuses,
  FIRST_PAYMENT_HOURS,
  nextStatus,
  parseSubscriptionId,
  type SubscriptionStatus,
  type SubscriptionStep,
  subscriptionId,
  subscriptionSteps,
} from './subscription.ts';
export { priceInWords, type Terms } from './terms.ts';
export {
  FirstCharge,
  firstCharges,
  MtManagerAction,
  mtManager,
  NewSubscription,
  newSubscriptions,
  PaymentCommand,
  paymentCommands,
  SubscriptionEvent,
  subscriptionEvents,
  UserAction,
  userActions,
} from './topics.ts';
export { type SubscriptionWorker, subscriptionGroups } from './worker.ts';
