import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AppliedCoupon,
  type Coupon,
  checkCoupon,
  checkPrices,
  discountPrice,
  distribute,
  priceAgreed,
  priceInForce,
  redeemCoupon,
  shareOf,
  taxWithin,
} from '#subscriptions/pricing';
import { Life, priceOf, pro, utc, vat } from './fixture.ts';

const versions = [
  priceOf({ version: 1, unitPriceMinor: 30_000n, effectiveFrom: utc('2026-01-01') }),
  priceOf({ version: 2, unitPriceMinor: 35_000n, effectiveFrom: utc('2026-03-01') }),
  priceOf({ plan: 'pro', version: 1, unitPriceMinor: 90_000n, effectiveFrom: utc('2026-02-01') }),
];

test('a new subscriber agrees to what is on sale; before the first version nothing is', () => {
  const on = (text: string) => priceInForce(versions, 'basic', utc(text))?.version;
  assert.deepEqual(['2025-12-31', '2026-01-01', '2026-02-28', '2026-03-01'].map(on), [
    ...[undefined, 1, 1, 2],
  ]);
});

test('who subscribed keeps his version until he is moved, from the day on which that holds', () => {
  const agreement = { plan: 'basic', version: 1, moves: [] };
  assert.equal(priceAgreed(versions, agreement, utc('2027-01-01')).unitPriceMinor, 30_000n);
  const moved = { ...agreement, moves: [{ version: 2, effectiveAt: utc('2026-06-01') }] };
  assert.equal(priceAgreed(versions, moved, utc('2026-05-31T23:59')).version, 1);
  assert.equal(priceAgreed(versions, moved, utc('2026-06-01')).version, 2);
});

test('a move to another version waits for the next period, and a new version alone moves nobody', () => {
  const [first, second] = versions;
  assert.ok(first && second);
  const life = new Life({ at: utc('2026-02-15T07:00'), price: first });
  life.put({ scheduled: { price: second, quantity: 1 } });
  const quote = life.renew();
  assert.equal(quote.dueMinor, 35_000n);
  assert.equal(life.renew().dueMinor, 35_000n);
});

test('prices that can not be are told with their fields', () => {
  checkPrices(versions);
  const wrong = [
    priceOf({ unitPriceMinor: -1n, setupFeeMinor: -1n, tax: { name: 'x', basisPoints: 10_001 } }),
    priceOf({ effectiveFrom: utc('1969-01-01'), interval: { unit: 'month', count: 13 } }),
  ];
  assert.throws(
    () => checkPrices(wrong),
    (error: { code: string; faults: { field: string }[] }) => {
      assert.equal(error.code, 'price_invalid');
      assert.deepEqual(
        error.faults.map(({ field }) => field),
        [
          ...['prices.0.unitPriceMinor', 'prices.0.setupFeeMinor', 'prices.0.tax.basisPoints'],
          ...['prices.1.interval', 'prices.1.version', 'prices.1.effectiveFrom'],
        ],
      );
      return true;
    },
  );
});

const HALF: Coupon = {
  ...{ code: 'HALF', discount: { kind: 'percent', basisPoints: 5000 } },
  duration: { kind: 'periods', count: 2 },
};
const about = {
  ...{ at: utc('2026-03-01'), plan: 'basic', currency: 'RUB', period: 3 },
  ...{ redemptions: 0, redemptionsByCustomer: 0, applied: [] },
};

test('a coupon is for its periods from the one it was redeemed for', () => {
  const result = redeemCoupon(HALF, about);
  assert.deepEqual(result, {
    outcome: 'redeemed',
    applied: { code: 'HALF', discount: HALF.discount, fromPeriod: 3, untilPeriod: 5 },
  });
  const once = redeemCoupon({ ...HALF, duration: { kind: 'once' } }, { ...about, period: -1 });
  assert.ok(once.outcome === 'redeemed');
  assert.deepEqual([once.applied.fromPeriod, once.applied.untilPeriod], [0, 1]);
  const forever = redeemCoupon({ ...HALF, duration: { kind: 'forever' } }, about);
  assert.ok(forever.outcome === 'redeemed');
  assert.equal(forever.applied.untilPeriod, undefined);
});

test('each limit of a coupon refuses with its own reason', () => {
  const applied = { code: 'HALF', discount: HALF.discount, fromPeriod: 0 };
  const other = (index: number) => ({ ...applied, code: `OTHER${index}` });
  const amount = { kind: 'amount', amountMinor: 1n, currency: 'EUR' } as const;
  const cases = [
    [{ redeemBefore: utc('2026-03-01') }, {}, 'over'],
    [{ plans: ['pro'] }, {}, 'other_plan'],
    [{ discount: amount }, {}, 'other_currency'],
    [{}, { applied: [applied] }, 'applied_already'],
    [{}, { applied: [1, 2, 3, 4, 5].map(other) }, 'too_many'],
    [{ redemptionsMost: 2 }, { redemptions: 2 }, 'used_up'],
    [{ redemptionsMostPerCustomer: 1 }, { redemptionsByCustomer: 1 }, 'used_up_by_customer'],
  ] as const;
  for (const [coupon, facts, reason] of cases) {
    const result = redeemCoupon({ ...HALF, ...coupon }, { ...about, ...facts });
    assert.deepEqual(result, { outcome: 'refused', reason });
  }
  const last = { ...HALF, redemptionsMost: 2, redemptionsMostPerCustomer: 2 };
  const almost = { ...about, redemptions: 1, redemptionsByCustomer: 1 };
  assert.equal(redeemCoupon(last, almost).outcome, 'redeemed');
});

