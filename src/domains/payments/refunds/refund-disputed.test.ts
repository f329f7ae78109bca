import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dispute } from '#payments/card-gateway';
import { applyNews } from '#payments/news';
import { CLOUD_PAYMENTS, openCloudPaymentsHouse, PATIENT } from '#payments/stage';
import { createNewsContext } from '#payments/workers';
import * as simulators from '#simulators/cloudpayments';
import { eventually } from '#testing';

const house = await openCloudPaymentsHouse(simulators, { copies: 2 });
const { becomes, clock, database, outside, pay, payments, quiet, refund } = house;
const context = createNewsContext(house);
let disputes = 0;

async function paid(): Promise<string> {
  const payment = await house.present();
  await pay(payment);
  await becomes(payment, 'accepted');
  await quiet();
  return payment;
}

/** What its payer's bank says, of one dispute. */
async function disputeOf(payment: string, amountMinor = 19_900n) {
  disputes += 1;
  const about = { id: `du_${disputes}`, transaction: await house.transactionOf(payment) };
  return (kind: Dispute['kind']) => {
    const dispute = { ...about, kind, amountMinor, currency: 'RUB', at: clock.now() };
    return applyNews(context, { gateway: CLOUD_PAYMENTS, news: { news: 'dispute', dispute } });
  };
}

const refundedOf = async (payment: string) =>
  (await payments.report(database.pool, payment)).refundedMinor;
const givenBack = (payment: string, amount: number) =>
  eventually(async () => {
    const { refunds } = await payments.report(database.pool, payment);
    assert.ok(refunds.every(({ state }) => state === 'accepted'));
    assert.equal((await outside.book(payment)).refunded, amount);
  }, PATIENT);

test('while a bank decides nothing is given back beside it; what it leaves may be', async () => {
  const payment = await paid();
  const says = await disputeOf(payment);
  await says('opened');
  await assert.rejects(refund(payment), { code: 'payment_disputed', kind: 'precondition' });
  await assert.rejects(refund(payment, 100n), { code: 'payment_disputed' });
  assert.equal(await refundedOf(payment), 0n);
  await says('won');
  await refund(payment);
  await givenBack(payment, 19_900);
  assert.deepEqual(await house.judge(), []);
});

test('what a bank has taken is not given back again; the part that it did not ask for may be', async () => {
  const [whole, part] = [await paid(), await paid()];
  const [takes, takesPart] = [await disputeOf(whole), await disputeOf(part, 5000n)];
  for (const says of [takes, takesPart]) {
    await says('opened');
    await says('lost');
  }
  await assert.rejects(refund(whole), { code: 'refund_exceeds_charge' });
  await refund(part);
  await givenBack(part, 14_900);
  assert.equal(await refundedOf(part), 19_900n);
  assert.deepEqual(await house.judge(), []);
});

test('asked for at the very moment of its dispute, it is given back once at most, by us or by the bank', async () => {
  for (let round = 0; round < 5; round += 1) {
    const payment = await paid();
    const says = await disputeOf(payment);
    const [asked] = await Promise.allSettled([refund(payment), says('opened')]);
    if (asked?.status === 'rejected') {
      assert.equal(asked.reason.code, 'payment_disputed');
      await says('won');
      continue;
    }
    // It was ours first: the bank finds nothing left to take.
    await givenBack(payment, 19_900);
    await says('won');
    assert.equal(await refundedOf(payment), 19_900n);
  }
  assert.equal((await house.balances()).disputed, 0n);
  assert.deepEqual(await house.judge(), []);
});
