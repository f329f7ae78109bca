import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from '#database';
import { parsePaymentId } from '#payments/payment';
import { NOW, openPaymentsHouse } from '#payments/stage';
import { askAgainLater, claimInquiries, claimPayments } from '#payments/store';
import { paymentRequests, paymentResponses } from '#payments/topics';

const house = await openPaymentsHouse();
const { begun, charged, database, ended, refund, stateOf } = house;
const ACCEPTED = { outcome: 'accepted' } as const;
const DECLINED = { outcome: 'declined', reason: 'operator_error' } as const;
const UNKNOWN = { outcome: 'unknown', reason: 'timeout' } as const;

/** All accounts that hold something, by type and owner. */
async function balances(): Promise<Readonly<Record<string, bigint>>> {
  const { rows } = await sql<{ name: string; posted: bigint }>`
    select a.type || ' ' || a.client_id as name, b.posted from ledger.account a
    join ledger.balance b on b.account_id = a.id where b.posted <> 0 order by 1`.execute(
    database.pool,
  );
  return Object.fromEntries(rows.map(({ name, posted }) => [name.trim(), posted]));
}

async function requestsOf(payment: string) {
  const requests = await house.published(paymentRequests('mobilink'), 'telco');
  return requests.filter((one) => one.payment === payment);
}

/** STOP, as subscriptions say it. */
async function stop(payment: string): Promise<void> {
  const { customerId } = parsePaymentId(payment);
  const { reference } = await database.transaction((tx) => house.payments.report(tx, payment));
  await database.transaction((tx) =>
    house.payments.withdraw(tx, {
      ...{ customerId, gateway: 'mobilink', references: [reference], reason: 'stop_by_sms' },
    }),
  );
}

test('a refund is promised on its charge, sent on its way, and posted when it was accepted', async () => {
  const before = await balances();
  const charge = await charged(501n);
  const id = await refund(charge);
  assert.equal((await stateOf(charge))?.refunded_minor, 501n);
  assert.deepEqual(
    (await requestsOf(id)).map(({ kind }) => kind),
    ['refund'],
  );
  assert.notDeepEqual(await balances(), before);
  await ended(id, ACCEPTED);
  assert.deepEqual(await balances(), before);
  assert.deepEqual(await house.eventsOf(charge), ['accepted', 'refund_requested', 'refunded']);
  const responses = await house.published(paymentResponses('mobilink'));
  assert.ok(
    responses.every(({ payment }) => payment !== id),
    'it answers no bill',
  );
  const report = await house.payments.report(database.pool, id);
  assert.deepEqual(
    [report.refundOf, report.refundReason, report.amountMinor],
    [charge, 'it was a mistake', 501n],
  );
});

test('what stands against a refund is told', async () => {
  const charge = await charged(500n);
  await assert.rejects(refund('pay_1x1'), { code: 'payment_unknown', kind: 'not_found' });
  await assert.rejects(refund('sub_1x1'), { code: 'id_malformed' });
  await assert.rejects(refund(await house.asked()), { code: 'payment_not_accepted' });
  for (const amountMinor of [501n, 0n, -1n]) {
    await assert.rejects(refund(charge, amountMinor), {
      ...{
        code: 'refund_exceeds_charge',
        faults: [{ field: 'amount_minor', message: 'must be 1 to 500' }],
      },
    });
  }
  await house.change({ refunds: false });
  await assert.rejects(refund(charge), { code: 'refund_not_possible' });
  await house.change({});
  const id = await refund(charge, 400n);
  await assert.rejects(refund(id), { code: 'payment_is_refund' });
  await assert.rejects(refund(charge, 100n), { code: 'refund_open', kind: 'conflict' });
  await ended(id, ACCEPTED);
  await assert.rejects(refund(charge, 101n), { code: 'refund_exceeds_charge' });
  await ended(await refund(charge), ACCEPTED);
  await assert.rejects(refund(charge), {
    code: 'refund_exceeds_charge',
    message: /nothing is left/,
  });
  assert.deepEqual((await house.refundsOf(charge)).length, 2);
});

