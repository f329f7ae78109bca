import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { controlSum, fromDecimal, toDecimal } from './decimal.ts';

const currency = fc.constantFrom('EUR', 'JPY', 'KWD', 'PKR');

test('an amount that was written as a decimal reads back as itself', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n }), currency, (amountMinor, code) => {
      assert.equal(fromDecimal(toDecimal(amountMinor, code), code), amountMinor);
    }),
  );
});

const written = [
  [1n, 'EUR', '0.01'],
  [100n, 'EUR', '1.00'],
  [1234n, 'JPY', '1234'],
  [5n, 'KWD', '0.005'],
] as const;

for (const [amountMinor, code, text] of written) {
  test(`${amountMinor} minor units of ${code} are ${text}`, () =>
    assert.equal(toDecimal(amountMinor, code), text));
}

for (const text of ['-1', '1.001', '1,00', '', '1.', '.5', '1e3', '0x1', ' 1', '1 ', 'NaN']) {
  test(`"${text}" is no amount in EUR`, () => assert.equal(fromDecimal(text, 'EUR'), undefined));
}

test('zeros behind the digits of a currency change nothing', () => {
  assert.equal(fromDecimal('12.3400', 'EUR'), 1234n);
  assert.equal(fromDecimal('12.0', 'JPY'), 12n);
  assert.equal(fromDecimal('12', 'EUR'), 1200n);
});

test('a control sum adds amounts of different digits as decimals', () => {
  const amounts = [
    { amountMinor: 1234n, currency: 'EUR' },
    { amountMinor: 1234n, currency: 'KWD' },
    { amountMinor: 1234n, currency: 'JPY' },
  ];
  assert.equal(controlSum(amounts), '1247.574');
  assert.equal(controlSum([]), '0');
});
