import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkout, type Json, start } from './fixture.ts';

const hourMs = 3_600_000;

test('a payment waits for its holder, who pays on the page and is led back', async (context) => {
  const { call, ledger, pay } = await start(context);
  const { body: created, status } = await pay('pay_1');
  assert.deepEqual([status, created.status, created.paid], [200, 'pending', false]);
  assert.match(created.id as string, /^[\da-f]{8}-000f-5[\da-f]{3}-8000-[\da-f]{12}$/);
  const { confirmation_url: url } = created.confirmation as { confirmation_url: string };
  const page = await fetch(url);
  assert.match(await page.text(), /199\.00 RUB/);
  assert.match(
    page.headers.get('content-security-policy') ?? '',
    /form-action 'self' http:\/\/shop\.example;/,
  );
  const { location } = await checkout(created, { answer: 'approve' });
  assert.equal(location, 'http://shop.example/back');
  await checkout(created, { answer: 'approve' });
  const { body: paid } = await call(`/payments/${created.id}`);
  assert.deepEqual(
    [paid.status, paid.paid, paid.refundable, paid.amount, paid.income_amount],
    ['succeeded', true, true, created.amount, { value: '192.03', currency: 'RUB' }],
  );
  assert.deepEqual([paid.metadata, paid.test], [{ payment: 'pay_1' }, true]);
  assert.equal((paid.payment_method as Json).saved, false);
  assert.deepEqual(await ledger(), ['debit 19900']);
});

test('a declined payment says by whom and why', async (context) => {
  const { call, ledger, pay } = await start(context);
  for (const [reason, party] of [
    ['insufficient_funds', 'payment_network'],
    ['fraud_suspected', 'yoo_kassa'],
    ['3d_secure_failed', 'payment_network'],
  ] as const) {
    const { body } = await pay(`pay ${reason}`, { save_payment_method: true });
    await checkout(body, { answer: 'decline', reason });
    const { body: declined } = await call(`/payments/${body.id}`);
    assert.deepEqual(
      [declined.status, declined.cancellation_details],
      ['canceled', { party, reason }],
    );
    assert.equal((declined.payment_method as Json).saved, false);
  }
  assert.deepEqual(await ledger(), []);
});

test('two stages: what waits is taken in part, given back, or ends by itself', async (context) => {
  const { call, control, ledger, pay, send } = await start(context);
  const reserve = async (key: string) => {
    const { body } = await pay(key, { capture: false });
    await checkout(body, { answer: 'approve' });
    return body.id as string;
  };
  const [first, second, third] = [await reserve('a'), await reserve('b'), await reserve('c')];
  const { body: waiting } = await call(`/payments/${first}`);
  assert.deepEqual([waiting.status, waiting.paid], ['waiting_for_capture', true]);
  assert.ok(typeof waiting.expires_at === 'string');
  assert.deepEqual(await ledger(), []);
  const amount = { value: '50.00', currency: 'RUB' };
  const more = { amount: { value: '199.01', currency: 'RUB' } };
  assert.equal((await send(`/payments/${first}/capture`, more, 'more')).status, 400);
  const { body: taken } = await send(`/payments/${first}/capture`, { amount }, 'take');
  assert.deepEqual([taken.status, taken.amount], ['succeeded', amount]);
  assert.equal((await send(`/payments/${first}/cancel`, {}, 'late')).status, 400);
  const { body: canceled } = await send(`/payments/${second}/cancel`, {}, 'void');
  assert.deepEqual(canceled.cancellation_details, {
    ...{ party: 'merchant', reason: 'canceled_by_merchant' },
  });
  await control('/clock', { advance_ms: 7 * 24 * hourMs });
  const { body: expired } = await call(`/payments/${third}`);
  assert.deepEqual(expired.cancellation_details, {
    ...{ party: 'yoo_kassa', reason: 'expired_on_capture' },
  });
  assert.deepEqual(await ledger(), ['debit 5000']);
});

test('a page that nobody pays on ends after an hour', async (context) => {
  const { call, control, pay } = await start(context);
  const { body } = await pay('pay_1');
  await control('/clock', { advance_ms: hourMs });
  const { body: expired } = await call(`/payments/${body.id}`);
  assert.equal((expired.cancellation_details as Json).reason, 'expired_on_confirmation');
  await checkout({ confirmation: body.confirmation }, { answer: 'approve' });
  assert.equal((await call(`/payments/${body.id}`)).body.status, 'canceled');
});

test('a card that was left is charged without its holder, until he takes the permission back', async (context) => {
  const { control, ledger, pay, saved } = await start(context);
  const method = await saved();
  const renew = (key: string) =>
    pay(key, { confirmation: undefined, payment_method_id: method }).then(({ body }) => body);
  const renewal = await renew('pay_1');
  assert.equal(renewal.status, 'succeeded');
  assert.equal((renewal.payment_method as Json).id, method);
  await control('/faults', { name: 'decline', method, code: 'card_expired', times: 1 });
  assert.deepEqual((await renew('pay_2')).cancellation_details, {
    ...{ party: 'payment_network', reason: 'card_expired' },
  });
  await control(`/methods/${method}/revoke`);
  assert.deepEqual((await renew('pay_3')).cancellation_details, {
    ...{ party: 'yoo_kassa', reason: 'permission_revoked' },
  });
  assert.deepEqual(await ledger(), ['debit 19900', 'debit 19900']);
  const unknown = await pay('pay_4', { confirmation: undefined, payment_method_id: 'none' });
  assert.deepEqual([unknown.status, unknown.body.parameter], [400, 'payment_method_id']);
});

