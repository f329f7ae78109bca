import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { start } from './fixture.ts';

const order = { amount: 19_900, currency: 'rub', metadata: { payment: 'pay_1' } };
const card = { payment_method: 'pm_card_visa', payment_method_types: ['card'] };

function failure(code: string, declineCode?: string) {
  return (error: unknown) => {
    assert.ok(error instanceof Stripe.errors.StripeError, String(error));
    assert.deepEqual([error.code, error.decline_code || undefined], [code, declineCode]);
    return true;
  };
}

test('a payment is created, confirmed and retrieved, and stands in the book once', async (context) => {
  const { client, kinds, ledger } = await start(context);
  const created = await client.paymentIntents.create(order);
  assert.equal(created.status, 'requires_payment_method');
  const paid = await client.paymentIntents.confirm(created.id, { payment_method: 'pm_card_visa' });
  assert.deepEqual([paid.status, paid.amount_received], ['succeeded', 19_900]);
  const again = await client.paymentIntents.retrieve(created.id, {
    expand: ['latest_charge.balance_transaction', 'payment_method'],
  });
  const { latest_charge: charge, payment_method: method } = again;
  assert.ok(typeof charge === 'object' && charge !== null);
  const { balance_transaction: balance, payment_method_details: details } = charge;
  assert.ok(typeof balance === 'object' && balance !== null);
  assert.deepEqual([balance.amount, balance.fee, balance.net], [19_900, 577, 19_323]);
  assert.deepEqual([details?.card?.brand, details?.card?.last4], ['visa', '4242']);
  assert.ok(typeof method === 'object' && method?.card?.fingerprint);
  assert.deepEqual(await ledger(), ['debit 19900']);
  assert.deepEqual(await kinds(), [
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
  ]);
});

test('declines have their codes, and the intent takes another card', async (context) => {
  const { client, kinds, ledger } = await start(context);
  const declines = {
    pm_card_chargeDeclined: ['card_declined', 'generic_decline'],
    pm_card_visa_chargeDeclinedInsufficientFunds: ['card_declined', 'insufficient_funds'],
    pm_card_chargeDeclinedInsufficientFunds: ['card_declined', 'insufficient_funds'],
    pm_card_visa_chargeDeclinedLostCard: ['card_declined', 'lost_card'],
    pm_card_visa_chargeDeclinedStolenCard: ['card_declined', 'stolen_card'],
    pm_card_chargeDeclinedExpiredCard: ['expired_card', undefined],
    pm_card_chargeDeclinedIncorrectCvc: ['incorrect_cvc', 'incorrect_cvc'],
    pm_card_chargeDeclinedProcessingError: ['processing_error', 'processing_error'],
    pm_card_chargeCustomerFail: ['card_declined', 'generic_decline'],
  } as const;
  const { id } = await client.paymentIntents.create(order);
  for (const [method, [code, declineCode]] of Object.entries(declines)) {
    await assert.rejects(
      client.paymentIntents.confirm(id, { payment_method: method }),
      failure(code, declineCode),
    );
  }
  const declined = await client.paymentIntents.retrieve(id);
  assert.equal(declined.status, 'requires_payment_method');
  assert.equal(declined.last_payment_error?.decline_code, 'generic_decline');
  assert.deepEqual(await ledger(), []);
  assert.deepEqual((await kinds()).slice(-2), ['charge.failed', 'payment_intent.payment_failed']);
  const { status } = await client.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
  assert.equal(status, 'succeeded');
  assert.deepEqual(await ledger(), ['debit 19900']);
});

test('two stages: what is reserved is taken in part, or given back', async (context) => {
  const { client, kinds, ledger } = await start(context);
  const reserve = () =>
    client.paymentIntents.create({ ...order, ...card, capture_method: 'manual', confirm: true });
  const first = await reserve();
  assert.deepEqual([first.status, first.amount_capturable], ['requires_capture', 19_900]);
  assert.deepEqual(await ledger(), []);
  await assert.rejects(
    client.paymentIntents.capture(first.id, { amount_to_capture: 19_901 }),
    failure('amount_too_large'),
  );
  const captured = await client.paymentIntents.capture(first.id, { amount_to_capture: 5_000 });
  assert.deepEqual([captured.status, captured.amount_received], ['succeeded', 5_000]);
  await assert.rejects(
    client.paymentIntents.capture(first.id),
    failure('payment_intent_unexpected_state'),
  );
  await assert.rejects(
    client.refunds.create({ payment_intent: first.id, amount: 5_001 }),
    failure('amount_too_large'),
  );
  const second = await reserve();
  const canceled = await client.paymentIntents.cancel(second.id, {
    cancellation_reason: 'abandoned',
  });
  assert.deepEqual([canceled.status, canceled.amount_capturable], ['canceled', 0]);
  assert.deepEqual(await ledger(), ['debit 5000']);
  assert.equal((await kinds()).at(-1), 'payment_intent.canceled');
});

test('a reservation that nobody takes ends by itself after seven days', async (context) => {
  const { client, ledger, post } = await start(context);
  const { id } = await client.paymentIntents.create({
    ...{ ...order, ...card, capture_method: 'manual', confirm: true },
  });
  await post('/clock', { advance_ms: 6 * 24 * 3_600_000 });
  assert.equal((await client.paymentIntents.retrieve(id)).status, 'requires_capture');
  await post('/clock', { advance_ms: 24 * 3_600_000 });
  const { cancellation_reason, status } = await client.paymentIntents.retrieve(id);
  assert.deepEqual([status, cancellation_reason], ['canceled', 'automatic']);
  assert.deepEqual(await ledger(), []);
});

