import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cards, hmac, Merchant, secret, startFixture } from './fixture.ts';
import { signatureHeaders, standardPublicId } from './index.ts';

const minuteMs = 60_000;

test('the signatures are those of the vectors: over the bytes as sent, and with their encoding undone', () => {
  const form =
    'TransactionId=1001&Amount=199.00&Currency=RUB&InvoiceId=inv%2F42-1&AccountId=user%2B7' +
    '&Description=%D0%9F%D0%BE%D0%B4%D0%BF%D0%B8%D1%81%D0%BA%D0%B0+Pro&Data=%7B%22sub%22%3A%22s1%22%7D';
  assert.deepEqual(signatureHeaders(secret, form, true), {
    'content-hmac': '779XBZVCo1fqYixT4MTYDwYYi8IUByJgXBPuvyZgne8=',
    'x-content-hmac': 'kRFDYAO39dMG2S5AQ3jT9uSj111CNf+Os2Uz/pG43/4=',
  });
  const json = signatureHeaders(secret, '{"TransactionId":1001,"Amount":199.0}', false);
  const expected = 'CuERqADX30fnSPnq2tSKpOVL7s3UCIdrSDXGLAA7daw=';
  assert.deepEqual(json, { 'content-hmac': expected, 'x-content-hmac': expected });
});

test('Pay tells what was paid, in the fields of the contract, signed over the raw body', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay') });
  const { Model } = await fixture.charge(cards.plain, {
    ...{ AccountId: 'user+7', SaveCard: true, InvoiceId: 'inv/42-1', Email: 'a@b.example' },
    ...{ Description: 'Подписка Pro', JsonData: { sub: 's1' } },
  });
  await fixture.settle();
  const [pay] = merchant.received;
  assert.ok(pay);
  assert.deepEqual([pay.path, pay.method], ['pay', 'POST']);
  assert.match(String(pay.headers['content-type']), /^application\/x-www-form-urlencoded/);
  const { fields } = pay;
  assert.deepEqual(
    [fields.TransactionId, fields.Amount, fields.Currency, fields.Status, fields.OperationType],
    [String(Model?.TransactionId), '199.00', 'RUB', 'Completed', 'Payment'],
  );
  assert.deepEqual(
    [fields.InvoiceId, fields.AccountId, fields.Description, fields.Data, fields.TestMode],
    ['inv/42-1', 'user+7', 'Подписка Pro', '{"sub":"s1"}', '1'],
  );
  assert.equal(fields.Token, Model?.Token);
  assert.match(String(fields.DateTime), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.deepEqual([fields.SubscriptionId, fields.GatewayName], ['', 'Test'], 'empty, but there');
  assert.equal(pay.headers['content-hmac'], hmac(pay.raw));
  const decoded = decodeURIComponent(pay.raw.replaceAll('+', ' '));
  assert.equal(pay.headers['x-content-hmac'], hmac(decoded));
});

test('a terminal may want JSON, or GET', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay') });
  const site = `/control/sites/${standardPublicId}`;
  await fixture.send('PUT', site, { body: 'json' });
  await fixture.charge(cards.plain, { AccountId: '007' });
  await fixture.settle();
  await fixture.send('PUT', site, { notifications: { Pay: { HttpMethod: 'GET' } } });
  await fixture.charge(cards.plain, { AccountId: '007' });
  await fixture.settle();
  const [json, get] = merchant.received;
  assert.ok(json && get);
  assert.match(json.raw, /"Amount":199\.00,/);
  assert.deepEqual([json.fields.AccountId, json.fields.SubscriptionId], ['007', null]);
  assert.equal(typeof json.fields.TransactionId, 'number');
  assert.equal(json.headers['content-hmac'], hmac(json.raw));
  assert.equal(json.headers['x-content-hmac'], hmac(json.raw));
  assert.deepEqual([get.method, get.fields.AccountId], ['GET', '007']);
  assert.equal(get.headers['content-hmac'], hmac(get.raw));
});

test('Fail tells why, and when to come again if it is known', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay', 'Fail') });
  await fixture.charge(cards.noMoney);
  await fixture.scenario({ name: 'decline', code: 5096, retryAfterSeconds: 3600, times: 1 });
  await fixture.charge(cards.plain);
  await fixture.settle();
  assert.deepEqual(
    merchant.received.map(({ fields, path }) => [
      path,
      fields.ReasonCode,
      fields.Reason,
      fields.RetryAfter,
    ]),
    [
      ['fail', '5051', 'InsufficientFunds', ''],
      ['fail', '5096', 'SystemError', '3600'],
    ],
  );
});

test('Check is asked before anything is authorised, and its word decides', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Check', 'Pay', 'Fail') });
  const reasons: unknown[] = [];
  for (const code of [0, 10, 11, 12, 13, 20, 77]) {
    merchant.say = ({ path }) =>
      path === 'check' ? { body: JSON.stringify({ code }) } : undefined;
    reasons.push((await fixture.charge(cards.plain)).Model?.ReasonCode);
  }
  assert.deepEqual(reasons, [0, 3001, 3002, 3003, 3008, 3004, 3005]);
  merchant.say = ({ path }) => (path === 'check' ? { body: 'not JSON' } : undefined);
  assert.equal((await fixture.charge(cards.plain)).Model?.ReasonCode, 3005);
  merchant.say = ({ path }) => (path === 'check' ? { status: 500 } : undefined);
  assert.equal((await fixture.charge(cards.plain)).Model?.ReasonCode, 3006);
  merchant.say = ({ path }) => (path === 'check' ? { hang: true } : undefined);
  await fixture.send('PUT', '/control/settings', { checkTimeoutMs: 50 });
  assert.equal((await fixture.charge(cards.plain)).Model?.ReasonCode, 3006);
  assert.deepEqual(await fixture.movements(), ['debit 199']);
  await fixture.settle();
  assert.equal(merchant.paths().filter((path) => path === 'fail').length, 9);
  const checks = merchant.received.filter(({ path }) => path === 'check');
  assert.equal(checks.length, 10, 'never asked twice');
  assert.deepEqual([checks[0]?.fields.Status, checks[0]?.fields.Amount], ['Completed', '199.00']);
});

