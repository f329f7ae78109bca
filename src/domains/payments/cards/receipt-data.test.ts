import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ReceiptData } from '#payments/card-gateway';
import { receiptOf } from './receipt-data.ts';

const sold = { msisdn: '+79161234567', reference: 'sub_1/0' };
const sumOf = ({ items }: ReceiptData) =>
  items.reduce((sum, { amountMinor, quantity }) => sum + amountMinor * BigInt(quantity), 0n);

test('what nobody has written lines for is one line with its description, to the phone that paid', () => {
  assert.deepEqual(receiptOf({ ...sold, amountMinor: 100n, offer: { description: 'Cinema' } }), {
    phone: '+79161234567',
    items: [{ name: 'Cinema', quantity: 1, amountMinor: 100n }],
  });
  assert.equal(receiptOf({ ...sold, amountMinor: 1n }).items[0]?.name, 'sub_1/0');
});

test('it is sent to the e-mail where there is one, and a receipt’s own contact comes first', () => {
  const items = [{ name: 'Cinema', quantity: 1, amountMinor: 100n }];
  const of = (offer: object) =>
    receiptOf({ ...sold, amountMinor: 100n, offer: { description: 'Cinema', ...offer } });
  assert.deepEqual(of({ email: 'a@b.test' }).email, 'a@b.test');
  assert.equal(of({ email: 'a@b.test' }).phone, undefined);
  const own = of({ receipt: { phone: '+7999', items } });
  assert.deepEqual([own.phone, own.email], ['+7999', undefined]);
});

test('of a part each line has its share, and together they are exactly that part', () => {
  const line = fc.record({
    name: fc.constantFrom('Cinema', 'set-up', 'Series'),
    quantity: fc.integer({ min: 1, max: 9 }),
    amountMinor: fc.bigInt({ min: 0n, max: 10n ** 9n }),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), fc.nat(), (items, chance) => {
      const whole = sumOf({ items });
      if (whole === 0n) return;
      const amountMinor = (BigInt(chance) % whole) + 1n;
      const offer = { description: 'x', receipt: { items } };
      const part = receiptOf({ ...sold, amountMinor, offer });
      assert.equal(sumOf(part), amountMinor);
      if (amountMinor === whole) return assert.deepEqual(part.items, items);
      assert.ok(part.items.every((one) => one.amountMinor > 0n && one.quantity === 1));
    }),
  );
});