test('a coupon that can not be is told with its fields', () => {
  checkCoupon(HALF);
  const wrong: Coupon = {
    ...{ code: 'x', discount: { kind: 'percent', basisPoints: 10_001 } },
    ...{ duration: { kind: 'periods', count: 0 }, redemptionsMost: 0 },
  };
  assert.throws(
    () => checkCoupon(wrong),
    (error: { faults: { field: string }[] }) => {
      assert.deepEqual(
        error.faults.map(({ field }) => field),
        ['code', 'discount.basisPoints', 'duration.count', 'redemptionsMost'],
      );
      return true;
    },
  );
});

const coupon = (discount: AppliedCoupon['discount'], untilPeriod?: number): AppliedCoupon => ({
  ...{ code: 'A', discount, fromPeriod: 0 },
  ...(untilPeriod === undefined ? {} : { untilPeriod }),
});

test('coupons follow each other on what is left, and never make a price negative', () => {
  const rub = { currency: 'RUB', period: 0 };
  const half = coupon({ kind: 'percent', basisPoints: 5000 });
  const hundred = coupon({ kind: 'amount', amountMinor: 10_000n, currency: 'RUB' });
  assert.equal(discountPrice(30_000n, [half, hundred], rub), 5000n);
  assert.equal(discountPrice(30_000n, [hundred, half], rub), 10_000n);
  assert.equal(discountPrice(15_000n, [hundred, hundred], rub), 0n);
  assert.equal(discountPrice(15_001n, [half], rub), 7500n, 'a discount is rounded half up');
  assert.equal(discountPrice(15_000n, [hundred], { ...rub, currency: 'EUR' }), 15_000n);
});

test('a change gives back what was really invoiced: a discount is never paid out', () => {
  const once = coupon({ kind: 'percent', basisPoints: 5000 }, 1);
  const life = new Life({ at: utc('2026-03-01T07:00'), coupons: [once] });
  assert.equal(life.chargedMinor, 15_000n);
  const [credit, plan] = life.change(utc('2026-03-11T07:00'), pro).lines;
  assert.equal(credit?.amountMinor, -10_161n, '15000 × 21/31 = 10161.3');
  assert.equal(
    plan?.amountMinor,
    30_484n,
    '45000 × 21/31 = 30483.9: the coupon is for this period',
  );
  assert.equal(life.renew().dueMinor, 90_000n);
});

test('a credit is never more than what is left of what was really paid', () => {
  const { line } = new Life({ at: utc('2026-03-01T07:00') }).now;
  assert.ok(line);
  for (const [paidMinor, credited] of [
    [30_000n, 20_323n],
    [20_323n, 20_323n],
    [9_000n, 9_000n],
    [0n, 0n],
  ] as const) {
    const other = new Life({ at: utc('2026-03-01T07:00') });
    other.put({ line: { ...line, paidMinor } });
    assert.equal(
      other.take(utc('2026-03-11T07:00'), { kind: 'cancel', timing: 'now', unused: 'credit' })
        .creditMinor,
      credited,
    );
  }
});

const minor = fc.bigInt({ min: 0n, max: 10n ** 12n });

test('parts sum to the total, and none is a unit away from its exact share', () => {
  fc.assert(
    fc.property(minor, fc.array(minor, { minLength: 1, maxLength: 12 }), (total, weights) => {
      const parts = distribute(total, weights);
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0n),
        total,
      );
      const whole = weights.reduce((sum, weight) => sum + weight, 0n);
      if (whole === 0n) return;
      for (const [index, part] of parts.entries()) {
        const away = part * whole - total * (weights[index] ?? 0n);
        assert.ok(away < whole && away > -whole);
      }
    }),
  );
});

test('a share is rounded half up, a negative amount as its mirror', () => {
  const half = { numerator: 1n, denominator: 2n };
  assert.deepEqual(
    [1n, 3n, -1n, -3n, 0n].map((amount) => shareOf(amount, half)),
    [...[1n, 2n, -1n, -2n, 0n]],
  );
  fc.assert(
    fc.property(minor, fc.bigInt(0n, 10n ** 8n), fc.bigInt(1n, 10n ** 8n), (amount, part, more) => {
      const denominator = part + more;
      const exact = amount * part;
      const away = 2n * (shareOf(amount, { numerator: part, denominator }) * denominator - exact);
      assert.ok(away <= denominator && away > -denominator);
    }),
  );
});

test('price without tax and tax are the price, and the tax is that of the rate', () => {
  assert.equal(taxWithin(12_200n, vat), 2200n);
  fc.assert(
    fc.property(minor, fc.integer({ min: 0, max: 10_000 }), (gross, basisPoints) => {
      const tax = taxWithin(gross, { name: 'any', basisPoints });
      const away = tax * (10_000n + BigInt(basisPoints)) - gross * BigInt(basisPoints);
      assert.ok(2n * away <= 10_000n + BigInt(basisPoints) && tax <= gross && tax >= 0n);
    }),
  );
});
