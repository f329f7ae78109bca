import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, type Json, start } from './fixture.ts';

const receipt = {
  customer: { email: 'payer@example.org' },
  tax_system_code: 2,
  items: [
    {
      ...{ description: 'A month', quantity: 1, vat_code: 7 },
      amount: { value: '199.00', currency: 'RUB' },
    },
  ],
};

const itemsOf = ({ body }: Answer) => body.items as readonly Json[];

test('a receipt is registered when the till comes to it, and the payment says how it stands', async (context) => {
  const { call, control, pay, saved } = await start(context, {
    settings: { receiptDelayMs: 60_000 },
  });
  const method = await saved();
  const { body } = await pay('one', { receipt, payment_method_id: method });
  assert.equal(body.receipt_registration, 'pending');
  const of = `/receipts?payment_id=${body.id}`;
  const [waiting] = itemsOf(await call(of));
  assert.deepEqual([waiting?.status, waiting?.fiscal_document_number], ['pending', undefined]);
  await control('/clock', { advance_ms: 61_000 });
  const [done, ...more] = itemsOf(await call(of));
  assert.deepEqual([done?.status, done?.fiscal_document_number, more], ['succeeded', '1', []]);
  const { body: paid } = await call(`/payments/${body.id}`);
  assert.equal(paid.receipt_registration, 'succeeded');
});

test('a till may fail, and a receipt may never be made', async (context) => {
  const { call, control, pay, saved } = await start(context);
  const method = await saved();
  await control('/settings', { receiptEnd: 'canceled' }, 'PUT');
  const { body: lost } = await pay('lost', { receipt, payment_method_id: method });
  assert.equal(lost.receipt_registration, 'canceled');
  await control('/settings', { receiptEnd: 'missing' }, 'PUT');
  const { body: missing } = await pay('missing', { receipt, payment_method_id: method });
  assert.equal(missing.receipt_registration, undefined);
  const all = itemsOf(await call('/receipts'));
  assert.deepEqual(
    all.map(({ payment_id, status }) => [payment_id, status]),
    [[lost.id, 'canceled']],
  );
  const both = await call(`/receipts?payment_id=${lost.id}&refund_id=x`);
  assert.deepEqual([both.status, both.body.parameter], [400, 'refund_id']);
});
