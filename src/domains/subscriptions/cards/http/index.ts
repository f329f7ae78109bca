/** The routes of what is paid by card. */

export { type CardRoutesOptions, registerCardSubscriptionRoutes } from './http.ts';
export { listedMoveToApi, moveToApi } from './http-moves.ts';
export { PlanShape, planToApi, text } from './http-shapes.ts';