test('of two that want the money back at once one gets it', async () => {
  const charge = await charged(500n);
  const asked = await Promise.allSettled(Array.from({ length: 8 }, () => refund(charge, 300n)));
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const one of asked) {
    if (one.status === 'rejected') assert.equal(one.reason.code, 'refund_open');
  }
  assert.equal((await stateOf(charge))?.refunded_minor, 300n);
  assert.equal(house.database.deadlocks.count, 0);
});

test('what was promised to a refund that came to nothing can be asked back again', async () => {
  const before = await balances();
  const charge = await charged(500n);
  await ended(await refund(charge), DECLINED);
  assert.equal((await stateOf(charge))?.refunded_minor, 0n);
  const late = await refund(charge);
  house.clock.advanceMs(31 * 86_400_000);
  await database.transaction(async (tx) => {
    const { customerId, id } = parsePaymentId(late);
    const keys = { customers: [customerId], ids: [id] };
    const owner = '019a0000-0000-7000-8000-000000000001';
    const rows = await claimPayments(tx, { keys, owner, leaseMs: 1000, now: house.clock.now() });
    await house.recorder.publishEnds(tx, rows, []);
  });
  house.clock.set(NOW);
  assert.equal((await stateOf(late))?.state, 'expired');
  assert.equal((await stateOf(charge))?.refunded_minor, 0n);
  await ended(await refund(charge), ACCEPTED);
  assert.deepEqual(await balances(), before);
  assert.deepEqual((await house.eventsOf(charge)).slice(1), [
    ...['refund_requested', 'refund_declined', 'refund_requested', 'refund_expired'],
    ...['refund_requested', 'refunded'],
  ]);
});

test('no list stops a refund, and no STOP withdraws it', async () => {
  const charge = await charged();
  const { msisdn } = await house.payments.report(database.pool, charge);
  await database.transaction((tx) =>
    house.operators.addToNumberList(tx, {
      ...{ list: 'blacklist', msisdns: [msisdn], reason: 'test', at: NOW },
    }),
  );
  const id = await refund(charge);
  await stop(charge);
  await stop(id);
  assert.equal((await stateOf(id))?.state, 'new');
  await ended(id, ACCEPTED);
  assert.equal((await stateOf(id))?.state, 'accepted');
});

test('what was taken after STOP is given back in the transaction that records it', async () => {
  const before = await balances();
  const charge = await house.asked();
  const row = await begun(charge);
  await stop(charge);
  await house.record(row, ACCEPTED);
  // An answer that is heard again asks for no second refund.
  await house.record(row, ACCEPTED);
  const [id = '', ...others] = await house.refundsOf(charge);
  assert.deepEqual(others, []);
  assert.equal((await house.payments.report(database.pool, id)).refundReason, 'after_stop');
  await ended(id, ACCEPTED);
  assert.deepEqual(await balances(), before);
  assert.deepEqual(await house.eventsOf(charge), ['accepted', 'refund_requested', 'refunded']);
});

test('what the operator did not take back after STOP is asked of it again, until it has', async () => {
  const before = await balances();
  const charge = await house.asked();
  const row = await begun(charge);
  await stop(charge);
  await house.record(row, ACCEPTED);
  for (const tries of [1, 2]) {
    const id = (await house.refundsOf(charge)).at(-1) ?? '';
    await ended(id, DECLINED);
    assert.equal((await house.refundsOf(charge)).length, tries + 1);
    assert.equal((await stateOf(charge))?.refunded_minor, 501n);
  }
  await ended((await house.refundsOf(charge)).at(-1) ?? '', ACCEPTED);
  assert.equal((await house.refundsOf(charge)).length, 3);
  assert.deepEqual(await balances(), before);
});

