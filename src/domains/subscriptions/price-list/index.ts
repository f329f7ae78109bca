/** What is sold by card, as those who sell it keep it: plans, their versions, coupons. */

import type { HttpApp } from '#http';
import { type CouponRoutesOptions, registerCouponRoutes } from './http-coupons.ts';
import { type PlanRoutesOptions, registerPlanRoutes } from './http-plans.ts';

export { couponToApi, readCouponDocument } from './coupon-document.ts';
export { type CouponList, createCouponList } from './coupon-list.ts';
export { planVersionToApi, readPlanDocument } from './plan-document.ts';
export { createPlanList, type PlanList } from './plan-list.ts';

export type PriceListRoutesOptions = PlanRoutesOptions & CouponRoutesOptions;

/** `/v1/plans` and `/v1/coupons`. */
export function registerPriceListRoutes(app: HttpApp, options: PriceListRoutesOptions): void {
  registerPlanRoutes(app, options);
  registerCouponRoutes(app, options);
}
