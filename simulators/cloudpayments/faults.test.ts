import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cards, type Fixture, Merchant, startFixture } from './fixture.ts';
import { standardPublicId } from './index.ts';

const hourMs = 3_600_000;

test('the same X-Request-ID is carried out once and answered alike, for an hour', async (t) => {
  const fixture = await startFixture(t);
  const charge = () => fixture.charge(cards.plain, {}, { requestId: 'r-1' });
  const first = await charge();
  const second = await charge();
  assert.equal(second.text, first.text);
  const other = await fixture.charge(cards.plain, { InvoiceId: 'x' }, { requestId: 'r-1' });
  assert.equal(other.text, first.text, 'whatever it asks for');
  assert.equal((await fixture.ledger()).length, 1);
  await fixture.advance(hourMs + 1);
  const later = await charge();
  assert.notEqual(later.Model?.TransactionId, first.Model?.TransactionId);
  assert.equal((await fixture.ledger()).length, 2, 'forgotten after an hour');
});

test('a remembered answer is what it was then, also when its payment has been refunded since', async (t) => {
  const fixture = await startFixture(t);
  const first = await fixture.charge(cards.plain, {}, { requestId: 'r-1' });
  const refund = { TransactionId: first.Model?.TransactionId, Amount: 50 };
  const options = { requestId: 'r-2' };
  const refunded = await fixture.call('payments/refund', refund, options);
  assert.equal((await fixture.call('payments/refund', refund, options)).text, refunded.text);
  assert.equal((await fixture.charge(cards.plain, {}, { requestId: 'r-1' })).text, first.text);
  assert.deepEqual(await fixture.movements(), ['debit 199', 'refund 50']);
});

test('the same X-Request-ID at the same time is carried out once', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Check', 'Pay') });
  const calls = Array.from({ length: 5 }, () =>
    fixture.charge(cards.plain, {}, { requestId: 'r-1' }),
  );
  const texts = (await Promise.all(calls)).map(({ text }) => text);
  assert.equal(new Set(texts).size, 1);
  assert.equal((await fixture.ledger()).length, 1);
  await fixture.settle();
  assert.deepEqual(merchant.paths().toSorted(), ['check', 'pay']);
});

test('a decline is remembered or tried again, as it is set', async (t) => {
  const fixture = await startFixture(t);
  const charge = () => fixture.charge(cards.noMoney, {}, { requestId: 'r-1' });
  const first = await charge();
  assert.equal((await charge()).text, first.text);
  await fixture.send('PUT', '/control/settings', { replayDeclines: false });
  const options = { requestId: 'r-2' };
  const one = (await fixture.charge(cards.noMoney, {}, options)).Model?.TransactionId;
  const two = (await fixture.charge(cards.noMoney, {}, options)).Model?.TransactionId;
  assert.notEqual(one, two);
});

test('an X-Request-ID counts within its own terminal', async (t) => {
  const fixture = await startFixture(t, { sites: { one: {}, two: {} } });
  const options = { requestId: 'r-1' };
  await fixture.charge(cards.plain, {}, { ...options, publicId: 'one' });
  await fixture.charge(cards.plain, {}, { ...options, publicId: 'two' });
  assert.equal((await fixture.ledger()).length, 2);
});