test('a refund that somebody asked for and that was declined is not begun anew', async () => {
  const charge = await charged(500n);
  await ended(await refund(charge), DECLINED);
  assert.equal((await house.refundsOf(charge)).length, 1);
});

test('where the gateway can not give back what was taken after STOP, people are told', async () => {
  await house.change({ refunds: false });
  const charge = await house.asked();
  const row = await begun(charge);
  await stop(charge);
  await house.record(row, ACCEPTED);
  await house.change({});
  assert.deepEqual(await house.eventsOf(charge), ['accepted', 'refund_impossible']);
  assert.deepEqual(await house.refundsOf(charge), []);
  assert.equal((await stateOf(charge))?.refunded_minor, 0n);
});

test('a charge that did not go through after STOP is not given back', async () => {
  const charge = await house.asked();
  const row = await begun(charge);
  await stop(charge);
  await house.record(row, DECLINED);
  assert.deepEqual(await house.refundsOf(charge), []);
});

test('an answer that two have heard is posted once', async () => {
  const before = await balances();
  const charge = await charged(500n);
  const first = await begun(await refund(charge, 200n));
  await Promise.all([house.record(first, ACCEPTED), house.record(first, ACCEPTED)]);
  await ended(await refund(charge, 300n), ACCEPTED);
  // Long after, when all has been given back.
  await house.record(first, ACCEPTED);
  assert.deepEqual(await balances(), before);
});

test('a version that knows no refunds gets none into its hands', async () => {
  const id = await refund(await charged());
  const { customerId, id: key } = parsePaymentId(id);
  const where = sql`customer_id = ${customerId} and id = ${key}`;
  // As it takes them: it counts its attempts and questions, and nothing else.
  const send = sql`update payments.payment set state = 'sending', attempts = attempts + 1 where ${where} returning id`;
  const ask = sql`update payments.payment set inquiries = inquiries + 1 where ${where} returning id`;
  assert.deepEqual((await send.execute(database.pool)).rows, []);
  assert.equal((await stateOf(id))?.state, 'new');
  const row = await begun(id);
  await house.record(row, UNKNOWN);
  assert.deepEqual((await ask.execute(database.pool)).rows, []);
  const keys = { customers: [customerId], ids: [key] };
  await askAgainLater(database.pool, { keys, delayMs: -1000 });
  const asked = await claimInquiries(database.pool, {
    gateway: 'mobilink',
    leaseMs: 1000,
    most: 9,
  });
  assert.deepEqual(
    asked.map((one) => one.id),
    [key],
  );
  await house.record(row, ACCEPTED);
});

test('refunds in any parts, with any misfortune, leave of each part what is due, and in the end nothing', async () => {
  const part = fc.record({
    share: fc.integer({ min: 1, max: 100 }),
    fate: fc.constantFrom(ACCEPTED, ACCEPTED, DECLINED, UNKNOWN),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.bigInt({ min: 1n, max: 100_000n }),
      fc.array(part, { maxLength: 5 }),
      async (amountMinor, parts) => {
        const before = await balances();
        const charge = await charged(amountMinor);
        let left = amountMinor;
        for (const { fate, share } of parts) {
          if (left === 0n) break;
          const wanted = (left * BigInt(share) + 99n) / 100n;
          const row = await begun(await refund(charge, wanted));
          await house.record(row, fate);
          // What nobody knew turns out to have been given.
          if (fate === UNKNOWN) await house.record(row, ACCEPTED);
          if (fate !== DECLINED) left -= wanted;
          const owed = (await balances())['receivable mobilink'] ?? 0n;
          assert.equal((before['receivable mobilink'] ?? 0n) - owed, left);
          assert.equal((await stateOf(charge))?.refunded_minor, amountMinor - left);
        }
        if (left > 0n) await ended(await refund(charge), ACCEPTED);
        assert.deepEqual(await balances(), before);
      },
    ),
    { numRuns: 30 },
  );
});
