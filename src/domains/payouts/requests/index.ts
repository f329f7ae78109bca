/** Wishes of clients to be paid out: asked for, answered, taken. */

export {
  createRequests,
  type RequestInput,
  type Requests,
  type RequestsOptions,
} from './create-requests.ts';
export { type RequestOutcome, requestId } from './request.ts';
export { registerRequestRoutes } from './request-http.ts';
export type { Earlier, RequestTaker } from './take-requests.ts';
