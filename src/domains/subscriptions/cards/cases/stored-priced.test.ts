import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Price, quote } from '#subscriptions/pricing';
import { pricedFromRow, pricedToRow } from './stored-priced.ts';

test('what prices are computed from comes back from its column as it was, so that quotes keep their hash', () => {
  const at = new Date('2026-01-31T07:00:00Z');
  const price: Price = {
    ...{
      plan: 'month',
      version: 3,
      unitPriceMinor: 10n ** 13n,
      setupFeeMinor: 0n,
      currency: 'RUB',
    },
    ...{ interval: { unit: 'month', count: 1 }, tax: { name: 'vat22', basisPoints: 2200 } },
    effectiveFrom: new Date(0),
  };
  const started = quote({
    ...{ at, precision: 'second' },
    request: {
      ...{ kind: 'start', id: 'sub_1', selection: { price, quantity: 2 } },
      ...{ timeZone: 'Europe/Moscow', trialDays: 0, balanceMinor: 5n },
      coupons: [
        {
          ...{ code: 'TEN', fromPeriod: 0 },
          discount: { kind: 'amount', amountMinor: 1000n, currency: 'RUB' },
        },
      ],
    },
  });
  assert.ok(started.outcome === 'quoted' && started.quote.after);
  const { after } = started.quote;
  const back = pricedFromRow(JSON.parse(pricedToRow(after)));
  assert.deepEqual(JSON.parse(pricedToRow(back)), JSON.parse(pricedToRow(after)));
  const hashOf = (subscription: typeof after) => {
    const result = quote({ at, precision: 'second', request: { kind: 'renewal', subscription } });
    return result.outcome === 'quoted' && result.quote.hash;
  };
  assert.equal(hashOf(back), hashOf(after));
});
