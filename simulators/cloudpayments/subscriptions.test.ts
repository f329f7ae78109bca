import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { periodStart } from '#simulators/cloudpayments/acquirer';
import { cards, type Fixture, listOf, Merchant, startFixture, type Values } from './fixture.ts';

const dayMs = 86_400_000;

async function create(fixture: Fixture, number: string, fields: Values = {}): Promise<Values> {
  const Token = await fixture.tokenOf(number);
  const { now } = await fixture.get('/control/clock');
  const { Model, text } = await fixture.call('subscriptions/create', {
    ...{ Token, AccountId: 'user-1', Description: 'Pro', Amount: 300, Currency: 'RUB' },
    ...{ RequireConfirmation: false, Interval: 'Day', Period: 7 },
    StartDate: new Date(Date.parse(String(now)) + dayMs).toISOString(),
    ...fields,
  });
  assert.ok(Model, text);
  return Model;
}

async function show(fixture: Fixture, Id: unknown): Promise<Values> {
  return (await fixture.call('subscriptions/get', { Id })).Model ?? {};
}

test('a subscription is charged when it is due, until all its periods are paid', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Recurrent', 'Pay') });
  const { Id, Status, StatusCode } = await create(fixture, cards.plain, { MaxPeriods: 2 });
  assert.match(String(Id), /^sc_/);
  assert.deepEqual([Status, StatusCode], ['Active', 0]);
  await fixture.advance(dayMs);
  await fixture.settle();
  const pay = merchant.received.find(({ fields }) => fields.SubscriptionId === Id);
  assert.deepEqual([pay?.path, pay?.fields.Amount], ['pay', '300.00']);
  await fixture.advance(6 * dayMs);
  assert.deepEqual(await fixture.movements(), ['debit 199', 'debit 300']);
  await fixture.advance(dayMs);
  const ended = await show(fixture, Id);
  assert.deepEqual(
    [ended.Status, ended.SuccessfulTransactionsNumber, ended.NextTransactionDate],
    ['Expired', 2, null],
  );
  await fixture.advance(30 * dayMs);
  assert.deepEqual(await fixture.movements(), ['debit 199', 'debit 300', 'debit 300']);
  const told = merchant.received.filter(({ path }) => path === 'recurrent');
  assert.deepEqual(
    told.map(({ fields }) => fields.Status),
    ['Active', 'Expired'],
  );
});

test('three refusals in a row, a day apart, reject it; a payment in between forgets them', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Recurrent') });
  const { Id } = await create(fixture, cards.renewalsFail);
  const states: unknown[] = [];
  const nextDay = async () => {
    await fixture.advance(dayMs + 1_000);
    const { FailedTransactionsNumber, Status } = await show(fixture, Id);
    states.push([Status, FailedTransactionsNumber]);
  };
  await nextDay();
  await nextDay();
  await fixture.scenario({ name: 'approve', times: 1 });
  await nextDay();
  await fixture.advance(4 * dayMs);
  for (let day = 0; day < 3; day += 1) await nextDay();
  assert.deepEqual(states, [
    ['PastDue', 1],
    ['PastDue', 2],
    ['Active', 0],
    ...[
      ['PastDue', 1],
      ['PastDue', 2],
      ['Rejected', 3],
    ],
  ]);
  await fixture.settle();
  assert.deepEqual(
    merchant.received.map(({ fields }) => fields.Status),
    ['Active', 'PastDue', 'Active', 'PastDue', 'Rejected'],
    'only a change of its status is told',
  );
});

test('cancelled it is not charged; an update makes it run again, and is not told', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Recurrent') });
  const { Id } = await create(fixture, cards.plain);
  const cancelled = await fixture.call('subscriptions/cancel', { Id });
  assert.deepEqual([cancelled.Success, cancelled.Message], [true, null]);
  const { NextTransactionDate, Status, StatusCode } = await show(fixture, Id);
  assert.deepEqual([Status, StatusCode, NextTransactionDate], ['Cancelled', 3, null]);
  await fixture.advance(10 * dayMs);
  assert.equal((await fixture.ledger()).length, 1);
  const told = merchant.received.length;
  const updated = await fixture.call('subscriptions/update', { Id, Amount: 450 });
  assert.deepEqual([updated.Model?.Status, updated.Model?.Amount], ['Active', 450]);
  assert.ok(updated.Model?.NextTransactionDateIso);
  await fixture.advance(7 * dayMs);
  assert.deepEqual(await fixture.movements(), ['debit 199', 'debit 450']);
  assert.equal(merchant.received.length, told);
});

test('a pause is another start; who is asked about finds all of an account', async (t) => {
  const fixture = await startFixture(t);
  const { Id } = await create(fixture, cards.plain);
  const { now } = await fixture.get('/control/clock');
  const StartDate = new Date(Date.parse(String(now)) + 20 * dayMs).toISOString();
  await fixture.call('subscriptions/update', { Id, StartDate });
  await fixture.advance(19 * dayMs);
  assert.equal((await fixture.ledger()).length, 1);
  await fixture.advance(dayMs);
  assert.equal((await fixture.ledger()).length, 2);
  const found = listOf(await fixture.call('subscriptions/find', { accountId: 'user-1' }));
  assert.deepEqual(
    found.map((each) => each.Id),
    [Id],
  );
  assert.deepEqual(listOf(await fixture.call('subscriptions/find', { accountId: 'other' })), []);
});

test('a payment whose data ask for it begins a subscription', async (t) => {
  const fixture = await startFixture(t);
  const { Model } = await fixture.charge(cards.plain, {
    ...{ AccountId: 'user-1', SaveCard: true },
    JsonData: { cloudPayments: { recurrent: { interval: 'Month', period: 1, amount: 99 } } },
  });
  const shown = await show(fixture, Model?.SubscriptionId);
  assert.deepEqual([shown.Interval, shown.Amount, shown.Status], ['Month', 99, 'Active']);
  await fixture.advance(32 * dayMs);
  assert.deepEqual(await fixture.movements(), ['debit 199', 'debit 99']);
});

test('what a subscription needs is asked for by name', async (t) => {
  const fixture = await startFixture(t);
  const Token = await fixture.tokenOf(cards.plain);
  const whole = {
    ...{ Token, AccountId: 'user-1', Description: 'Pro', Amount: 300, Currency: 'RUB' },
    ...{ RequireConfirmation: false, StartDate: '2049-01-01', Interval: 'Day', Period: 7 },
  };
  for (const name of Object.keys(whole)) {
    const { Message } = await fixture.call('subscriptions/create', { ...whole, [name]: undefined });
    assert.equal(Message, `${name} is required`);
  }
  const past = { ...whole, StartDate: '2020-01-01' };
  assert.equal(
    (await fixture.call('subscriptions/create', past)).Message,
    'Invalid StartDate value',
  );
  assert.equal(
    (await fixture.call('subscriptions/get', { Id: 'sc_0' })).Message,
    'Subscription not found',
  );
});

test('months are counted from the first day and never skip one', () => {
  const start = fc.date({
    min: new Date('2024-01-01T00:00:00Z'),
    max: new Date('2032-12-31T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(start, fc.integer({ min: 0, max: 60 }), (first, periods) => {
      const terms = { anchorMs: first.getTime(), interval: 'Month', period: 1 } as const;
      const at = new Date(periodStart(terms, periods));
      const months = (date: Date) => date.getUTCFullYear() * 12 + date.getUTCMonth();
      assert.equal(months(at), months(first) + periods);
      assert.ok(at.getUTCDate() === first.getUTCDate() || at.getUTCDate() >= 28);
    }),
  );
});
