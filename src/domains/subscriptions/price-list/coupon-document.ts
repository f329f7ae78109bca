import { CurrencyCode, Instant, type SendableOf, type Static, Type } from '#http';
import { text } from '#subscriptions/cards';
import type { Coupon } from '#subscriptions/pricing';
import { documentReader } from './document-reader.ts';
import { PLAN_CODE } from './plan-document.ts';
import type { ListedCoupon } from './price-list-store.ts';

const PLANS_MOST = 200;
const PERIODS_MOST = 1200;
const Count = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647, description }));

const Discount = Type.Union([
  Type.Object({
    kind: Type.Literal('percent'),
    basis_points: Type.Integer({
      ...{ minimum: 1, maximum: 10_000, description: 'hundredths of a percent: 10000 is all' },
    }),
  }),
  Type.Object({
    kind: Type.Literal('amount'),
    amount_minor: Type.Integer({ minimum: 1, maximum: 10 ** 13 }),
    currency: CurrencyCode,
  }),
]);

const Duration = Type.Union(
  [
    Type.Object({ kind: Type.Literal('once') }),
    Type.Object({
      kind: Type.Literal('periods'),
      count: Type.Integer({ minimum: 1, maximum: PERIODS_MOST }),
    }),
    Type.Object({ kind: Type.Literal('forever') }),
  ],
  { description: 'for how many paid periods, the first that it can included' },
);

/** What a coupon says, all of it: it never changes. */
export const CouponDocument = Type.Object({
  code: Type.String({
    pattern: '^[A-Z0-9][A-Z0-9_-]{1,39}$',
    description: 'what people type, in capital letters',
  }),
  discount: Discount,
  duration: Duration,
  redeem_before: Type.Optional(Instant),
  redemptions_most: Count('by all together'),
  redemptions_most_per_customer: Count('by one customer'),
  plans: Type.Optional(
    Type.Array(Type.String({ pattern: PLAN_CODE }), {
      ...{ minItems: 1, maxItems: PLANS_MOST, uniqueItems: true },
      description: 'codes of plans. Left out: all',
    }),
  ),
});

export const CouponShape = Type.Object({
  ...CouponDocument.properties,
  redemptions: Type.Integer({ description: 'how often it was redeemed' }),
  created_at: Instant,
  ended_at: Type.Optional(Instant),
});

export const CouponCode = text(40);

export function couponFromApi(told: Static<typeof CouponDocument>): Coupon {
  const { code, discount, duration, plans, redeem_before } = told;
  const { redemptions_most: most, redemptions_most_per_customer: mostPerCustomer } = told;
  return {
    ...{ code, duration },
    discount:
      discount.kind === 'percent'
        ? { kind: 'percent', basisPoints: discount.basis_points }
        : {
            ...{ kind: 'amount', currency: discount.currency },
            amountMinor: BigInt(discount.amount_minor),
          },
    ...(redeem_before === undefined ? {} : { redeemBefore: new Date(redeem_before) }),
    ...(most === undefined ? {} : { redemptionsMost: most }),
    ...(mostPerCustomer === undefined ? {} : { redemptionsMostPerCustomer: mostPerCustomer }),
    ...(plans === undefined ? {} : { plans }),
  };
}

export function couponToApi(listed: ListedCoupon): SendableOf<typeof CouponShape> {
  const { coupon, createdAt, endedAt, redemptions } = listed;
  const { code, discount, duration, plans, redeemBefore } = coupon;
  const { redemptionsMost: most, redemptionsMostPerCustomer: mostPerCustomer } = coupon;
  return {
    ...{ code, duration, redemptions, created_at: createdAt },
    discount:
      discount.kind === 'percent'
        ? { kind: 'percent', basis_points: discount.basisPoints }
        : {
            ...{ kind: 'amount', currency: discount.currency },
            amount_minor: discount.amountMinor,
          },
    ...(redeemBefore === undefined ? {} : { redeem_before: redeemBefore }),
    ...(most === undefined ? {} : { redemptions_most: most }),
    ...(mostPerCustomer === undefined ? {} : { redemptions_most_per_customer: mostPerCustomer }),
    ...(plans === undefined ? {} : { plans: [...plans] }),
    ...(endedAt === null ? {} : { ended_at: endedAt }),
  };
}

const readDocument = documentReader('coupon', CouponDocument);

/** Reads a coupon as the API takes it, from a file. Throws `document_invalid`, naming each field. */
export function readCouponDocument(document: unknown): Coupon {
  return couponFromApi(readDocument(document));
}
