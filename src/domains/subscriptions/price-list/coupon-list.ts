import type { Clock } from '#clock';
import type { Executor, Tx } from '#database';
import { must } from '#errors';
import { insertCoupon } from '#subscriptions/cards';
import { fail } from '#subscriptions/errors';
import { type Coupon, checkCoupon } from '#subscriptions/pricing';
import { faultsInApiWords } from './api-words.ts';
import { couponToApi } from './coupon-document.ts';
import {
  type ChangeRow,
  endCoupon,
  findListedCoupon,
  findPlanCodes,
  insertPriceListChange,
  type ListedCoupon,
  listCoupons,
  listPriceListChanges,
  listRedemptions,
} from './price-list-store.ts';

/** Coupons as those who give them out keep them. Whatever is changed is written down with who did it. */
export interface CouponList {
  page: typeof listCoupons;
  /** Throws `coupon_unknown`. */
  find(executor: Executor, code: string): Promise<ListedCoupon>;
  /** The newest first. */
  changes(executor: Executor, code: string): Promise<readonly ChangeRow[]>;
  redemptions: typeof listRedemptions;
  /** Throws `coupon_taken`, `coupon_invalid`, `coupon_plans_unknown`. */
  add(tx: Tx, coupon: Coupon, actor: string): Promise<ListedCoupon>;
  /**
   * Nobody redeems it from now on; whoever has, keeps what it promised. Harmless when it is repeated. Throws `coupon_unknown`.
   */
  end(tx: Tx, code: string, actor: string): Promise<ListedCoupon>;
}

export function createCouponList({ clock }: { readonly clock: Clock }): CouponList {
  async function find(executor: Executor, code: string): Promise<ListedCoupon> {
    const found = await findListedCoupon(executor, code);
    if (!found) throw fail('coupon_unknown', `There is no coupon ${code}.`);
    return found;
  }

  return {
    ...{ page: listCoupons, find, redemptions: listRedemptions },
    changes: (executor, code) => listPriceListChanges(executor, { about: 'coupon', code }),
    add: (tx, coupon, actor) =>
      faultsInApiWords(async () => {
        checkCoupon(coupon);
        await mustBeOfPlans(tx, coupon);
        const now = clock.now();
        if (!(await insertCoupon(tx, coupon, now)))
          throw fail(
            'coupon_taken',
            `There is a coupon ${coupon.code} already: it never changes.`,
            {
              faults: [{ field: 'code', message: 'is taken: choose another' }],
            },
          );
        const added = await findListedCoupon(tx, coupon.code);
        must(added, 'a coupon that was written is there');
        const change = { about: 'coupon', code: coupon.code, actor, action: 'add' } as const;
        await insertPriceListChange(tx, { ...change, at: now, after: couponToApi(added) });
        return added;
      }),
    async end(tx, code, actor) {
      const now = clock.now();
      if (await endCoupon(tx, { code, now }))
        await insertPriceListChange(tx, { about: 'coupon', code, actor, action: 'end', at: now });
      return find(tx, code);
    },
  };
}

/** A mistyped plan would make a coupon that nobody can use. */
async function mustBeOfPlans(tx: Tx, { plans = [] }: Coupon): Promise<void> {
  const known = await findPlanCodes(tx, plans);
  const faults = plans.flatMap((code, index) =>
    known.has(code)
      ? []
      : [{ field: `plans.${index}`, message: `must be a plan: ${code} is none` }],
  );
  const [first] = faults;
  if (!first) return;
  const why = `The coupon can't be used: ${first.field} ${first.message}.`;
  throw fail('coupon_plans_unknown', why, { faults });
}
