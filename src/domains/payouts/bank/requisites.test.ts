import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRequisites, isIban } from './requisites.ts';

const good = { name: 'Anna Music', account: 'GB82 WEST 1234 5698 7654 32', bank: '' };

test('blanks in numbers do not count, and letters are large', () => {
  assert.deepEqual(checkRequisites({ ...good, bank: 'nwbk gb 2l' }), {
    ...{ name: 'Anna Music', account: 'GB82WEST12345698765432', bank: 'NWBKGB2L' },
  });
});

for (const account of ['DE89370400440532013000', 'GB82WEST12345698765432', 'NO9386011117947']) {
  test(`${account} is an IBAN`, () => assert.ok(isIban(account)));
}

for (const account of ['DE89370400440532013001', 'GB82', 'gb82west12345698765432', '']) {
  test(`"${account}" is none`, () => assert.ok(!isIban(account)));
}

test('an account that is no IBAN, and a member of a clearing system, are taken as they are', () => {
  const russian = { name: 'Иван', account: '40702810900000000001', bank: 'RUCBC:044525225' };
  assert.deepEqual(checkRequisites(russian), russian);
});

const wrong = [
  ['name', { ...good, name: ' ' }],
  ['name', { ...good, name: 'x'.repeat(71) }],
  ['name', { ...good, name: 'a\u0000b' }],
  ['name', { ...good, name: 'a\ud800' }],
  ['account', { ...good, account: 'GB83WEST12345698765432' }],
  ['account', { ...good, account: '' }],
  ['account', { ...good, account: '1'.repeat(35) }],
  ['account', { ...good, account: '<1>' }],
  ['bank', { ...good, bank: 'BANK' }],
  ['bank', { ...good, bank: 'RUCBC:' }],
] as const;

for (const [field, given] of wrong) {
  test(`${JSON.stringify(given)} is refused for its ${field}`, () => {
    assert.throws(
      () => checkRequisites(given),
      (error: { code?: string; faults?: readonly { field: string }[] }) =>
        error.code === 'requisites_malformed' && error.faults?.[0]?.field === field,
    );
  });
}
