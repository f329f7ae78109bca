import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as simulators from '#simulators/cloudpayments';
import { eventually } from '#testing';
import { PATIENT } from './card-fixture.ts';
import { openCloudPaymentsHouse } from './cloudpayments-house.ts';
import { CLOUD_PAYMENTS, GOOD, POOR } from './cloudpayments-outside.ts';

// What a browser pays is not stopped before: the gate is the merchant's choice.
const house = await openCloudPaymentsHouse(simulators, { isGated: false });
const { balances, becomes, charge, control, database, outside, pay, present, quiet } = house;
const { settler, stateOf, widgetOf } = house;
const { book } = outside;
const settle = (
  payment: string,
  outcome: 'accepted' | 'returned' | 'declined',
  transaction?: string,
) =>
  database.transaction((tx) =>
    settler.settle(tx, { payment, outcome, transaction, actor: 'ann', reason: 'looked it up' }),
  );

/** What has moved since. */
async function moved<Result>(work: () => Promise<Result>) {
  const before = await balances();
  const result = await work();
  const after = await balances();
  const changes = Object.keys(after).map((type) => [
    type,
    Number((after[type] ?? 0n) - (before[type] ?? 0n)),
  ]);
  return { result, changes: Object.fromEntries(changes.filter(([, change]) => change !== 0)) };
}

test('what was paid otherwise than asked for lies in suspense, and goes back when people say so', async () => {
  const payment = await present();
  const paid = await moved(async () => {
    await pay(payment, { Amount: 1 });
    await becomes(payment, 'conflicted');
    await quiet();
  });
  assert.equal(paid.changes.suspense, 100);
  assert.equal(paid.changes.revenue, undefined);
  await assert.rejects(settle(payment, 'accepted'), { code: 'settle_not_possible' });
  const back = await moved(async () => {
    await settle(payment, 'returned');
    await eventually(async () => assert.equal((await book(payment)).refunded, 100), PATIENT);
    await quiet();
    await eventually(async () => assert.equal((await balances()).suspense, 0n), PATIENT);
  });
  assert.deepEqual(back.changes, { receivable: -100, suspense: -100 });
  assert.equal(await stateOf(payment), 'conflicted');
  await assert.rejects(settle(payment, 'returned'), { code: 'payment_settled' });
  assert.deepEqual(await house.judge(), []);
});

test('a conflict that is what was asked for after all counts once people say so', async () => {
  const payment = await present();
  await pay(payment, { AccountId: 'cus_zzz' });
  await becomes(payment, 'conflicted');
  await quiet();
  const { changes } = await moved(() => settle(payment, 'accepted'));
  assert.deepEqual(changes, { suspense: -19_900, revenue: 19_900 });
  assert.equal(await stateOf(payment), 'accepted');
  const [response] = (await house.responsesOf(payment)).slice(-1);
  assert.equal(response?.outcome, 'accepted');
  await house.refund(payment);
  await eventually(async () => assert.equal((await book(payment)).refunded, 19_900), PATIENT);
  await quiet();
  assert.deepEqual(await house.judge(), []);
});

test('a conflict that was given back at the gateway leaves nothing in suspense, and touches no payment', async () => {
  const payment = await present();
  await pay(payment);
  await becomes(payment, 'accepted');
  const { Model } = await pay(payment, { Amount: 50 });
  await eventually(async () => assert.equal((await balances()).suspense, 5000n), PATIENT);
  await outside.refundAside(String(Model?.TransactionId), 5000n);
  await eventually(async () => assert.equal((await balances()).suspense, 0n), PATIENT);
  await quiet();
  assert.deepEqual((await house.payments.report(database.pool, payment)).refunds, []);
  assert.deepEqual(await house.judge(), []);
});

test('three tabs: one settles it, two go back', async () => {
  const payment = await present();
  await Promise.all([pay(payment), pay(payment), pay(payment)]);
  await becomes(payment, 'accepted');
  await eventually(async () => {
    assert.deepEqual(await book(payment), { debits: 3, debited: 59_700, refunded: 39_800 });
    assert.equal((await balances()).suspense, 0n);
  }, PATIENT);
  await quiet();
  assert.deepEqual(await house.judge(), []);
});

test('told in any order and late, it comes to the same', async () => {
  const payment = await present();
  await control('PUT', 'settings', { notificationDelayMs: { min: 0, max: 400 } });
  await charge(POOR, widgetOf(payment));
  const { Model } = await pay(payment);
  await outside.refundAside(String(Model?.TransactionId), 2000n);
  await charge(POOR, widgetOf(payment));
  await becomes(payment, 'accepted');
  await eventually(async () => {
    await control('POST', 'clock', { advanceMs: 1000 });
    const { refunds } = await house.payments.report(database.pool, payment);
    assert.deepEqual(
      refunds.map(({ amountMinor, state }) => [state, amountMinor]),
      [['accepted', 2000n]],
    );
  }, PATIENT);
  await control('PUT', 'settings', { notificationDelayMs: { min: 0, max: 0 } });
  await quiet();
});

test('what a bank takes back is given back of everybody’s share, and its fee is a fee', async () => {
  const payment = await present();
  await pay(payment);
  await becomes(payment, 'accepted');
  const transactionId = Number(await house.transactionOf(payment));
  await control('POST', 'chargebacks', { transactionId });
  await control('POST', 'chargebacks', { transactionId, type: 'Fee', amount: 15 });
  const now = Date.now();
  const span = { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) };
  const { changes } = await moved(async () => {
    await house.reconciler.reconcile(CLOUD_PAYMENTS, span);
    await house.reconciler.reconcile(CLOUD_PAYMENTS, span);
  });
  assert.equal(changes.revenue, -19_900);
  assert.ok(changes.fees >= 1500);
  const { refundedMinor } = await house.payments.report(database.pool, payment);
  assert.equal(refundedMinor, 19_900n);
  await assert.rejects(house.refund(payment), { code: 'refund_exceeds_charge' });
  assert.deepEqual(await house.judge(), []);
});

test('what nobody told is found in the list and applied; what is nobody’s is kept as a difference', async () => {
  const payment = await present();
  const now = Date.now();
  const span = { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) };
  await control('POST', 'scenarios', { name: 'notification-missing', times: 2 });
  await pay(payment);
  const { Model } = await charge(GOOD, { ...widgetOf(payment), InvoiceId: 'shop-17' });
  await control('POST', 'settle', {});
  assert.equal(await stateOf(payment), 'presented');
  const report = await house.reconciler.reconcile(CLOUD_PAYMENTS, span);
  assert.equal(await stateOf(payment), 'accepted');
  assert.ok(report.applied >= 1);
  const strange = report.differences.filter(({ kind }) => kind === 'unknown_here');
  assert.deepEqual(
    strange.map(({ subject, theirsMinor }) => [subject, theirsMinor]),
    [[String(Model?.TransactionId), 19_900n]],
  );
  await sql`update payments.gateway_transaction set amount_minor = 1
    where transaction = ${await house.transactionOf(payment)}`.execute(database.pool);
  const again = await house.reconciler.reconcile(CLOUD_PAYMENTS, span);
  const differs = again.differences.find(({ kind }) => kind === 'amount_differs');
  assert.deepEqual([differs?.oursMinor, differs?.theirsMinor], [1n, 19_900n]);
  assert.equal(again.applied, 0);
});
