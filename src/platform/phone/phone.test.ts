import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isE164, maskMsisdn, type NumberPlan, readAnyMsisdn, readMsisdn } from '#phone';

const pakistan: NumberPlan = {
  ...{ countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230', '9287'] },
};
/** Here nothing is dialled before a national number, and a number may begin like the country code. */
const norway: NumberPlan = {
  countryCode: '47',
  trunkPrefix: '',
  digits: 10,
  prefixes: ['474', '479'],
};

const SPELLINGS: readonly (readonly [string, string, NumberPlan])[] = [
  ['+923009102250', '+923009102250', pakistan],
  ['923009102250', '+923009102250', pakistan],
  ['00923009102250', '+923009102250', pakistan],
  ['03009102250', '+923009102250', pakistan],
  ['3009102250', '+923009102250', pakistan],
  ['0300 9102250', '+923009102250', pakistan],
  ['  +92 (300) 910-22.50 ', '+923009102250', pakistan],
  ['+92\u00a0300\u20119102250', '+923009102250', pakistan],
  ['928777777777', '+928777777777', pakistan],
  ['47123456', '+4747123456', norway],
  ['4747123456', '+4747123456', norway],
  ['004747123456', '+4747123456', norway],
];

test('a number is read in every spelling that people use', () => {
  for (const [text, msisdn, plan] of SPELLINGS) assert.equal(readMsisdn(text, plan), msisdn, text);
});

const REFUSED: readonly (readonly [string, string])[] = [
  ['', 'msisdn_invalid'],
  ['abc', 'msisdn_invalid'],
  ['0300910225', 'msisdn_invalid'],
  ['030091022500', 'msisdn_invalid'],
  ['+92300910225x', 'msisdn_invalid'],
  ['++923009102250', 'msisdn_invalid'],
  ['92+3009102250', 'msisdn_invalid'],
  ['٠٣٠٠٩١٠٢٢٥٠', 'msisdn_invalid'],
  ['0300910\u00002250', 'msisdn_invalid'],
  ['1e11', 'msisdn_invalid'],
  ['03219102250', 'msisdn_foreign'],
  ['+4930123456', 'msisdn_foreign'],
  ['+923219102250', 'msisdn_foreign'],
];

test('what is no number of that operator is refused with a reason and the field', () => {
  for (const [text, code] of REFUSED) {
    assert.throws(
      () => readMsisdn(text, pakistan),
      (error: { code: string; faults: { field: string }[] }) =>
        error.code === code && error.faults[0]?.field === 'msisdn',
      text,
    );
  }
});

test('whatever is read is E.164 of that operator, and reads as itself', () => {
  const written = fc.string({ unit: fc.constantFrom(...'0123456789+-() '), maxLength: 18 });
  fc.assert(
    fc.property(fc.oneof(written, fc.stringMatching(/^(\+92|92|0092|0|)3[0-9]{9}$/)), (text) => {
      let msisdn: string;
      try {
        msisdn = readMsisdn(text, pakistan);
      } catch (error) {
        assert.match((error as { code: string }).code, /^msisdn_(invalid|foreign)$/);
        return;
      }
      assert.ok(isE164(msisdn));
      assert.match(msisdn, /^\+92(30|87)/);
      assert.equal(readMsisdn(msisdn, pakistan), msisdn);
      assert.equal(readMsisdn(msisdn.slice(1), pakistan), msisdn);
    }),
    { numRuns: 1000 },
  );
});

test('where the operator is not known its plan is found, and a foreign number stands for itself', () => {
  const plans = [norway, pakistan];
  assert.equal(readAnyMsisdn('0300 9102250', plans), '+923009102250');
  assert.equal(readAnyMsisdn('47123456', plans), '+4747123456');
  assert.equal(readAnyMsisdn(' 49 30 1234567', plans), '+49301234567');
  assert.throws(() => readAnyMsisdn('0123', plans), { code: 'msisdn_invalid' });
  assert.throws(() => readAnyMsisdn('', []), { code: 'msisdn_invalid' });
});

test('E.164 is a plus and 7 to 15 digits that do not begin with 0', () => {
  for (const text of ['+1234567', '+123456789012345']) assert.ok(isE164(text), text);
  for (const text of [
    '',
    '+',
    '1234567',
    '+123456',
    '+1234567890123456',
    '+0234567',
    '+12345a7',
    '+1234567\n',
  ])
    assert.ok(!isE164(text), JSON.stringify(text));
});

test('a masked number shows too little to be called', () => {
  assert.equal(maskMsisdn('+923009102250'), '+92300···2250');
  assert.equal(maskMsisdn('+92300'), '···');
});

test('a number that Russians dial with an 8 is one of Russia, and so is one of Kazakhstan', () => {
  const spellings = [
    ['8 916 123-45-67', '+79161234567'],
    ['89161234567', '+79161234567'],
    ['8 (701) 123-45-67', '+77011234567'],
    ['79161234567', '+79161234567'],
    ['0079161234567', '+79161234567'],
    ['0044 7911 123456', '+447911123456'],
    // Vietnam, Japan and Inmarsat.
    ['84951234567', '+84951234567'],
    ['819012345678', '+819012345678'],
    ['870776399999', '+870776399999'],
  ] as const;
  for (const plans of [[], [pakistan]])
    for (const [text, msisdn] of spellings) assert.equal(readAnyMsisdn(text, plans), msisdn, text);
});

test('a number that can be of no country is refused, and says why', () => {
  const refused = [
    ['9161234567', /lack the code of their country/],
    ['916 123-45-67', /lack the code of their country/],
    ['+89161234567', /begins with 89/],
    ['+7916123456', /code 7 has 11 digits/],
    ['+791612345678', /code 7 has 11 digits/],
    ['+1202555012', /code 1 has 11 digits/],
  ] as const;
  for (const [text, says] of refused)
    assert.throws(() => readAnyMsisdn(text, [pakistan]), { code: 'msisdn_invalid', message: says });
  assert.equal(readAnyMsisdn('+9607712345', [pakistan]), '+9607712345');
  assert.equal(readAnyMsisdn(' 9607712345', [pakistan]), '+9607712345');
});
