import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardFields, cards, type Fixture, listOf, Merchant, startFixture } from './fixture.ts';

const dayMs = 86_400_000;

async function authorize(fixture: Fixture, fields: object = {}): Promise<unknown> {
  const body = { ...cardFields(cards.plain), ...fields };
  const { Model } = await fixture.call('payments/cards/auth', body);
  assert.deepEqual([Model?.Status, Model?.StatusCode], ['Authorized', 2]);
  return Model?.TransactionId;
}

async function statusOf(fixture: Fixture, TransactionId: unknown): Promise<unknown> {
  return (await fixture.call('payments/get', { TransactionId })).Model?.Status;
}

test('what is authorised moves no money until it is confirmed, wholly or in part', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay', 'Confirm', 'Cancel') });
  const TransactionId = await authorize(fixture);
  assert.deepEqual(await fixture.ledger(), []);
  const tooMuch = await fixture.call('payments/confirm', { TransactionId, Amount: 199.01 });
  assert.equal(tooMuch.Success, false);
  const confirmed = await fixture.call('payments/confirm', { TransactionId, Amount: 150 });
  assert.deepEqual([confirmed.Success, confirmed.Message], [true, null]);
  assert.equal('Model' in confirmed, false);
  assert.equal(
    (await fixture.call('payments/confirm', { TransactionId, Amount: 1 })).Success,
    false,
  );
  assert.equal((await fixture.call('payments/void', { TransactionId })).Success, false);
  assert.deepEqual(await fixture.movements(), ['debit 150']);
  await fixture.settle();
  assert.deepEqual(
    merchant.received.map(({ fields, path }) => [path, fields.Status, fields.Amount]),
    [
      ['pay', 'Authorized', '199.00'],
      ['confirm', 'Completed', '150.00'],
    ],
  );
  assert.equal(
    (await fixture.call('payments/refund', { TransactionId, Amount: 151 })).Success,
    false,
  );
});

test('void is for what is authorised, and leaves nothing to be done', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Cancel') });
  const TransactionId = await authorize(fixture);
  const made = await fixture.call('payments/void', { TransactionId });
  assert.deepEqual([made.Success, made.Message], [true, null]);
  assert.equal(await statusOf(fixture, TransactionId), 'Cancelled');
  for (const [path, fields] of [
    ['payments/void', {}],
    ['payments/confirm', { Amount: 1 }],
    ['payments/refund', { Amount: 1 }],
  ] as const) {
    assert.equal((await fixture.call(path, { TransactionId, ...fields })).Success, false, path);
  }
  const paid = (await fixture.charge(cards.plain)).Model?.TransactionId;
  const late = await fixture.call('payments/void', { TransactionId: paid });
  assert.equal(late.Success, false, 'a completed payment is refunded, not made void');
  await fixture.settle();
  assert.deepEqual(merchant.paths(), ['cancel']);
});

test('an authorisation that nobody confirms is free again after seven days', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Cancel') });
  const TransactionId = await authorize(fixture);
  await fixture.advance(7 * dayMs - 60_000);
  assert.equal(await statusOf(fixture, TransactionId), 'Authorized');
  await fixture.advance(60_000);
  assert.equal(await statusOf(fixture, TransactionId), 'Cancelled');
  await fixture.settle();
  assert.deepEqual(merchant.paths(), ['cancel']);
  assert.deepEqual(await fixture.ledger(), []);
});

test('a terminal may have it confirmed instead', async (t) => {
  const settings = { unconfirmed: 'confirm', unconfirmedMs: dayMs } as const;
  const fixture = await startFixture(t, { settings });
  await authorize(fixture);
  await fixture.advance(dayMs);
  assert.deepEqual(await fixture.movements(), ['debit 199']);
});

test('a payment older than a year is not refunded', async (t) => {
  const fixture = await startFixture(t);
  const TransactionId = (await fixture.charge(cards.plain)).Model?.TransactionId;
  await fixture.advance(364 * dayMs);
  assert.equal((await fixture.call('payments/refund', { TransactionId, Amount: 1 })).Success, true);
  await fixture.advance(2 * dayMs);
  const { Message, Success } = await fixture.call('payments/refund', { TransactionId, Amount: 1 });
  assert.deepEqual([Success, Message], [false, 'Transaction is older than a year']);
});

test('refunds at the same time never give back more than was taken', async (t) => {
  const fixture = await startFixture(t);
  const TransactionId = (await fixture.charge(cards.plain)).Model?.TransactionId;
  const refunds = Array.from({ length: 4 }, () =>
    fixture.call('payments/refund', { TransactionId, Amount: 120 }),
  );
  const answers = await Promise.all(refunds);
  assert.equal(answers.filter(({ Success }) => Success).length, 1);
  assert.deepEqual(await fixture.movements(), ['debit 199', 'refund 120']);
});

