import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { createPaymentAttention } from '#payments/staff';
import { callJson, openCardHouse, PATIENT, RECEIPTS, yooKassaOutside } from '#payments/stage';
import { startYooKassaSimulator } from '#simulators/yookassa';
import { eventually } from '#testing';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const outside = yooKassaOutside({ start: startYooKassaSimulator }, RECEIPTS);
const house = await openCardHouse(outside, { copies: 2 });
const { clock, database, payments, stateOf } = house;
const { url } = house.outside;
const attention = createPaymentAttention(house);
const gateway = (settings: object) => callJson<void>('PUT', `${url}/settings`, settings);

async function paid(): Promise<string> {
  const payment = await house.present();
  await house.outside.pay(await house.lead(payment));
  await eventually(async () => {
    assert.equal(await stateOf(payment), 'accepted');
    assert.equal(await house.waiting(), 0);
  }, PATIENT);
  return payment;
}

const fiscalOf = async (payment: string) =>
  (await payments.report(database.pool, payment)).fiscal.map(({ kind }) => kind);

/** How often the receipt of a payment was asked about, and what came of it. */
async function questionOf(payment: string) {
  const transaction = await house.transactionOf(payment);
  const { rows } = await sql<{ asked: number; state: string }>`
    select asked, state from payments.fiscal_question where transaction = ${transaction}`.execute(
    database.pool,
  );
  return rows[0];
}

const becomes = (payment: string, asked: number) =>
  eventually(async () => assert.equal((await questionOf(payment))?.asked, asked), PATIENT);

const waiting = async (payment: string) => {
  const page = { after: null, kind: 'fiscal_receipt', limit: 100 };
  const found = await attention.list(database.pool, page);
  return found.filter((one) => one.payment === payment);
};

test('what a till has registered is learnt, of what was paid and of what went back, each once', async () => {
  const all = [await paid(), await paid(), await paid()];
  const [first = ''] = all;
  await house.refund(first, 5000n);
  const refundsOf = async () => (await payments.report(database.pool, first)).refunds;
  await eventually(async () => assert.equal((await refundsOf())[0]?.state, 'accepted'), PATIENT);
  const before = await house.balances();
  clock.advanceMs(MINUTE_MS);
  await eventually(async () => {
    for (const payment of all) assert.deepEqual(await fiscalOf(payment), ['sale']);
    const [refund] = await refundsOf();
    assert.deepEqual(await fiscalOf(refund?.payment ?? ''), ['return']);
  }, PATIENT);
  const [sale] = (await payments.report(database.pool, first)).fiscal;
  assert.match(sale?.document ?? '', /^\d+$/);
  assert.equal(sale?.device, '9288000100115785');
  for (const payment of all) assert.equal(await questionOf(payment), undefined, 'it is over');
  assert.deepEqual(await house.balances(), before, 'a receipt moves no money');
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from payments.fiscal_receipt`.execute(database.pool);
  assert.equal(rows[0]?.count, 4n);
});

test('one that stays pending is asked about ever more rarely; after a day people are told, and no more once it is registered', async () => {
  await gateway({ receiptDelayMs: HOUR_MS });
  const payment = await paid();
  const steps = [MINUTE_MS, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS];
  for (const [index, step] of steps.entries()) {
    clock.advanceMs(step);
    await becomes(payment, index + 1);
  }
  assert.deepEqual(await waiting(payment), []);
  clock.advanceMs(DAY_MS);
  await becomes(payment, 6);
  const [told, ...more] = await waiting(payment);
  assert.deepEqual([told?.isClosable, told?.amountMinor, more], [true, 19_900n, []]);
  assert.match(told?.message ?? '', /not registered.*pending/);
  await callJson('POST', `${url}/clock`, { advance_ms: HOUR_MS });
  clock.advanceMs(DAY_MS);
  await eventually(async () => assert.deepEqual(await fiscalOf(payment), ['sale']), PATIENT);
  assert.deepEqual(await waiting(payment), []);
  assert.equal(await questionOf(payment), undefined);
});

test('one that the till could not register is told at once, asked about no more, and closed by a person', async () => {
  await gateway({ receiptDelayMs: 0, receiptEnd: 'canceled' });
  const payment = await paid();
  clock.advanceMs(MINUTE_MS);
  await eventually(async () => assert.equal((await waiting(payment)).length, 1), PATIENT);
  const [told] = await waiting(payment);
  assert.match(told?.message ?? '', /by hand: cancelled/);
  assert.equal((await questionOf(payment))?.state, 'cancelled');
  clock.advanceMs(DAY_MS);
  await database.transaction((tx) =>
    attention.close(tx, { place: told?.place ?? '', actor: 'ann', reason: 'printed by hand' }),
  );
  assert.deepEqual(await waiting(payment), []);
  assert.equal((await questionOf(payment))?.asked, 1);
});

test('one that nobody knows of is asked about for days, and then it is for people alone', async () => {
  await gateway({ receiptEnd: 'missing' });
  const payment = await paid();
  const [first, ...rest] = [MINUTE_MS, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS];
  for (const [index, step] of [first, ...rest, DAY_MS, DAY_MS, DAY_MS, DAY_MS].entries()) {
    clock.advanceMs(step ?? 0);
    await becomes(payment, index + 1);
  }
  assert.equal((await questionOf(payment))?.state, 'unanswered');
  assert.match((await waiting(payment))[0]?.message ?? '', /missing/);
});

test('while its gateway does not answer nothing is counted, and it is learnt later', async () => {
  await gateway({ receiptEnd: 'succeeded' });
  const payment = await paid();
  await callJson('POST', `${url}/faults`, { name: 'error-before', operation: 'list', times: 1000 });
  clock.advanceMs(MINUTE_MS);
  const putOff = async () => {
    const { rows } = await sql<{ later: boolean }>`
      select due_at > ${clock.now()} as later from payments.fiscal_question
      where transaction = ${await house.transactionOf(payment)}`.execute(database.pool);
    return rows[0]?.later;
  };
  await eventually(async () => assert.equal(await putOff(), true), PATIENT);
  assert.equal((await questionOf(payment))?.asked, 0);
  await callJson('DELETE', `${url}/faults`);
  clock.advanceMs(MINUTE_MS);
  await eventually(async () => assert.deepEqual(await fiscalOf(payment), ['sale']), PATIENT);
});
