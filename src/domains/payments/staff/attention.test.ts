import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import type { Dispute } from '#payments/card-gateway';
import { applyNews } from '#payments/news';
import { parsePaymentId } from '#payments/payment';
import { CLOUD_PAYMENTS, GOOD, openCloudPaymentsHouse, PATIENT } from '#payments/stage';
import { createNewsContext } from '#payments/workers';
import * as simulators from '#simulators/cloudpayments';
import { eventually } from '#testing';
import { type AttentionPage, createPaymentAttention } from './attention.ts';

const house = await openCloudPaymentsHouse(simulators, { isGated: false });
const { becomes, charge, clock, database, outside, pay, present, quiet, settler, widgetOf } = house;
const context = createNewsContext(house);
const attention = createPaymentAttention({ clock });

const waiting = (kind: string) => attention.list(database.pool, { after: null, kind, limit: 100 });
const close = (place: string) =>
  database.transaction((tx) =>
    attention.close(tx, { place, actor: 'ann', reason: 'looked at it' }),
  );

async function accepted(): Promise<string> {
  const payment = await present();
  await pay(payment);
  await becomes(payment, 'accepted');
  await quiet();
  return payment;
}

const settle = (payment: string, outcome: 'accepted' | 'returned') =>
  database.transaction((tx) =>
    settler.settle(tx, {
      payment,
      outcome,
      actor: 'ann',
      reason: 'looked it up',
      transaction: undefined,
    }),
  );

test('a conflict waits until people have said what it is', async () => {
  const [right, wrong] = [await present(), await present()];
  await pay(right, { AccountId: 'cus_zzz' });
  await pay(wrong, { Amount: 1 });
  await becomes(right, 'conflicted');
  await becomes(wrong, 'conflicted');
  await quiet();
  const found = await waiting('conflict');
  assert.deepEqual(
    found.map(({ amountMinor, payment }) => [payment, amountMinor]).toSorted(),
    [
      [right, 19_900n],
      [wrong, 100n],
    ].toSorted(),
  );
  assert.equal(found[0]?.actions[0]?.url, `/v1/payments/${found[0]?.payment}/settle`);
  await settle(right, 'accepted');
  await settle(wrong, 'returned');
  await eventually(async () => assert.deepEqual(await waiting('conflict'), []), PATIENT);
});

test('a conflict that went back at the gateway waits for nobody', async () => {
  const payment = await accepted();
  const { Model } = await pay(payment, { Amount: 50 });
  await eventually(async () => assert.equal((await waiting('conflict')).length, 1), PATIENT);
  await outside.refundAside(String(Model?.TransactionId), 5000n);
  await eventually(async () => assert.deepEqual(await waiting('conflict'), []), PATIENT);
});

test('an unknown payment waits from the moment when nobody is asked any more, and has to be settled', async () => {
  const payment = await present();
  const { id } = parsePaymentId(payment);
  await sql`update payments.payment set state = 'unknown', next_inquiry_at = clock_timestamp() + interval '1 day',
    sent_at = created_at where id = ${id}`.execute(database.pool);
  assert.deepEqual(await waiting('unknown'), []);
  await sql`update payments.payment set next_inquiry_at = null where id = ${id}`.execute(
    database.pool,
  );
  const [one] = await waiting('unknown');
  assert.ok(one);
  assert.deepEqual([one.subject, one.amountMinor, one.isClosable], [payment, 19_900n, false]);
  await assert.rejects(close(one.place), { code: 'attention_not_closable' });
  await settle(payment, 'accepted').catch(() => {});
  await sql`update payments.payment set state = 'expired', closed_at = created_at where id = ${id}`.execute(
    database.pool,
  );
  assert.deepEqual(await waiting('unknown'), []);
});

test('what was paid beyond waits only where it does not go back by itself', async () => {
  const payment = await present();
  await Promise.all([pay(payment), pay(payment)]);
  await becomes(payment, 'accepted');
  await eventually(async () => {
    assert.equal((await house.balances()).suspense, 0n);
    assert.equal((await outside.book(payment)).refunded, 19_900);
    assert.deepEqual(await waiting('surplus'), []);
  }, PATIENT);
  const { customerId } = parsePaymentId(payment);
  await sql`update payments.payment set refunded_minor = 0
    where customer_id = ${customerId} and reference like 'surplus of %' and kind = 'charge'`.execute(
    database.pool,
  );
  const [one, ...more] = await waiting('surplus');
  assert.deepEqual([one?.amountMinor, more], [19_900n, []]);
  assert.match(one?.actions[0]?.url ?? '', /\/refund$/);
  await close(one?.place ?? '');
  assert.deepEqual(await waiting('surplus'), []);
});

async function disputed(payment: string, kind: Dispute['kind'], id: string) {
  const dispute = {
    ...{ id, kind, transaction: await house.transactionOf(payment), amountMinor: 19_900n },
    ...{ currency: 'RUB', at: clock.now(), reason: 'fraudulent' },
  };
  return applyNews(context, { gateway: CLOUD_PAYMENTS, news: { news: 'dispute', dispute } });
}