test('Refund names the payment and its own transaction', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Refund') });
  const paid = (await fixture.charge(cards.plain, { AccountId: '007' })).Model?.TransactionId;
  const made = await fixture.call('payments/refund', { TransactionId: paid, Amount: 19.9 });
  await fixture.settle();
  const [refund] = merchant.received;
  assert.deepEqual(
    [
      'TransactionId',
      'PaymentTransactionId',
      'Amount',
      'OperationType',
      'InvoiceId',
      'AccountId',
    ].map((name) => refund?.fields[name]),
    [String(made.Model?.TransactionId), String(paid), '19.90', 'Refund', 'inv-1', '007'],
  );
  assert.equal(refund?.fields.Status, undefined);
});

test('a day is listed in the zone that is asked for, and a span in pages of a hundred', async (t) => {
  const fixture = await startFixture(t);
  const { now } = await fixture.get('/control/clock');
  const next = new Date(Date.parse(String(now)) + dayMs).toISOString().slice(0, 10);
  await fixture.send('POST', '/control/clock', { to: `${next}T22:30:00Z` });
  await fixture.charge(cards.plain);
  const count = async (path: string, fields: object) =>
    listOf(await fixture.call(path, { ...fields })).length;
  const after = new Date(Date.parse(next) + dayMs).toISOString().slice(0, 10);
  assert.equal(await count('payments/list', { Date: next }), 1);
  assert.equal(await count('payments/list', { Date: next, TimeZone: 'MSK' }), 0);
  assert.equal(await count('payments/list', { Date: after, TimeZone: 'MSK' }), 1);

  for (let at = 0; at < 100; at += 1) await fixture.charge(cards.plain, { InvoiceId: `n${at}` });
  await fixture.charge(cards.noMoney);
  const span = { CreatedDateGte: `${next}T00:00:00`, CreatedDateLte: `${after}T23:59:59` };
  const page = async (PageNumber: number, more: object = {}) =>
    listOf(await fixture.call('v2/payments/list', { ...span, PageNumber, ...more }));
  const [first, second] = [await page(1), await page(2)];
  assert.deepEqual([first.length, second.length, (await page(3)).length], [100, 2, 0]);
  const ids = [...first, ...second].map(({ TransactionId }) => Number(TransactionId));
  assert.deepEqual(
    ids,
    ids.toSorted((left, right) => left - right),
  );
  assert.equal((await page(1, { Statuses: ['Declined'] })).length, 1);
  assert.equal((await fixture.call('v2/payments/list', span)).Message, 'PageNumber is required');
});

test('a chargeback is listed and stands in the ledger, and nobody is told', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay', 'Refund', 'Cancel') });
  const transactionId = (await fixture.charge(cards.plain)).Model?.TransactionId;
  await fixture.settle();
  merchant.received.length = 0;
  const made = await fixture.send('POST', '/control/chargebacks', { transactionId });
  assert.equal(made.status, 201);
  const won = { transactionId, operation: 'Representment', amount: 100 };
  await fixture.send('POST', '/control/chargebacks', won);
  await fixture.advance(dayMs);
  const { now } = await fixture.get('/control/clock');
  const list = await fixture.call('chargebacks/list', {
    ...{ CreatedDateGte: '2026-01-01', CreatedDateLte: String(now).slice(0, 19), PageNumber: 1 },
  });
  assert.equal(list.Message, null, 'within a year');
  assert.deepEqual(
    listOf(list).map(({ Amount, Operation, TransactionId, Type }) => [
      TransactionId,
      Operation,
      Type,
      Amount,
    ]),
    [
      [transactionId, 'Presentment', 'Chargeback', 199],
      [transactionId, 'Representment', 'Chargeback', 100],
    ],
  );
  assert.deepEqual(merchant.received, []);
  assert.deepEqual(await fixture.movements(), ['debit 199', 'chargeback 199', 'representment 100']);
});

test('the ledger sums what each order was debited and credited, and names what was taken twice', async (t) => {
  const fixture = await startFixture(t);
  await fixture.charge(cards.plain, { InvoiceId: 'once' });
  const twice = (await fixture.charge(cards.plain, { InvoiceId: 'twice' })).Model?.TransactionId;
  await fixture.charge(cards.plain, { InvoiceId: 'twice' });
  await fixture.call('payments/refund', { TransactionId: twice, Amount: 50 });
  const summary = await fixture.get('/ledger?summary=1');
  assert.deepEqual(
    [summary.debits, summary.debitedMinor, summary.refunds, summary.refundedMinor],
    [3, 59_700, 1, 5_000],
  );
  const wrong = summary.wrong as { invoiceId: string; debits: number; refundedMinor: number }[];
  assert.deepEqual(
    wrong.map(({ debits, invoiceId, refundedMinor }) => [invoiceId, debits, refundedMinor]),
    [['twice', 2, 5_000]],
  );
  assert.equal((await fixture.ledger('after=3')).length, 1);
  assert.equal((await fixture.ledger(`card=${cards.plain}&invoice=once`)).length, 1);
  assert.equal((await fixture.ledger(`card=${cards.threeDs}`)).length, 0);
});
