import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MoReceiver, startFixture, temporaryFolder } from './fixture.ts';

const number = '923009102250';

test('paid, failed and postpaid force the next outcomes', async (context) => {
  const fixture = await startFixture();
  context.after(() => fixture.simulator.close());
  await fixture.send('PUT', `/customers/${number}`, { balance_minor: 100 });
  await fixture.send('POST', '/mobilink/paid?count=1');
  await fixture.send('POST', '/mobilink/failed', { msisdn: number });
  const codes: unknown[] = [];
  for (const id of ['1', '2', '3']) {
    codes.push((await fixture.debit({ msisdn: number, id })).members.responseCode);
  }
  assert.deepEqual(codes, ['0', '112', '124']);
  assert.equal((await fixture.get(`/customers/${number}`)).balance_minor, -400);
  await fixture.send('POST', '/mobilink/postpaid');
  assert.equal((await fixture.balance(number)).members.responseCode, '11');
  assert.equal((await fixture.balance(number)).members.responseCode, '0');
});

test('what is wrong is said with its field, and what is too long is 413', async (context) => {
  const fixture = await startFixture();
  context.after(() => fixture.simulator.close());
  const cases: readonly [string, string, unknown, number, string | undefined][] = [
    ['POST', '/scenarios', { name: 'sunshine' }, 400, 'name'],
    ['POST', '/scenarios', { name: 'down', probability: 2 }, 400, 'probability'],
    ['POST', '/scenarios', { name: 'down', msisdnn: '1' }, 400, 'msisdnn'],
    ['PUT', '/settings', { tps: 'fast' }, 400, 'tps'],
    ['POST', `/customers/${number}/topup`, { amount_minor: 1.5 }, 400, 'amount_minor'],
    ['POST', '/customers/12a/topup', { amount_minor: 1 }, 400, 'msisdn'],
    ['POST', '/sms', { id: '1', from: '7787', text: 'x' }, 400, 'to'],
    ['POST', '/sms', [1], 400, 'body'],
    ['POST', '/nowhere', {}, 404, undefined],
    ['DELETE', '/settings', {}, 405, undefined],
    ['POST', '/sms', { text: 'x'.repeat(70_000) }, 413, undefined],
  ];
  for (const [method, path, body, status, field] of cases) {
    const answer = await fixture.send(method, path, body);
    assert.deepEqual([answer.status, answer.body.field], [status, field], `${method} ${path}`);
  }
  const torn = await fetch(`${fixture.simulator.url}/scenarios`, { method: 'POST', body: '{' });
  assert.equal(torn.status, 400);
});

test('an SMS is delivered as often as it is sent, answered or not', async (context) => {
  const fixture = await startFixture();
  context.after(() => fixture.simulator.close());
  const sms = { id: 'm1', from: '7787', to: `+${number}`, text: 'Hello' };
  const first = await fixture.send('POST', '/sms', sms);
  assert.equal(first.body.status, 'accepted');
  await fixture.send('POST', '/scenarios', { name: 'error-after', method: 'sms', times: 1 });
  assert.equal((await fixture.send('POST', '/sms', sms)).status, 500);
  await fixture.send('PUT', '/settings', { smsFailures: 1 });
  assert.equal((await fixture.send('POST', '/sms', sms)).status, 503);
  const { messages, total } = await fixture.get(`/messages?msisdn=${number}`);
  assert.equal(total, 2);
  const ids = (messages as { id: string; client_id: string }[]).map((message) => message.id);
  assert.equal(new Set(ids).size, 2);
  assert.equal(ids[0], first.body.id);
});

test('an incoming SMS is tried with the same id until it is taken, in order', async (context) => {
  const receiver = new MoReceiver(2);
  const fixture = await startFixture({ moUrl: await receiver.start() });
  context.after(() => fixture.simulator.close());
  context.after(() => receiver.close());
  const sent = await fixture.send('POST', `/customers/${number}/mo`, { text: 'STOP' });
  await fixture.send('POST', `/customers/${number}/mo`, { text: 'HELP', to: '7788' });
  await receiver.until(4);
  const [a, b, c, d] = receiver.received;
  assert.deepEqual([a?.id, b?.id, c?.id], [sent.body.id, sent.body.id, sent.body.id]);
  assert.deepEqual(Object.keys(a ?? {}), ['id', 'from', 'to', 'text', 'sent_at']);
  assert.deepEqual([a?.to, d?.text, d?.to], ['7787', 'HELP', '7788']);
});

test('a restart keeps customers, book, refusals and SMS that wait; a reset forgets all', async () => {
  const folder = temporaryFolder();
  const first = await startFixture({ folder, moUrl: 'http://127.0.0.1:9/mo' });
  await first.debit({ msisdn: number, id: '1' });
  await first.debit({ msisdn: number, id: '2', amountMinor: 99_999 });
  await first.send('POST', `/customers/${number}/mo`, { text: 'STOP' });
  await first.simulator.close();

  const receiver = new MoReceiver(0);
  const second = await startFixture({ folder, moUrl: await receiver.start() });
  await receiver.until(1);
  assert.equal(receiver.received[0]?.text, 'STOP');
  assert.deepEqual(await second.debited(number), ['1']);
  assert.equal((await second.get(`/customers/${number}`)).balance_minor, 9_500);
  assert.equal((await second.status(number, '2')).members.declineCode, '124');
  await second.send('POST', '/reset');
  assert.deepEqual(await second.debited(number), []);
  assert.equal((await second.get('/messages')).total, 0);
  await second.simulator.close();
  receiver.close();

  const third = await startFixture({ folder });
  assert.equal((await third.get('/ledger')).total, 0);
  await third.simulator.close();
});

test('it closes at once though calls wait that will never be answered', async () => {
  const fixture = await startFixture();
  const call = fixture.debit({ msisdn: '923001234596', id: '1' }).catch(() => 'cut off');
  while ((await fixture.debited('923001234596')).length === 0);
  const start = performance.now();
  await fixture.simulator.close();
  assert.ok(performance.now() - start < 1_000);
  assert.equal(await call, 'cut off');
});

test('the book is read in pages and from a moment on', async (context) => {
  const fixture = await startFixture();
  context.after(() => fixture.simulator.close());
  for (const id of ['1', '2', '3']) await fixture.debit({ msisdn: number, id, amountMinor: 1 });
  const first = await fixture.get('/ledger?limit=2');
  assert.equal((first.debits as unknown[]).length, 2);
  assert.deepEqual([first.total, first.next_since], [3, 2]);
  const second = await fixture.get('/ledger?limit=2&since=2');
  assert.deepEqual([second.total, second.next_since], [1, null]);
  assert.equal((await fixture.get('/ledger?since=2999-01-01T00:00:00Z')).total, 0);
});
