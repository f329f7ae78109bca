import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Fixture, startFixture } from './fixture.ts';

const number = '923001234501';
let fixture: Fixture;

before(async () => {
  fixture = await startFixture();
});
beforeEach(() => fixture.send('POST', '/reset'));
after(() => fixture.simulator.close());

describe('balance and debit', () => {
  test('a debit takes its amount once and stands in the book', async () => {
    const before = await fixture.balance(number, '77');
    assert.deepEqual(before.members, {
      originTransactionID: '77',
      responseCode: '0',
      serviceClassCurrent: '1',
      currency1: 'PKR',
      accountValue1: '10000',
    });
    const debit = await fixture.debit({ msisdn: `+${number}`, id: '1', externalData: 'bill-1' });
    assert.deepEqual(debit.members, {
      originTransactionID: '1',
      responseCode: '0',
      accountValue1: '9500',
    });
    const { debits, total } = await fixture.get(`/ledger?transaction_id=1`);
    const [row] = debits as Record<string, unknown>[];
    assert.equal(total, 1);
    assert.equal(row?.external_data, 'bill-1');
    assert.equal(row?.amount_minor, 500);
    assert.equal(row?.origin_time, '20261120T20:20:00+0500');
  });

  test('the same id twice is two debits: the operator removes no duplicates', async () => {
    await fixture.debit({ msisdn: number, id: '1' });
    await fixture.debit({ msisdn: number, id: '1' });
    assert.deepEqual(await fixture.debited(number), ['1', '1']);
    const summary = await fixture.get('/ledger?summary=1');
    assert.equal(summary.duplicates, 1);
    assert.deepEqual(summary.duplicate_transactions, [
      { transaction_id: '1', count: 2, sum_minor: 1000 },
    ]);
  });

  test('no money is 124 until the customer tops up', async () => {
    const poor = '923001234590';
    assert.equal((await fixture.debit({ msisdn: poor, id: '1' })).members.responseCode, '124');
    await fixture.send('POST', `/customers/${poor}/topup`, { amount_minor: 600 });
    assert.equal((await fixture.debit({ msisdn: poor, id: '2' })).members.accountValue1, '100');
    assert.deepEqual(await fixture.debited(poor), ['2']);
  });

  test('states by number: postpaid 11, unknown 102, blocked 104, error 100, nothing debited', async () => {
    for (const [ending, code] of [
      ['91', '11'],
      ['92', '102'],
      ['93', '104'],
      ['94', '100'],
    ] as const) {
      const msisdn = `9230012345${ending}`;
      const debit = await fixture.debit({ msisdn, id: ending });
      assert.equal(debit.members.responseCode, code);
      const balance = await fixture.balance(msisdn);
      assert.equal(balance.members.responseCode, ending === '94' ? '0' : code);
      assert.deepEqual(await fixture.debited(msisdn), []);
    }
  });

  test('another currency is refused', async () => {
    const answer = await fixture.debit({ msisdn: number, id: '1', currency: 'USD' });
    assert.equal(answer.members.responseCode, '100');
  });

  test('a missing or malformed member is a fault that names it', async () => {
    for (const without of ['originTransactionID', 'originTimeStamp', 'adjustmentAmountRelative']) {
      const answer = await fixture.debit({ msisdn: number, id: '1', without });
      assert.equal(answer.members.faultCode, '1001');
      assert.equal(answer.members.faultString, `Mandatory field missing: ${without}`);
    }
    const nothing = await fixture.debit({ msisdn: number, id: '1', amountMinor: 0 });
    assert.match(nothing.text, /missing: adjustmentAmountRelative/);
    assert.deepEqual(await fixture.debited(number), []);
  });
});