test('refunds, in parts, never beyond what was paid', async (context) => {
  const { client, ledger } = await start(context);
  const { id } = await client.paymentIntents.create({ ...order, ...card, confirm: true });
  const part = await client.refunds.create({
    ...{ payment_intent: id, amount: 4_900, metadata: { payment: 'ref_1' } },
  });
  assert.equal(part.status, 'succeeded');
  const rest = await client.refunds.create({ payment_intent: id });
  assert.equal(rest.amount, 15_000);
  await assert.rejects(
    client.refunds.create({ payment_intent: id, amount: 1 }),
    failure('charge_already_refunded'),
  );
  assert.deepEqual(await ledger(), ['debit 19900', 'credit 4900', 'credit 15000']);
  const list = await client.refunds.list({ payment_intent: id });
  assert.deepEqual(
    list.data.map((refund) => refund.id),
    [rest.id, part.id],
  );
  assert.equal((await client.refunds.retrieve(part.id)).metadata?.payment, 'ref_1');
  const { latest_charge: charge } = await client.paymentIntents.retrieve(id, {
    expand: ['latest_charge'],
  });
  assert.ok(typeof charge === 'object' && charge?.refunded);
});

test('a refund may be pending, and may come back', async (context) => {
  const { client, kinds, ledger, post } = await start(context);
  const refundOf = async (method: string) => {
    const { id } = await client.paymentIntents.create({
      ...{ ...order, payment_method: method, payment_method_types: ['card'], confirm: true },
    });
    return client.refunds.create({ payment_intent: id });
  };
  const pending = await refundOf('pm_card_pendingRefund');
  const failing = await refundOf('pm_card_refundFail');
  assert.deepEqual([pending.status, failing.status], ['pending', 'succeeded']);
  assert.deepEqual(await ledger(), ['debit 19900', 'debit 19900', 'credit 19900']);
  await post('/clock', { advance_ms: 60_000 });
  assert.equal((await client.refunds.retrieve(pending.id)).status, 'succeeded');
  assert.equal((await client.refunds.retrieve(failing.id)).status, 'failed');
  assert.deepEqual((await ledger()).slice(3).toSorted(), ['credit 19900', 'debit 19900']);
  assert.deepEqual((await kinds()).slice(-2).toSorted(), ['refund.failed', 'refund.updated']);
});

test('what cannot be is refused by name', async (context) => {
  const { client } = await start(context);
  const { create } = client.paymentIntents;
  const make = (params: Stripe.PaymentIntentCreateParams) =>
    create.call(client.paymentIntents, params);
  await assert.rejects(make({ ...order, amount: 0 }), failure('parameter_invalid_integer'));
  await assert.rejects(make({ ...order, amount: 1.5 }), failure('parameter_invalid_integer'));
  await assert.rejects(make({ ...order, currency: '' }), failure('parameter_missing'));
  await assert.rejects(make({ ...order, customer: 'cus_none' }), failure('resource_missing'));
  await assert.rejects(
    make({ ...order, payment_method: 'pm_card_nothing' }),
    failure('resource_missing'),
  );
  await assert.rejects(client.paymentIntents.retrieve('pi_none'), failure('resource_missing'));
  const { id } = await make({ ...order, ...card, confirm: true });
  await assert.rejects(
    client.paymentIntents.cancel(id),
    failure('payment_intent_unexpected_state'),
  );
});

test('a dispute takes the money back, and the merchant may win it', async (context) => {
  const { client, kinds, ledger, post } = await start(context);
  const { id } = await client.paymentIntents.create({
    ...{ ...order, payment_method: 'pm_card_createDispute', payment_method_types: ['card'] },
    confirm: true,
  });
  await post('/clock', { advance_ms: 1 });
  const [dispute] = (await client.disputes.list({ payment_intent: id })).data;
  assert.deepEqual([dispute?.status, dispute?.amount], ['needs_response', 19_900]);
  assert.deepEqual(await ledger(), ['debit 19900', 'credit 19900']);
  await post(`/disputes/${dispute?.id}/close`, { status: 'won' });
  assert.deepEqual((await kinds()).slice(-2), [
    'charge.dispute.funds_reinstated',
    'charge.dispute.closed',
  ]);
  const other = await client.paymentIntents.create({ ...order, ...card, confirm: true });
  await post('/disputes', { payment_intent: other.id, amount: 900 });
  assert.equal((await client.disputes.list({ payment_intent: other.id })).data[0]?.amount, 900);
});

test('a bank that only asks takes nothing back', async (context) => {
  const { client, kinds, ledger, post } = await start(context);
  const { id } = await client.paymentIntents.create({ ...order, ...card, confirm: true });
  await post('/disputes', { payment_intent: id, inquiry: true });
  const [inquiry] = (await client.disputes.list({ payment_intent: id })).data;
  assert.equal(inquiry?.status, 'warning_needs_response');
  assert.equal((await kinds()).at(-1), 'charge.dispute.created');
  assert.deepEqual(await ledger(), ['debit 19900']);
});