test('beyond so many calls at a time there is 429, until one of them ends', async (t) => {
  const merchant = await new Merchant().start(t);
  merchant.say = () => ({ hang: true });
  const sites = {
    [standardPublicId]: { ...merchant.site('Check')[standardPublicId], concurrency: 2 },
  };
  const fixture = await startFixture(t, { sites });
  const slow = [1, 2].map(() => fixture.charge(cards.plain, {}, { timeoutMs: 60_000 }));
  while (merchant.received.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const refused = await fixture.call('test');
  assert.deepEqual([refused.status, refused.Success], [429, false]);
  await fixture.send('PUT', `/control/sites/${standardPublicId}`, { concurrency: 3 });
  assert.equal((await fixture.call('test')).status, 200);
  const metrics = await (await fetch(`${fixture.url}/metrics`)).text();
  assert.match(metrics, new RegExp(`calls_at_once_max{site="${standardPublicId}"} 3`));
  assert.match(metrics, /calls_total{endpoint="test",result="429"} 1/);
  for (const call of slow) call.catch(() => undefined);
});

async function take(fixture: Fixture, name: string): Promise<readonly [unknown, number]> {
  await fixture.scenario({ name, invoiceId: name, times: 1 });
  const before = (await fixture.ledger()).length;
  const call = fixture.charge(cards.plain, { InvoiceId: name }, { timeoutMs: 2_000 });
  const heard = await call.then(
    ({ Success, status }) => (Success === undefined ? 'unreadable' : Success || status),
    () => 'nothing',
  );
  return [heard, (await fixture.ledger()).length - before];
}

test('an answer is lost, broken or an error, before anything happens or after it', async (t) => {
  const fixture = await startFixture(t);
  const fates: Record<string, readonly [unknown, number]> = {};
  const names = [
    ...['normal', 'hang-before', 'hang-after', 'cut-before', 'cut-after'],
    ...['error-before', 'error-after', 'garbage', 'down', 'throttled'],
  ];
  for (const name of names) fates[name] = await take(fixture, name);
  assert.deepEqual(fates, {
    normal: [true, 1],
    'hang-before': ['nothing', 0],
    'hang-after': ['nothing', 1],
    'cut-before': ['nothing', 0],
    'cut-after': ['nothing', 1],
    'error-before': [500, 0],
    'error-after': [500, 1],
    garbage: ['unreadable', 1],
    down: [503, 0],
    throttled: [429, 0],
  });
  const { Success } = await fixture.call('payments/find', { InvoiceId: 'hang-after' });
  assert.equal(Success, true, 'whoever asks learns what happened');
});

test('a late call is not found, then carried out, even when its caller has gone; and once, when it was repeated', async (t) => {
  const fixture = await startFixture(t);
  await fixture.scenario({ name: 'late', invoiceId: 'inv-1', times: 1, delayMs: 240_000 });
  const options = { requestId: 'r-1' };
  const lost = fixture.charge(cards.plain, {}, { ...options, timeoutMs: 300 });
  await assert.rejects(lost);
  const early = await fixture.call('payments/find', { InvoiceId: 'inv-1' });
  assert.equal(early.Message, 'Not found');
  const repeated = await fixture.charge(cards.plain, {}, options);
  assert.equal(repeated.Success, true);
  await fixture.advance(300_000);
  assert.deepEqual(await fixture.movements(), ['debit 199']);

  await fixture.scenario({ name: 'late', invoiceId: 'inv-2', times: 1, delayMs: 240_000 });
  const gone = fixture.charge(cards.plain, { InvoiceId: 'inv-2' }, { timeoutMs: 300 });
  await assert.rejects(gone);
  assert.equal((await fixture.ledger('invoice=inv-2')).length, 0);
  await fixture.advance(300_000);
  assert.equal((await fixture.ledger('invoice=inv-2')).length, 1);
});

test('a late answer comes when the clock has come so far', async (t) => {
  const fixture = await startFixture(t);
  await fixture.scenario({ name: 'late-answer', times: 1, delayMs: 240_000 });
  let isAnswered = false;
  const call = fixture.charge(cards.plain).then((answer) => {
    isAnswered = true;
    return answer;
  });
  while ((await fixture.ledger()).length === 0);
  assert.equal(isAnswered, false);
  await fixture.advance(240_000);
  assert.equal((await call).Success, true);
});

test('a reason is forced by amount, card, token or account, as often as told', async (t) => {
  const fixture = await startFixture(t);
  const token = await fixture.tokenOf(cards.plain);
  const other = await fixture.tokenOf('5205000000003055');
  await fixture.scenario({ name: 'decline', code: 5041, amount: '66.60' });
  await fixture.scenario({ name: 'decline', code: 5065, token, times: 1 });
  await fixture.scenario({
    name: 'decline',
    code: 5096,
    card: '5205000000003055',
    accountId: 'user-1',
  });
  const reason = async (Token: string, Amount = 199) =>
    (await fixture.chargeToken(Token, { Amount })).Model?.ReasonCode;
  assert.deepEqual(
    [await reason(token, 66.6), await reason(token), await reason(token)],
    [5041, 5065, 0],
  );
  assert.equal(await reason(other), 5096);
  const wrong = await fixture.send('POST', '/control/scenarios', { name: 'decline', code: 1 });
  assert.deepEqual([wrong.status, wrong.field], [400, 'code']);
  await fixture.send('DELETE', '/control/scenarios');
  assert.equal(await reason(other), 0);
});

test('a share of calls is lost by the seed, the same in every run', async (t) => {
  const run = async (seed: number) => {
    const fixture = await startFixture(t, { seed });
    await fixture.scenario({ name: 'error-after', probability: 0.4 });
    const statuses: number[] = [];
    for (let at = 0; at < 20; at += 1) statuses.push((await fixture.charge(cards.plain)).status);
    assert.equal((await fixture.ledger()).length, 20);
    return statuses;
  };
  const first = await run(3);
  assert.ok(first.includes(500) && first.includes(200));
  assert.deepEqual(await run(3), first);
});

test('another card may be made to ask its holder, or not to', async (t) => {
  const fixture = await startFixture(t);
  await fixture.scenario({ name: 'ask-holder', times: 1 });
  assert.ok((await fixture.charge(cards.plain)).Model?.PaReq);
  await fixture.scenario({ name: 'do-not-ask-holder', times: 1 });
  assert.equal((await fixture.charge(cards.threeDs)).Model?.Status, 'Completed');
  await fixture.scenario({ name: 'approve', times: 1 });
  assert.equal((await fixture.charge(cards.noMoney)).Model?.Status, 'Completed');
});