test('its holder may leave the card on the page himself', async (context) => {
  const { call, pay } = await start(context);
  const { body } = await pay('pay_1');
  await checkout(body, { answer: 'approve', save: 'true' });
  const { body: paid } = await call(`/payments/${body.id}`);
  assert.equal((paid.payment_method as Json).saved, true);
});

test('a charge may stay pending and be decided later', async (context) => {
  const { call, control, ledger, pay, saved } = await start(context);
  const method = await saved();
  await control('/faults', { name: 'pending', times: 1, delay_ms: 60_000 });
  const { body } = await pay('pay_1', { confirmation: undefined, payment_method_id: method });
  assert.equal(body.status, 'pending');
  assert.deepEqual(await ledger(), ['debit 19900']);
  await control('/clock', { advance_ms: 60_000 });
  assert.equal((await call(`/payments/${body.id}`)).body.status, 'succeeded');
  assert.deepEqual(await ledger(), ['debit 19900', 'debit 19900']);
});

test('refunds, in parts, never beyond what was paid; declined and pending ones', async (context) => {
  const { call, control, ledger, saved, send } = await start(context);
  await saved();
  const { body: list } = await call('/payments');
  const [payment] = list.items as Json[];
  const refund = (value: string) =>
    send(
      '/refunds',
      { payment_id: payment?.id, amount: { value, currency: 'RUB' }, metadata: { payment: value } },
      `refund ${value}`,
    );
  const { body: part } = await refund('49.00');
  assert.deepEqual([part.status, part.payment_id], ['succeeded', payment?.id]);
  const tooMuch = await refund('150.01');
  assert.deepEqual([tooMuch.status, tooMuch.body.parameter], [400, 'amount.value']);
  await control('/faults', {
    name: 'decline',
    operation: 'refund',
    code: 'insufficient_funds',
    times: 1,
  });
  const { body: declined } = await refund('10.00');
  assert.equal(declined.status, 'canceled');
  await control('/faults', { name: 'pending', operation: 'refund', delay_ms: 1_000, times: 1 });
  const { body: pending } = await refund('150.00');
  assert.equal(pending.status, 'pending');
  assert.equal((await refund('1.00')).status, 400);
  await control('/clock', { advance_ms: 1_000 });
  assert.equal((await call(`/refunds/${pending.id}`)).body.status, 'succeeded');
  assert.deepEqual(await ledger(), ['debit 19900', 'credit 4900', 'credit 15000']);
  const { body: refunds } = await call(`/refunds?payment_id=${payment?.id}&status=succeeded`);
  assert.equal((refunds.items as Json[]).length, 2);
  const { body: given } = await call(`/payments/${payment?.id}`);
  assert.deepEqual(
    [given.refundable, given.refunded_amount],
    [false, { value: '199.00', currency: 'RUB' }],
  );
});

test('lists go from the youngest in pages, narrowed by time and status', async (context) => {
  const { call, control, pay } = await start(context);
  const ids: unknown[] = [];
  for (let n = 0; n < 5; n += 1) {
    ids.push((await pay(`pay_${n}`)).body.id);
    await control('/clock', { advance_ms: 1_000 });
  }
  const all: unknown[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await call(`/payments?limit=2${cursor}`);
    all.push(...(body.items as Json[]).map(({ id }) => id));
    if (body.next_cursor === undefined) break;
    cursor = `&cursor=${body.next_cursor}`;
  }
  assert.deepEqual(all, ids.toReversed());
  const { body: third } = await call(`/payments/${ids[2]}`);
  const since = encodeURIComponent(third.created_at as string);
  const { body: later } = await call(`/payments?created_at.gt=${since}&status=pending`);
  assert.equal((later.items as Json[]).length, 2);
  assert.equal((await call('/payments?limit=101')).status, 400);
  assert.equal((await call('/payments?colour=red')).status, 400);
});

test('what is wrong is said by name', async (context) => {
  const { call, pay, send, url } = await start(context);
  const parameterOf = async (more: Json) => {
    const { body, status } = await pay(JSON.stringify(more).slice(0, 60), more);
    assert.deepEqual([status, body.type, body.code], [400, 'error', 'invalid_request']);
    return body.parameter;
  };
  const RUB = { currency: 'RUB' };
  assert.equal(await parameterOf({ amount: { value: 199, ...RUB } }), 'amount.value');
  assert.equal(await parameterOf({ amount: { value: '1.999', ...RUB } }), 'amount.value');
  assert.equal(await parameterOf({ amount: { value: '0.00', ...RUB } }), 'amount.value');
  assert.equal(await parameterOf({ amount: { value: '1', currency: 'rub' } }), 'amount.currency');
  assert.equal(await parameterOf({ confirmation: undefined }), 'confirmation');
  assert.equal(await parameterOf({ capture: 'yes' }), 'capture');
  assert.equal(await parameterOf({ metadata: { a: 1 } }), 'metadata');
  assert.equal((await call('/payments/none')).body.code, 'not_found');
  const wrong = await call('/payments', { headers: { authorization: 'Basic eDp5' } });
  assert.deepEqual([wrong.status, wrong.body.code], [401, 'invalid_credentials']);
  assert.equal((await send('/payments', {}, '')).body.parameter, 'Idempotence-Key');
  assert.equal((await send('/payments', {}, 'k'.repeat(65))).body.parameter, 'Idempotence-Key');
  assert.equal((await fetch(`${url}/checkout/none`)).status, 404);
});
