import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiKey } from '#auth';
import { parsePaymentId } from '#payments/payment';
import { CLOUD_PAYMENTS, callerOf, GOOD, openCloudPaymentsHouse } from '#payments/stage';
import * as simulators from '#simulators/cloudpayments';
import { findHandSettlements } from './hand-store.ts';
import { readPaymentHistory } from './payment-history.ts';

const house = await openCloudPaymentsHouse(simulators, { isGated: false });
const { becomes, charge, clock, database, present, widgetOf } = house;
const made = (scopes: readonly string[]) =>
  createApiKey(database, { name: 'ann', scopes: [...scopes], now: clock.now() });
const staff = await made(['payments:read', 'payments:write', 'payments:admin']);
const reader = await made(['payments:read']);
const call = callerOf<Record<string, unknown>>(house, staff.text);

test('a reservation is taken or let go over HTTP, and what can not be is refused by name', async () => {
  const offer = { description: 'A year', twoStage: true };
  const [taken, left] = [await present({ offer }), await present({ offer })];
  const early = await call('POST', `/v1/payments/${taken}/confirm`, { reason: 'sent' });
  assert.deepEqual([early.status, early.json.code], [422, 'payment_not_authorized']);
  for (const payment of [taken, left]) await charge(GOOD, widgetOf(payment), 'auth');
  await Promise.all([becomes(taken, 'authorized'), becomes(left, 'authorized')]);
  const wrong = await call('POST', `/v1/payments/${taken}/confirm`, {
    ...{ reason: 'sent', amount_minor: 19_901 },
  });
  assert.equal(wrong.json.code, 'confirm_exceeds_reservation');
  const refused = await call('POST', `/v1/payments/${taken}/confirm`, { reason: 'x' }, reader.text);
  assert.equal(refused.status, 403);
  assert.equal(
    (await call('POST', `/v1/payments/${taken}/confirm`, { reason: 'sent' })).status,
    202,
  );
  assert.equal((await call('POST', `/v1/payments/${left}/void`, { reason: 'gone' })).status, 202);
  await Promise.all([becomes(taken, 'accepted'), becomes(left, 'withdrawn')]);
});

test('a conflict is settled by whoever may, once, with his name and his reason', async () => {
  const payment = await present();
  await charge(GOOD, { ...widgetOf(payment), AccountId: 'cus_zzz' });
  await becomes(payment, 'conflicted');
  const path = `/v1/payments/${payment}/settle`;
  const body = { outcome: 'accepted', reason: 'the account was mistyped' };
  assert.equal((await call('POST', path, body, reader.text)).status, 403);
  assert.equal((await call('POST', path, { outcome: 'accepted' })).status, 400);
  const wrong = await call('POST', path, { ...body, outcome: 'declined' });
  assert.equal(wrong.json.code, 'settle_not_possible');
  assert.equal((await call('POST', path, body)).status, 200);
  assert.equal((await call('POST', path, body)).json.code, 'payment_settled');
  const by = await findHandSettlements(database.pool, parsePaymentId(payment));
  assert.deepEqual(
    by.map(({ actor, outcome, reason, was }) => [was, outcome, actor, reason]),
    [['conflicted', 'accepted', 'ann', body.reason]],
  );
  const history = await readPaymentHistory(database.pool, payment);
  assert.equal(history.report.state, 'accepted');
  assert.equal(history.transactions[0]?.role, 'settles');
  assert.ok(history.notifications.some(({ type }) => type === 'pay'));
});

test('where the books differ is shown once they were compared', async () => {
  const path = `/v1/reconciliations/${CLOUD_PAYMENTS}`;
  const before = await call('GET', path);
  assert.deepEqual([before.status, before.json.code], [404, 'reconciliation_unknown']);
  await charge(GOOD, { ...widgetOf(await present()), InvoiceId: 'shop-17' });
  const now = Date.now();
  const span = { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) };
  await house.reconciler.reconcile(CLOUD_PAYMENTS, span);
  const { json } = await call('GET', path);
  const [first] = json.differences as readonly { readonly kind: string }[];
  assert.equal(first?.kind, 'unknown_here');
});
