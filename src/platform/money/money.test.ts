import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { amountFromApi, formatMoney, minorDigits } from '#money';

test('money is written with the digits of its currency', () => {
  const written = [
    [500n, 'PKR', '5.00 PKR'],
    [5n, 'RUB', '0.05 RUB'],
    [0n, 'EUR', '0.00 EUR'],
    [-5n, 'RUB', '-0.05 RUB'],
    [-123456n, 'USD', '-1234.56 USD'],
    [500n, 'JPY', '500 JPY'],
    [5n, 'KWD', '0.005 KWD'],
    [9_223_372_036_854_775_807n, 'PKR', '92233720368547758.07 PKR'],
  ] as const;
  for (const [amountMinor, currency, text] of written)
    assert.equal(formatMoney({ amountMinor, currency }), text);
});

test('no amount loses a digit when it is written', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.constantFrom('PKR', 'JPY', 'KWD'), (amountMinor, currency) => {
      const [digits = ''] = formatMoney({ amountMinor, currency }).split(' ');
      assert.equal(BigInt(digits.replace('.', '')), amountMinor);
      assert.equal(digits.split('.')[1]?.length ?? 0, minorDigits(currency));
    }),
  );
});

test('an amount from outside is a whole number, and anything else is refused with its field', () => {
  assert.equal(amountFromApi(500, 'price_minor'), 500n);
  assert.equal(amountFromApi(-500, 'price_minor'), -500n);
  const odd = [
    5.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '500',
    null,
    undefined,
    true,
    {},
  ];
  for (const value of odd) {
    assert.throws(
      () => amountFromApi(value, 'price_minor'),
      {
        code: 'amount_invalid',
        kind: 'invalid',
        faults: [
          { field: 'price_minor', message: 'a whole number of minor units, without a fraction' },
        ],
      },
      String(value),
    );
  }
});
