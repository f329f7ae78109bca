import { sql, type Tx } from '#database';
import type { Coupon } from '#subscriptions/pricing';

interface CouponRow {
  readonly rules: StoredCoupon;
  readonly ended_at: Date | null;
  readonly redemptions: number;
  readonly by_customer: bigint;
}

/** A coupon's rules as they are stored. */
export type StoredCoupon = Omit<Coupon, 'discount' | 'redeemBefore'> & {
  readonly discount:
    | { readonly kind: 'percent'; readonly basisPoints: number }
    | { readonly kind: 'amount'; readonly amountMinor: string; readonly currency: string };
  readonly redeemBefore?: string;
};

/** False where the code is taken. */
export async function insertCoupon(tx: Tx, coupon: Coupon, now: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into subscriptions.coupon (code, rules, created_at)
    values (${coupon.code}, ${toRow(coupon)}::jsonb, ${now}) on conflict do nothing returning code`.execute(
    tx,
  );
  return rows.length > 0;
}

/** A coupon and how often it was redeemed, by anybody and by this customer. */
export interface FoundCoupon {
  readonly coupon: Coupon;
  readonly redemptions: number;
  readonly byCustomer: number;
}

/** Locks a coupon: what it may still be redeemed for is counted under this lock. */
export async function lockCoupon(
  tx: Tx,
  input: { readonly code: string; readonly customerId: bigint },
): Promise<FoundCoupon | undefined> {
  await sql`select from subscriptions.coupon where code = ${input.code} for no key update`.execute(
    tx,
  );
  return findCoupon(tx, input);
}

/** As it stands, for a preview. */
export async function findCoupon(
  tx: Tx,
  input: { readonly code: string; readonly customerId: bigint },
): Promise<FoundCoupon | undefined> {
  const { rows } = await sql<CouponRow>`
    select rules, ended_at, redemptions, (
      select count(*) from subscriptions.coupon_redemption r
      where r.code = c.code and r.customer_id = ${input.customerId}
    ) as by_customer
    from subscriptions.coupon c where code = ${input.code}`.execute(tx);
  const [row] = rows;
  if (!row) return undefined;
  return {
    coupon: untilEnded(couponFromRow(row.rules), row.ended_at),
    redemptions: row.redemptions,
    byCustomer: Number(row.by_customer),
  };
}

/** Who ended it by hand ended it for all that comes later. */
function untilEnded(coupon: Coupon, endedAt: Date | null): Coupon {
  const { redeemBefore } = coupon;
  if (endedAt === null || (redeemBefore && redeemBefore < endedAt)) return coupon;
  return { ...coupon, redeemBefore: endedAt };
}

/** The coupon is locked. */
export async function insertRedemption(
  tx: Tx,
  input: {
    readonly code: string;
    readonly customerId: bigint;
    readonly subscriptionId: bigint;
    readonly now: Date;
  },
): Promise<void> {
  const { code, customerId, now, subscriptionId } = input;
  await sql`
    with counted as (
      update subscriptions.coupon set redemptions = redemptions + 1 where code = ${code}
    )
    insert into subscriptions.coupon_redemption (code, customer_id, subscription_id, redeemed_at)
    values (${code}, ${customerId}, ${subscriptionId}, ${now})`.execute(tx);
}

function toRow({ discount, redeemBefore, ...coupon }: Coupon): string {
  const stored: StoredCoupon = {
    ...coupon,
    discount:
      discount.kind === 'amount'
        ? { ...discount, amountMinor: discount.amountMinor.toString() }
        : discount,
    ...(redeemBefore && { redeemBefore: redeemBefore.toISOString() }),
  };
  return JSON.stringify(stored);
}

export function couponFromRow({ discount, redeemBefore, ...coupon }: StoredCoupon): Coupon {
  return {
    ...coupon,
    discount:
      discount.kind === 'amount'
        ? { ...discount, amountMinor: BigInt(discount.amountMinor) }
        : discount,
    ...(redeemBefore !== undefined && { redeemBefore: new Date(redeemBefore) }),
  };
}
