export type {
  AccountSystem,
  CashFact,
  Moved,
  Movement,
  MoveOrder,
  PayoutAccount,
} from './account-system.ts';
export { createRequests, type RequestInput, type Requests } from './create-requests.ts';
export { registerRequestRoutes } from './request-http.ts';
export { createRequestTaker, type RequestTaker } from './take-requests.ts';
export { type PayoutEvent, payoutEvents, payoutTopics } from './topics.ts';
