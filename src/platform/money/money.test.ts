import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { amountFromApi, formatDecimal, formatMoney, minorDigits, parseDecimal } from '#money';

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

test('a decimal text is read exactly or not at all', () => {
  const read = [
    ['199.00', 'RUB', 19_900n],
    ['199', 'RUB', 19_900n],
    ['199.0', 'RUB', 19_900n],
    ['0.01', 'RUB', 1n],
    ['-5.50', 'RUB', -550n],
    ['199.990000', 'RUB', 19_999n],
    ['199.991', 'RUB', undefined],
    ['500', 'JPY', 500n],
    ['500.5', 'JPY', undefined],
    ['0.005', 'KWD', 5n],
    ['92233720368547758.07', 'PKR', 9_223_372_036_854_775_807n],
  ] as const;
  for (const [text, currency, amountMinor] of read)
    assert.equal(parseDecimal(text, currency), amountMinor, text);
  const odd = ['', '.5', '5.', '1e3', ' 5', '5,00', '0x5', 'NaN', '+5', '1'.repeat(19)];
  for (const text of odd) assert.equal(parseDecimal(text, 'RUB'), undefined, text);
});

test('what is written as a decimal is read back as it was', () => {
  const amount = fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n });
  fc.assert(
    fc.property(amount, fc.constantFrom('RUB', 'JPY', 'KWD'), (amountMinor, currency) => {
      const text = formatDecimal({ amountMinor, currency });
      assert.equal(parseDecimal(text, currency), amountMinor);
    }),
  );
});