test('a Check whose address nobody listens at declines with 3007', async (t) => {
  const notifications = { Check: 'http://127.0.0.1:1/check' };
  const fixture = await startFixture(t, { sites: { [standardPublicId]: { notifications } } });
  assert.equal((await fixture.charge(cards.plain)).Model?.ReasonCode, 3007);
  assert.deepEqual(await fixture.ledger(), []);
});

test('what is not taken comes again after 1, 2, 5, 10, 30 and 30 minutes, a hundred times at most', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay') });
  merchant.say = () => ({ body: '{"code":13}' });
  await fixture.charge(cards.plain);
  await fixture.settle();
  const counts = [merchant.received.length];
  for (const minutes of [1, 2, 5, 10, 30, 30]) {
    await fixture.advance(minutes * minuteMs - 20_000);
    const before = merchant.received.length;
    await fixture.advance(20_000);
    counts.push(merchant.received.length - before);
  }
  assert.deepEqual(counts, [1, 1, 1, 1, 1, 1, 1]);
  await fixture.advance(5 * 86_400_000);
  assert.equal(merchant.received.length, 100);
  assert.equal(new Set(merchant.received.map(({ raw }) => raw)).size, 1, 'the same every time');
  const { notifications } = await fixture.get('/notifications');
  const [one] = notifications as { state: string; attempts: number; lastAnswer: string }[];
  assert.deepEqual([one?.state, one?.attempts, one?.lastAnswer], ['given-up', 100, 'code 13']);
});

test('an answer that is not code 0, not JSON, or too slow is no answer', async (t) => {
  const merchant = await new Merchant().start(t);
  const settings = { notificationTimeoutMs: 50 };
  const fixture = await startFixture(t, { sites: merchant.site('Pay'), settings });
  const answers = [
    { status: 500 },
    { body: 'OK' },
    { hang: true as const },
    { body: '{"code":0}' },
  ];
  merchant.say = () => answers[merchant.received.length - 1];
  await fixture.charge(cards.plain);
  await fixture.advance(60 * minuteMs);
  assert.equal(merchant.received.length, 4);
});

test('notifications come twice, late, early, not at all or in another order, as told', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay', 'Refund') });
  const charge = async (InvoiceId: string) =>
    (await fixture.charge(cards.plain, { InvoiceId })).Model;
  const heard = () => merchant.received.map(({ fields, path }) => `${path} ${fields.InvoiceId}`);

  await fixture.scenario({ name: 'notification-duplicated', times: 1 });
  await charge('twice');
  await fixture.settle();
  assert.ok(merchant.received.length >= 2 && new Set(heard()).size === 1);

  merchant.received.length = 0;
  await fixture.scenario({ name: 'notification-early', invoiceId: 'early' });
  await charge('early');
  assert.deepEqual(heard(), ['pay early'], 'heard before the call was answered');

  merchant.received.length = 0;
  await fixture.scenario({ name: 'notification-missing', invoiceId: 'never' });
  await charge('never');
  await fixture.advance(86_400_000);
  assert.deepEqual(heard(), []);
  const lost = (await fixture.get('/notifications?state=missing')).notifications as {
    id: number;
  }[];
  await fixture.send('POST', `/control/notifications/${lost[0]?.id}/resend`);
  assert.deepEqual(heard(), ['pay never'], 'sent by hand');

  merchant.received.length = 0;
  await fixture.scenario({ name: 'notifications-reordered', type: 'Pay', times: 1 });
  const paid = await charge('turned');
  await fixture.settle();
  await fixture.call('payments/refund', { TransactionId: paid?.TransactionId, Amount: 1 });
  await fixture.settle();
  assert.deepEqual(heard(), ['refund turned', 'pay turned']);

  merchant.received.length = 0;
  await fixture.scenario({ name: 'notification-late', invoiceId: 'late', delayMs: 3_600_000 });
  await charge('late');
  await fixture.advance(3_500_000);
  assert.deepEqual(heard(), []);
  await fixture.advance(200_000);
  assert.deepEqual(heard(), ['pay late']);
});

test('the same seed draws the same misfortunes', async (t) => {
  const merchant = await new Merchant().start(t);
  const run = async (seed: number) => {
    const settings = { duplicated: 0.3, lost: 0.3, delayed: 0.2 };
    const fixture = await startFixture(t, { sites: merchant.site('Pay'), settings, seed });
    merchant.received.length = 0;
    for (let at = 0; at < 20; at += 1) await fixture.charge(cards.plain, { InvoiceId: `n${at}` });
    await fixture.settle();
    return merchant.received.map(({ fields }) => fields.InvoiceId).sort();
  };
  const first = await run(7);
  assert.deepEqual(await run(7), first);
  assert.notDeepEqual(await run(8), first);
});
