export type {
  AccountSystem,
  CashFact,
  Moved,
  Movement,
  MoveOrder,
  PayoutAccount,
} from './account-system.ts';
export { createPayouts, type Payouts, type PayoutsOptions } from './create-payouts.ts';
export {
  createRequests,
  type RequestInput,
  type Requests,
  type RequestsOptions,
} from './create-requests.ts';
export type { ReqGate } from './req-gate.ts';
export { registerRequestRoutes } from './request-http.ts';
export type { Earlier, RequestTaker } from './take-requests.ts';
export { type PayoutEvent, payoutEvents, payoutTopics } from './topics.ts';
