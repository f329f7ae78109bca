import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startYooKassaSimulator } from '#simulators/yookassa';
import { eventually } from '#testing';
import { openCardHouse, PATIENT } from './card-fixture.ts';
import { yooKassaOutside } from './psp-outside.ts';

// A gateway that signs nothing: an address can be all that speaks for a notification.
const house = await openCardHouse(yooKassaOutside({ start: startYooKassaSimulator }));
const { outside, site, stateOf, transactionOf } = house;

async function tell(event: string, object: object): Promise<void> {
  const body = JSON.stringify({ type: 'notification', event, object });
  const answer = await fetch(site, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body },
  });
  assert.equal(answer.status, 200);
}

const quiet = () => eventually(async () => assert.equal(await house.waiting(), 0), PATIENT);

async function paid(): Promise<string> {
  const payment = await house.present();
  await outside.pay(await house.lead(payment));
  await eventually(async () => assert.equal(await stateOf(payment), 'accepted'), PATIENT);
  await quiet();
  return payment;
}

const amount = { value: '199.00', currency: 'RUB' };

test('what another has paid pays for nobody else, and stops nobody, whatever a hint says', async () => {
  const other = await paid();
  const victim = await house.present();
  const paying = await house.lead(victim);
  const id = await transactionOf(other);
  for (const status of ['succeeded', 'canceled', 'waiting_for_capture'])
    await tell(`payment.${status}_again`, {
      ...{ id, status, amount, paid: true, metadata: { payment: victim, account: paying.account } },
      cancellation_details: { reason: 'insufficient_funds' },
    });
  await quiet();
  assert.equal(await stateOf(victim), 'presented');
  await outside.pay(paying);
  await eventually(async () => assert.equal(await stateOf(victim), 'accepted'), PATIENT);
  assert.deepEqual(await outside.book(victim), { debits: 1, debited: 19_900, refunded: 0 });
  assert.deepEqual(await house.judge(), []);
});

test('a lie that comes first does not silence the truth', async () => {
  const [other, payment] = [await house.present(), await house.present()];
  const paying = await house.lead(payment);
  assert.ok(paying.presentation?.kind === 'redirect' && paying.presentation.transaction);
  const id = paying.presentation.transaction;
  const metadata = { payment: other, account: paying.account };
  await tell('payment.succeeded', { id, status: 'succeeded', amount, metadata });
  await quiet();
  await outside.pay(paying);
  await eventually(async () => assert.equal(await stateOf(payment), 'accepted'), PATIENT);
  assert.equal(await stateOf(other), 'presented');
});

test('what was given back of one is given back of no other, whatever a hint says', async () => {
  const [given, kept] = [await paid(), await paid()];
  await house.refund(given, 5000n);
  const refundOf = async () => (await house.payments.report(house.database.pool, given)).refunds[0];
  await eventually(async () => assert.equal((await refundOf())?.state, 'accepted'), PATIENT);
  await quiet();
  const before = await house.balances();
  const { payment = '' } = (await refundOf()) ?? {};
  await tell('refund.succeeded', {
    ...{ id: await transactionOf(payment), status: 'succeeded' },
    ...{ payment_id: await transactionOf(kept), amount: { value: '50.00', currency: 'RUB' } },
  });
  await quiet();
  const { refundedMinor } = await house.payments.report(house.database.pool, kept);
  assert.equal(refundedMinor, 0n);
  assert.deepEqual(await house.balances(), before);
  assert.deepEqual(await house.judge(), []);
});

test('what nobody there knows settles nothing', async () => {
  const payment = await house.present();
  const { account } = await house.lead(payment);
  await tell('payment.succeeded', {
    ...{ id: '../refunds', status: 'succeeded', amount, metadata: { payment, account } },
  });
  await quiet();
  assert.equal(await stateOf(payment), 'presented');
});