test('a dispute waits until the banks have decided', async () => {
  const payment = await accepted();
  await disputed(payment, 'opened', 'du_1');
  const [one] = await waiting('dispute');
  assert.deepEqual([one?.subject, one?.payment, one?.actions], ['du_1', payment, []]);
  await disputed(payment, 'won', 'du_1');
  assert.deepEqual(await waiting('dispute'), []);
});

test('a warning of a fraud is told once and moves nothing; it waits until its money went back, or is disputed', async () => {
  const [first, second, third] = [await accepted(), await accepted(), await accepted()];
  const before = await house.balances();
  const warn = async (payment: string, id: string) => {
    const transaction = await house.transactionOf(payment);
    const warning = { id, transaction, at: clock.now(), reason: 'made_with_stolen_card' };
    return applyNews(context, { gateway: CLOUD_PAYMENTS, news: { news: 'warning', warning } });
  };
  assert.deepEqual([await warn(first, 'fw_1'), await warn(first, 'fw_1')], ['warned', 'again']);
  await warn(second, 'fw_2');
  await warn(third, 'fw_3');
  const strange = { id: 'fw_4', transaction: 'nobody', at: clock.now() };
  const applied = await applyNews(context, {
    ...{ gateway: CLOUD_PAYMENTS, news: { news: 'warning', warning: strange } },
  });
  assert.equal(applied, 'unknown_order');
  assert.deepEqual(await house.balances(), before);
  assert.deepEqual(
    (await waiting('fraud_warning')).map(({ subject }) => subject),
    ['fw_1', 'fw_2', 'fw_3'],
  );
  await house.refund(first);
  await eventually(async () => assert.equal((await waiting('fraud_warning')).length, 2), PATIENT);
  await disputed(second, 'opened', 'du_2');
  const [left, ...more] = await waiting('fraud_warning');
  assert.deepEqual([left?.subject, more], ['fw_3', []]);
  await close(left?.place ?? '');
  assert.deepEqual(await waiting('fraud_warning'), []);
  const { rows } = await sql<{ actor: string; reason: string }>`
    select actor, reason from payments.attention_closing where place = ${left?.place ?? ''}`.execute(
    database.pool,
  );
  assert.deepEqual(rows, [{ actor: 'ann', reason: 'looked at it' }]);
});

test('pages of one go on where the page before ended, also where many began at one moment', async () => {
  const transaction = await house.transactionOf(await accepted());
  const at = new Date('2026-11-20T07:30:00Z');
  for (const id of ['b', 'a', 'ä', 'c'])
    await applyNews(context, {
      ...{ gateway: CLOUD_PAYMENTS, news: { news: 'warning', warning: { id, transaction, at } } },
    });
  const all = (await attention.list(database.pool, { after: null, kind: null, limit: 100 })).map(
    ({ place }) => place,
  );
  assert.ok(all.length >= 4);
  const seen: string[] = [];
  for (let after: AttentionPage['after'] = null; ; ) {
    const [one] = await attention.list(database.pool, { after, kind: null, limit: 1 });
    if (!one) break;
    seen.push(one.place);
    after = one;
  }
  assert.deepEqual(seen, all);
});

test('a difference is closed where differences are kept', async () => {
  await charge(GOOD, { ...widgetOf(await present()), InvoiceId: 'shop-17' });
  const now = Date.now();
  const span = { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) };
  await house.reconciler.reconcile(CLOUD_PAYMENTS, span);
  const found = (await waiting('difference')).filter(({ message }) =>
    message.startsWith('unknown_here'),
  );
  assert.equal(found.length, 1);
  await close(found[0]?.place ?? '');
  const { rows } = await sql<{ closed_by: string }>`
    select closed_by from payments.difference where closed_at is not null`.execute(database.pool);
  assert.deepEqual(rows, [{ closed_by: 'ann' }]);
  await assert.rejects(close(found[0]?.place ?? ''), { code: 'attention_unknown' });
});

test('what is counted is what is listed', async () => {
  await pay(await present(), { Amount: 1 });
  await eventually(async () => assert.equal((await waiting('conflict')).length, 1), PATIENT);
  const counts = await attention.counts(database.pool);
  for (const { count, kind } of counts) assert.equal(count, (await waiting(kind)).length, kind);
  assert.ok(counts.some(({ kind }) => kind === 'conflict'));
});

test('an operator’s conflict stands until somebody closes it', async () => {
  const { id } = parsePaymentId(await present());
  await sql`update payments.payment set state = 'conflicted', method = 'phone', closed_at = created_at
    where id = ${id}`.execute(database.pool);
  const found = (await waiting('conflict')).filter(({ actions }) => actions.length === 0);
  assert.equal(found.length, 1);
  await close(found[0]?.place ?? '');
  assert.ok(!(await waiting('conflict')).some(({ place }) => place === found[0]?.place));
});
