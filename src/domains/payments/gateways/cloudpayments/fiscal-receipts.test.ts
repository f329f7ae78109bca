import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { GatewayNotification, SavedCardOrder } from '#payments/card-gateway';
import { readNotification } from './notifications.ts';
import { chargeByToken } from './requests.ts';
import type { CloudPaymentsAccount } from './settings.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const account: CloudPaymentsAccount = {
  settings: { public_id: 'pk_test' },
  secrets: { api_secret: SECRET },
};

const fiscal: CloudPaymentsAccount = {
  ...account,
  receipts: { taxSystem: 'usn_income_outcome', defaultTax: 'none' },
};
const order: SavedCardOrder = {
  ...{ payment: 'pay_1x1', account: 'cus_7', amountMinor: 9_999n, currency: 'RUB' },
  ...{ description: 'Pro', twoStage: false, token: 'tk_secret', initiator: 'merchant' },
};
const receipt = {
  email: 'a@example.org',
  items: [{ name: 'Pro', quantity: 3, amountMinor: 3_333n, tax: 'vat20' }],
} as const;

function signed(type: string, fields: Record<string, string>): GatewayNotification {
  const body = Buffer.from(new URLSearchParams(fields).toString());
  return {
    ...{ method: 'POST', type, query: '', body, ip: '185.98.81.1' },
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-hmac': createHmac('sha256', SECRET).update(body).digest('base64'),
    },
  };
}

test('a fiscal receipt is told once for its document, with a link only where that is one', () => {
  const fields = {
    ...{ TransactionId: '1001', InvoiceId: 'pay_1x1', Type: 'Income', DocumentNumber: '42' },
    ...{ FiscalSign: '2617603921', DeviceNumber: '001', DateTime: '2026-11-26 08:00:00' },
    Url: 'https://ofd.test/42',
  };
  const reading = readNotification(signed('receipt', fields), account);
  assert.deepEqual([reading.dedupeKey, reading.isHint], ['receipt:1001:42', false]);
  assert.deepEqual(reading.news, [
    {
      news: 'receipt',
      receipt: {
        ...{ transaction: '1001', payment: 'pay_1x1', kind: 'sale', document: '42' },
        ...{ sign: '2617603921', device: '001', url: 'https://ofd.test/42' },
        at: new Date('2026-11-26T08:00:00Z'),
      },
    },
  ]);
  for (const Url of ['javascript:alert(1)', 'https://a b', '', `https://x/${'y'.repeat(600)}`]) {
    const [news] = readNotification(signed('receipt', { ...fields, Url }), account).news;
    assert.ok(news?.news === 'receipt' && !('url' in news.receipt), Url);
  }
  // Of a till's own business nothing is kept, and nothing is repeated for it.
  const { TransactionId: _, ...alone } = fields;
  assert.deepEqual(readNotification(signed('receipt', alone), account).news, []);
  const correction = readNotification(signed('receipt', { ...fields, Type: 'Expense' }), account);
  assert.deepEqual(correction.news, []);
});

test('receipt data stands in the free data, in exact numbers that sum up', () => {
  const { body = '' } = chargeByToken({ ...order, receipt }, fiscal);
  const { cloudpayments } = JSON.parse(JSON.parse(body).JsonData);
  assert.deepEqual(cloudpayments.CustomerReceipt, {
    Items: [{ label: 'Pro', price: 33.33, quantity: 3, amount: 99.99, vat: 20 }],
    ...{ taxationSystem: 2, email: 'a@example.org', amounts: { electronic: 99.99 } },
  });
  const silent = JSON.parse(chargeByToken({ ...order, receipt }, account).body ?? '');
  assert.equal(silent.JsonData, undefined);
});
