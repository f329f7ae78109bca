import type { Database } from '#database';
import {
  apiRoute,
  type HttpApp,
  Instant,
  idempotentRoute,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import { parseSubscriptionId, subscriptionId } from '#subscriptions/subscription';
import {
  CouponCode,
  CouponDocument,
  CouponShape,
  couponFromApi,
  couponToApi,
} from './coupon-document.ts';
import type { CouponList } from './coupon-list.ts';
import type { RedemptionRow } from './price-list-store.ts';

export interface CouponRoutesOptions {
  readonly database: Pick<Database, 'pool'>;
  readonly coupons: CouponList;
}

/** Whoever knows the code may redeem it: reading them takes as much as making them. */
const COUPONS = { tag: 'coupons', scope: 'subscriptions:admin' } as const;
const Params = Type.Object({ code: CouponCode });
const Redemption = Type.Object({ subscription: Type.String(), redeemed_at: Instant });
const Change = Type.Object({ at: Instant, actor: Type.String(), action: Type.String() });

/** `/v1/coupons`: what lowers prices, and who has used it. */
export function registerCouponRoutes(app: HttpApp, options: CouponRoutesOptions): void {
  readRoutes(app, options);
  const { coupons } = options;
  idempotentRoute(app, {
    ...{ ...COUPONS, url: '/v1/coupons', status: 201, summary: 'Give out a coupon' },
    description: 'It never changes: end it, and give out another.',
    schema: { body: CouponDocument, response: CouponShape },
    handler: async ({ body, principal, tx }) =>
      couponToApi(await coupons.add(tx, couponFromApi(body), principal.name)),
  });
  idempotentRoute(app, {
    ...{ ...COUPONS, url: '/v1/coupons/:code/end', summary: 'End a coupon' },
    description:
      'Nobody redeems it from now on; whoever has, keeps what it promised. Harmless when it is repeated.',
    schema: { params: Params, response: CouponShape },
    handler: async ({ params: { code }, principal, tx }) =>
      couponToApi(await coupons.end(tx, code, principal.name)),
  });
}

function readRoutes(app: HttpApp, { coupons, database }: CouponRoutesOptions): void {
  apiRoute(app, {
    ...{ ...COUPONS, method: 'GET', url: '/v1/coupons', summary: 'Coupons, by code' },
    schema: { querystring: PageQuery, response: pageSchema(CouponShape) },
    handler: async ({ query: { cursor, limit } }) => {
      const after = cursor ? (readCursor(cursor, 1)[0] ?? '') : '';
      const rows = await coupons.page(database.pool, { after, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: couponToApi,
        positionOf: ({ coupon: { code } }) => [code],
      });
    },
  });
  apiRoute(app, {
    ...{ ...COUPONS, method: 'GET', url: '/v1/coupons/:code' },
    summary: 'One coupon, who has redeemed it, and who changed it',
    description: 'The newest redemption first, in pages.',
    schema: {
      params: Params,
      querystring: PageQuery,
      response: Type.Object({
        coupon: CouponShape,
        changes: Type.Array(Change, { description: 'the newest first' }),
        ...pageSchema(Redemption).properties,
      }),
    },
    handler: async ({ params: { code }, query: { cursor, limit } }) => {
      const coupon = couponToApi(await coupons.find(database.pool, code));
      const before = cursor ? parseSubscriptionId(readCursor(cursor, 1)[0] ?? '') : null;
      const page = { code, before, limit: limit + 1 };
      const rows = await coupons.redemptions(database.pool, page);
      const changes = await coupons.changes(database.pool, code);
      return {
        ...{ coupon, changes: [...changes] },
        ...pageOf(rows, limit, { item: redemptionToApi, positionOf: (row) => [nameOf(row)] }),
      };
    },
  });
}

const nameOf = (row: RedemptionRow) =>
  subscriptionId({ customerId: row.customer_id, id: row.subscription_id });

function redemptionToApi(row: RedemptionRow) {
  return { subscription: nameOf(row), redeemed_at: row.redeemed_at };
}