describe('inquiry', () => {
  test('byOurId tells executed, declined with its code, and unknown', async () => {
    await fixture.debit({ msisdn: number, id: '1' });
    await fixture.debit({ msisdn: number, id: '2', amountMinor: 999_999 });
    assert.equal((await fixture.status(number, '1')).members.transactionStatus, 'executed');
    const declined = await fixture.status(number, '2');
    assert.equal(declined.members.transactionStatus, 'declined');
    assert.equal(declined.members.declineCode, '124');
    assert.equal((await fixture.status(number, '3')).members.transactionStatus, 'unknown');
    const stranger = await fixture.status('923001234502', '1');
    assert.equal(stranger.members.transactionStatus, 'unknown');
  });

  test('repeatIsSafe answers a repeat like the first time and debits once', async () => {
    await fixture.send('PUT', '/settings', { inquiry: 'repeatIsSafe' });
    const first = await fixture.debit({ msisdn: number, id: '1' });
    await fixture.debit({ msisdn: number, id: '2' });
    const again = await fixture.debit({ msisdn: number, id: '1' });
    assert.deepEqual(again.members, first.members);
    assert.deepEqual(await fixture.debited(number), ['1', '2']);
    const other = await fixture.debit({ msisdn: number, id: '1', amountMinor: 700 });
    assert.equal(other.members.responseCode, '100');
    assert.equal((await fixture.status(number, '1')).members.faultCode, '1002');
  });

  test('repeatIsSafe repeats a refusal even when there is money by then', async () => {
    await fixture.send('PUT', '/settings', { inquiry: 'repeatIsSafe' });
    const poor = '923001234590';
    await fixture.debit({ msisdn: poor, id: '1' });
    await fixture.send('POST', `/customers/${poor}/topup`, { amount_minor: 600 });
    assert.equal((await fixture.debit({ msisdn: poor, id: '1' })).members.responseCode, '124');
  });

  test('with none the method does not exist', async () => {
    await fixture.send('PUT', '/settings', { inquiry: 'none' });
    assert.equal((await fixture.status(number, '1')).members.faultString, 'Unknown method');
  });
});

describe('lost, late and broken answers', () => {
  test('95 debits and answers 500; 96 debits and says nothing; 97 does neither', async () => {
    const timeoutMs = 150;
    const broken = await fixture.debit({ msisdn: '923001234595', id: '1' });
    assert.equal(broken.status, 500);
    await assert.rejects(fixture.debit({ msisdn: '923001234596', id: '2', timeoutMs }));
    await assert.rejects(fixture.debit({ msisdn: '923001234597', id: '3', timeoutMs }));
    assert.deepEqual(await fixture.debited('923001234595'), ['1']);
    assert.deepEqual(await fixture.debited('923001234596'), ['2']);
    assert.deepEqual(await fixture.debited('923001234597'), []);
  });

  test('98 debits when it answers, though an early inquiry says unknown', async () => {
    const late = '923001234598';
    await fixture.send('PUT', '/settings', { lateMs: 150 });
    const answer = fixture.debit({ msisdn: late, id: '1' });
    assert.equal((await fixture.status(late, '1')).members.transactionStatus, 'unknown');
    assert.equal((await answer).members.responseCode, '0');
    assert.equal((await fixture.status(late, '1')).members.transactionStatus, 'executed');
  });

  test('99 has debited long before it answers', async () => {
    await fixture.send('PUT', '/settings', { lateMs: 300 });
    const answer = fixture.debit({ msisdn: '923001234599', id: '1' });
    while ((await fixture.debited('923001234599')).length === 0);
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    await fixture.get('/healthz');
    assert.equal(answered, false);
    assert.equal((await answer).members.accountValue1, '9500');
  });

  test('a dropped connection may or may not have debited', async () => {
    await fixture.send('POST', '/scenarios', {
      name: 'hang-up',
      times: 1,
      method: 'UpdateBalanceAndDate',
    });
    await assert.rejects(fixture.debit({ msisdn: number, id: '1' }));
    await fixture.send('POST', '/scenarios', { name: 'hang-up-after', times: 1 });
    await assert.rejects(fixture.debit({ msisdn: number, id: '2' }));
    assert.deepEqual(await fixture.debited(number), ['2']);
  });

  test('over its rate the operator answers 503 with Retry-After and does nothing', async () => {
    await fixture.send('PUT', '/settings', { tps: 3 });
    const ids = ['1', '2', '3', '4', '5'];
    const answers = await Promise.all(ids.map((id) => fixture.debit({ msisdn: number, id })));
    assert.equal(answers.filter((answer) => answer.status === 503).length, 2);
    assert.equal((await fixture.debited(number)).length, 3);
    const metrics = await (await fetch(`${fixture.simulator.url}/metrics`)).text();
    assert.match(metrics, /operator_calls_per_second_max 5\n/);
    assert.match(metrics, /code="throttled"} 2\n/);
  });
});
