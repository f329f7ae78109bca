import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePaymentId } from '#payments/payment';
import { createPaymentAttention } from '#payments/staff';
import { eventually } from '#testing';
import { openCardHouse, PATIENT } from './card-fixture.ts';
import type { CardOutside } from './card-outside.ts';

type House = Awaited<ReturnType<typeof openCardHouse>>;

const becomes = (house: House, payment: string, state: string) =>
  eventually(async () => assert.equal(await house.stateOf(payment), state), PATIENT);

/** Paid on its page, with a card that is kept. */
async function paid(house: House, changes: Parameters<House['present']>[0] = {}): Promise<string> {
  const payment = await house.present(changes);
  await house.outside.pay(await house.lead(payment));
  const state = changes.offer?.twoStage ? 'authorized' : 'accepted';
  await becomes(house, payment, state);
  return payment;
}

async function assertRefunds(house: House, payment: string, amounts: readonly bigint[]) {
  await eventually(async () => {
    const { refunds } = await house.payments.report(house.database.pool, payment);
    assert.deepEqual(
      refunds.map(({ amountMinor, state }) => `${state} ${amountMinor}`).toSorted(),
      amounts.map((one) => `accepted ${one}`).toSorted(),
    );
    const total = Number(amounts.reduce((sum, one) => sum + one, 0n));
    assert.equal((await house.outside.book(payment)).refunded, total);
    assert.equal(await house.waiting(), 0);
  }, PATIENT);
}

/** What must hold whatever gateway takes the money: two copies of each worker, and everything is told twice. */
export function describeCardHouse(outside: CardOutside): void {
  describe(`payments through ${outside.name}`, async () => {
    const house = await openCardHouse(outside, { copies: 2 });
    const { book, duplicate, loseAnswer } = house.outside;
    await duplicate(1);

    test('a page is paid once, and its card is charged again', async () => {
      const payment = await paid(house);
      assert.deepEqual(await house.eventsOf(payment), ['presented', 'accepted']);
      assert.equal((await book(payment)).debits, 1);
      const { customerId } = parsePaymentId(payment);
      const renewal = await house.renew(customerId, 'renewal/1');
      await becomes(house, renewal, 'accepted');
      assert.equal((await book(renewal)).debits, 1);
      assert.deepEqual(await house.judge(), []);
    });

    test('what failed on a page is paid by another try', async () => {
      const payment = await house.present();
      const paying = await house.lead(payment);
      await house.outside.fail(paying);
      if (outside.name !== 'yookassa') {
        await house.outside.pay(paying);
        await becomes(house, payment, 'accepted');
      } else assert.equal(await house.stateOf(payment), 'presented');
    });

    test('a charge whose answer is lost is charged once', async () => {
      const { customerId } = parsePaymentId(await paid(house));
      await loseAnswer('charge');
      const renewal = await house.renew(customerId, 'renewal/1');
      await becomes(house, renewal, 'accepted');
      assert.equal((await book(renewal)).debits, 1);
    });
    describeRefunds(house);
    describeReservations(house);
    describeDisputes(house);
  });
}

function describeRefunds(house: House): void {
  const { loseAnswer } = house.outside;
  test('a refund goes back once, also where its answer is lost', async () => {
    const payment = await paid(house);
    await house.refund(payment, 5000n);
    await assertRefunds(house, payment, [5000n]);
    await loseAnswer('refund');
    await house.refund(payment, 4000n);
    await assertRefunds(house, payment, [5000n, 4000n]);
  });

  test('asked twice at once, one refund is begun', async () => {
    const payment = await paid(house);
    const asked = await Promise.allSettled([house.refund(payment), house.refund(payment)]);
    const refused = asked.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 1);
    await assertRefunds(house, payment, [19_900n]);
  });

  for (const amount of [5000n, 3000n])
    test(`${amount} given back at the gateway itself while 5000 of ours are under way are both written down`, async () => {
      const payment = await paid(house);
      const transaction = await house.transactionOf(payment);
      await Promise.all([
        house.refund(payment, 5000n),
        house.outside.refundAside(transaction, amount),
      ]);
      await assertRefunds(house, payment, [5000n, amount]);
      assert.deepEqual(await house.judge(), []);
    });
}

/** By its gateway, before what it keeps: its fee may be told only later. */
function owedBy({ fees = 0n, receivable = 0n }: Awaited<ReturnType<House['balances']>>): bigint {
  return receivable + fees;
}

/** Of gateways that tell of disputes by themselves. */
function describeDisputes(house: House): void {
  const { card, dispute } = house.outside;
  if (card.capabilities.disputes !== 'pushed' || !dispute) return;

  test('what a payer’s bank takes back lies apart while it is disputed, and is given back of all shares when it is lost', async () => {
    const payment = await paid(house);
    await eventually(async () => assert.equal(await house.waiting(), 0), PATIENT);
    const before = await house.balances();
    await dispute(await house.transactionOf(payment));
    await eventually(async () => {
      const { refundedMinor } = await house.payments.report(house.database.pool, payment);
      assert.equal(refundedMinor, 19_900n);
      const after = await house.balances();
      assert.equal((after.revenue ?? 0n) - (before.revenue ?? 0n), -19_900n);
      assert.equal(owedBy(after) - owedBy(before), -19_900n);
      assert.equal(after.disputed, 0n);
      assert.equal(await house.waiting(), 0);
    }, PATIENT);
    const told = (await house.eventsOf(payment)).filter((event) => event === 'disputed');
    assert.equal(told.length, 2, 'opened, and lost');
    assert.deepEqual((await house.disputesOf(payment)).toSorted(), ['lost', 'opened']);
    assert.deepEqual(await house.judge(), []);
  });

  test('a warning of a fraud is kept for people, told twice once, and moves nothing', async () => {
    const { warn } = house.outside;
    assert.ok(warn, 'it tells of them too');
    const payment = await paid(house);
    await eventually(async () => assert.equal(await house.waiting(), 0), PATIENT);
    const before = await house.balances();
    await warn(await house.transactionOf(payment));
    const attention = createPaymentAttention(house);
    const page = { after: null, kind: 'fraud_warning', limit: 10 };
    await eventually(async () => {
      const found = await attention.list(house.database.pool, page);
      assert.deepEqual(
        found.map((one) => one.payment),
        [payment],
      );
      assert.equal(await house.waiting(), 0);
    }, PATIENT);
    assert.deepEqual(await house.balances(), before);
  });
}

function describeReservations(house: House): void {
  const { book, loseAnswer } = house.outside;
  test('of what is reserved a part is taken, or all of it is let go', async () => {
    const offer = { description: 'A year', twoStage: true };
    const [taken, left] = [await paid(house, { offer }), await paid(house, { offer })];
    const { cards } = house.payments;
    await loseAnswer('confirm');
    await house.database.transaction(async (tx) => {
      await cards.confirm(tx, { payment: taken, amountMinor: 12_000n, reason: 'delivered' });
      await cards.voidReservation(tx, { payment: left, reason: 'sold out' });
    });
    await becomes(house, taken, 'accepted');
    await becomes(house, left, 'withdrawn');
    const { debited, debits } = await book(taken);
    assert.deepEqual([debits, debited], [1, 12_000]);
    assert.equal((await book(left)).debits, 0);
    const { amountMinor } = await house.payments.report(house.database.pool, taken);
    assert.equal(amountMinor, 12_000n);
    assert.deepEqual(await house.judge(), []);
  });
}
