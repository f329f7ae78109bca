import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type Fixture, startFixture, temporaryFolder } from './fixture.ts';

const number = '923001234501';
let fixture: Fixture;

before(async () => {
  fixture = await startFixture();
});
beforeEach(() => fixture.send('POST', '/reset'));
after(() => fixture.simulator.close());

test('a credit gives money back, and stands in a book of its own', async () => {
  await fixture.debit({ msisdn: number, id: '1' });
  const credit = await fixture.credit({ msisdn: number, id: '2', externalData: 'pay_1x1' });
  assert.deepEqual(credit.members, {
    ...{ originTransactionID: '2', responseCode: '0', accountValue1: '10000' },
  });
  const { credits, next_since, total } = await fixture.get(`/credits?transaction_id=2`);
  const [row] = credits as Record<string, unknown>[];
  assert.deepEqual([total, next_since], [1, null]);
  assert.equal(row?.sequence, 1);
  assert.equal(row?.amount_minor, 500);
  assert.equal(row?.external_data, 'pay_1x1');
  assert.equal(row?.balance_after_minor, 10_000);
  assert.deepEqual(await fixture.debited(number), ['1']);
  const customer = await fixture.get(`/customers/${number}`);
  assert.deepEqual([customer.debits, customer.credits], [1, 1]);
});

test('the same id twice is two credits, and both are told', async () => {
  await fixture.credit({ msisdn: number, id: '1' });
  await fixture.credit({ msisdn: number, id: '1' });
  assert.deepEqual(await fixture.credited(number), ['1', '1']);
  const metrics = await (await fetch(`${fixture.simulator.url}/metrics`)).text();
  assert.match(metrics, /operator_credits_total 2\n/);
  assert.match(metrics, /operator_credited_minor_total 1000\n/);
  assert.match(metrics, /operator_debits_total 0\n/);
});

test('credits are read page by page', async () => {
  for (const id of ['1', '2', '3']) await fixture.credit({ msisdn: number, id });
  const first = await fixture.get('/credits?limit=2');
  assert.deepEqual([(first.credits as unknown[]).length, first.next_since], [2, 2]);
  const second = await fixture.get(`/credits?limit=2&since=${first.next_since}`);
  const [row] = second.credits as Record<string, unknown>[];
  assert.deepEqual([row?.transaction_id, second.next_since], ['3', null]);
});

test('who is blocked, postpaid or without money is given back all the same', async () => {
  for (const ending of ['90', '91', '93']) {
    const msisdn = `9230012345${ending}`;
    assert.equal((await fixture.credit({ msisdn, id: ending })).members.responseCode, '0');
    assert.deepEqual(await fixture.credited(msisdn), [ending]);
  }
});

test('another currency is refused, and so is what a scenario says', async () => {
  const usd = await fixture.credit({ msisdn: number, id: '1', currency: 'USD' });
  assert.equal(usd.members.responseCode, '100');
  assert.equal((await fixture.status(number, '1')).members.declineCode, '100');
  const failing = await fixture.credit({ msisdn: '923001234594', id: '2' });
  assert.equal(failing.members.responseCode, '100');
  assert.deepEqual(await fixture.credited('923001234594'), []);
});

test('byOurId tells a credit, and that of another number is unknown', async () => {
  await fixture.credit({ msisdn: number, id: '1' });
  assert.equal((await fixture.status(number, '1')).members.transactionStatus, 'executed');
  const stranger = await fixture.status('923001234502', '1');
  assert.equal(stranger.members.transactionStatus, 'unknown');
});

test('repeatIsSafe answers a repeat like the first time and credits once', async () => {
  await fixture.send('PUT', '/settings', { inquiry: 'repeatIsSafe' });
  const first = await fixture.credit({ msisdn: number, id: '1' });
  await fixture.credit({ msisdn: number, id: '2' });
  const again = await fixture.credit({ msisdn: number, id: '1' });
  assert.deepEqual(again.members, first.members);
  assert.deepEqual(await fixture.credited(number), ['1', '2']);
  // A debit is no repetition of a credit, whatever it is called.
  const other = await fixture.debit({ msisdn: number, id: '1' });
  assert.equal(other.members.responseCode, '100');
  assert.deepEqual(await fixture.debited(number), []);
});

test('a credit whose answer was lost has been given', async () => {
  await assert.rejects(fixture.credit({ msisdn: '923001234596', id: '1', timeoutMs: 150 }));
  assert.deepEqual(await fixture.credited('923001234596'), ['1']);
});

test('credits outlive the operator', async () => {
  const folder = temporaryFolder();
  const first = await startFixture({ folder });
  await first.debit({ msisdn: number, id: '1' });
  await first.credit({ msisdn: number, id: '2', amountMinor: 200 });
  await first.simulator.close();
  const second = await startFixture({ folder });
  assert.deepEqual(await second.credited(number), ['2']);
  assert.equal((await second.balance(number)).members.accountValue1, '9700');
  await second.simulator.close();
});

test('the phone shows what came back, with a plus', async () => {
  await fixture.debit({ msisdn: number, id: '1' });
  await fixture.credit({ msisdn: number, id: '2' });
  const html = await (await fetch(`${fixture.simulator.url}/sim/${number}`)).text();
  assert.match(html, /\+5\.00 PKR[\s\S]*−5\.00 PKR/);
});
