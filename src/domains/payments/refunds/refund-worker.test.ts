import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import type { Operator } from '#operators';
import { createChargeWorker } from '#payments/charging';
import { NOW, openPaymentsHouse } from '#payments/stage';
import { startOperatorSimulator } from '#simulators/operator';
import { eventually, temporaryFolder } from '#testing';

// The worker in front of the operator's simulator, which removes no duplicates.

const house = await openPaymentsHouse();
const simulator = await startOperatorSimulator({
  ...{ port: 0, folder: await temporaryFolder(), moUrl: '' },
});
const worker = createChargeWorker(house);
await house.change({ baseUrl: simulator.url });
worker.start();
after(async () => {
  await worker.stop();
  await simulator.close();
});

function tell(path: string, body: object, method = 'POST') {
  return fetch(simulator.url + path, {
    ...{ method, body: JSON.stringify(body) },
    headers: { 'content-type': 'application/json' },
  });
}

async function setInquiry(inquiry: Operator['inquiry']): Promise<void> {
  await tell('/settings', { inquiry }, 'PUT');
  await house.change({ baseUrl: simulator.url, inquiry });
}

async function untilIs(payment: string, state: string): Promise<void> {
  await eventually(async () => assert.equal((await house.stateOf(payment))?.state, state), {
    timeoutMs: 15_000,
  });
}

/** A charge that went through, and its payer's number. */
async function charged() {
  const charge = await house.asked(500n);
  await untilIs(charge, 'accepted');
  const { msisdn } = await house.payments.report(house.database.pool, charge);
  return { charge, phone: msisdn.slice(1) };
}

async function creditsOf(phone: string) {
  const answer = await fetch(`${simulator.url}/credits?msisdn=${phone}`);
  const { credits } = (await answer.json()) as {
    credits: { amount_minor: number; external_data: string; transaction_id: string }[];
  };
  return credits;
}

test('a refund goes out, and the operator has given it back once, for that charge', async () => {
  const { charge, phone } = await charged();
  const id = await house.refund(charge, 200n);
  await untilIs(id, 'accepted');
  const credits = await creditsOf(phone);
  assert.deepEqual(
    credits.map((credit) => [credit.amount_minor, credit.external_data]),
    [[200, charge]],
  );
  const { rows } = await sql<{ owed: bigint }>`
    select -posted as owed from ledger.balance b join ledger.account a on a.id = b.account_id
    where a.type = 'receivable'`.execute(house.database.pool);
  assert.deepEqual(rows, [{ owed: 300n }]);
});

test('a number on a list is given back all the same', async () => {
  const { charge, phone } = await charged();
  await house.database.transaction((tx) =>
    house.operators.addToNumberList(tx, {
      ...{ list: 'postpaid', msisdns: [`+${phone}`], reason: 'test', at: NOW },
    }),
  );
  await untilIs(await house.refund(charge), 'accepted');
  assert.equal((await creditsOf(phone)).length, 1);
});

for (const inquiry of ['byOurId', 'repeatIsSafe'] as const) {
  for (const [name, arrived] of [
    ['lost-answer', true],
    ['lost-request', false],
  ] as const) {
    test(`a refund with ${name} is asked about by ${inquiry}, and given once`, async () => {
      await setInquiry(inquiry);
      const { charge, phone } = await charged();
      await tell('/scenarios', { name, msisdn: phone, times: 1, method: 'UpdateBalanceAndDate' });
      const id = await house.refund(charge);
      await untilIs(id, 'unknown');
      assert.equal((await creditsOf(phone)).length, arrived ? 1 : 0);
      // What the operator does not know goes out again after a while, by business time.
      await eventually(async () => {
        house.clock.advanceMs(1000);
        assert.equal((await house.stateOf(id))?.state, 'accepted');
      });
      assert.equal((await creditsOf(phone)).length, 1);
      assert.equal((await house.stateOf(charge))?.refunded_minor, 500n);
      const attempts = (await house.stateOf(id))?.attempts;
      assert.equal(attempts, !arrived && inquiry === 'byOurId' ? 2 : 1);
    });
  }
}

test('where nobody can be asked an unknown refund stays, and no other is begun', async () => {
  await setInquiry('none');
  const { charge, phone } = await charged();
  await tell('/scenarios', { name: 'lost-answer', msisdn: phone, method: 'UpdateBalanceAndDate' });
  const id = await house.refund(charge, 100n);
  await untilIs(id, 'unknown');
  await assert.rejects(house.refund(charge, 100n), { code: 'refund_open' });
  const { rows } = await sql`
    select from payments.payment where state = 'unknown' and next_inquiry_at is not null`.execute(
    house.database.pool,
  );
  assert.equal(rows.length, 0);
  await setInquiry('byOurId');
});

test('a refund that was asked for while it could, and can not any more, is declined', async () => {
  const { charge, phone } = await charged();
  await house.change({ baseUrl: 'http://127.0.0.1:1' });
  const id = await house.refund(charge);
  await house.change({ baseUrl: simulator.url, refunds: false });
  await eventually(async () => {
    house.clock.advanceMs(1000);
    assert.equal((await house.stateOf(id))?.state, 'declined');
  });
  assert.deepEqual(await creditsOf(phone), []);
  assert.equal((await house.stateOf(charge))?.refunded_minor, 0n);
});
