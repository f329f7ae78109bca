import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cards, Merchant, startFixture } from './fixture.ts';
import { standardPublicId } from './index.ts';

test('a merchant sets where it is told by the API, and reads what is set', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t);
  const before = await fixture.call('site/notifications/Pay/get');
  assert.deepEqual(before.Model, {
    ...{ IsEnabled: false, Address: '', HttpMethod: 'GET', Encoding: 'UTF8' },
    Format: 'CloudPayments',
  });
  const Address = `${merchant.url}/pay`;
  const wish = { IsEnabled: true, Address, HttpMethod: 'POST' };
  const set = await fixture.call('site/notifications/Pay/update', wish);
  assert.deepEqual([set.Success, 'Model' in set], [true, false]);
  const after = await fixture.call('site/notifications/pay/get');
  assert.deepEqual([after.Model?.Address, after.Model?.HttpMethod], [Address, 'POST']);
  await fixture.charge(cards.plain);
  await fixture.settle();
  assert.deepEqual(merchant.paths(), ['pay']);
  await fixture.call('site/notifications/Pay/update', { Address });
  const off = await fixture.call('site/notifications/Pay/get');
  assert.deepEqual(
    [off.Model?.IsEnabled, off.Model?.HttpMethod],
    [false, 'GET'],
    'as the contract’s defaults',
  );
  const wrong = await fixture.call('site/notifications/Pay/update', { Address: 'ftp://x' });
  assert.equal(wrong.Message, 'Invalid Address value');
  assert.equal((await fixture.call('site/notifications/Sing/get')).Message, 'Invalid Type value');
});

test('Windows-1251 is written byte by byte, and signed so', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay') });
  const notifications = { Pay: { Encoding: 'Windows1251' } };
  await fixture.send('PUT', `/control/sites/${standardPublicId}`, { notifications });
  await fixture.charge(cards.plain, { Description: 'Ёж Я' });
  await fixture.settle();
  assert.match(String(merchant.received[0]?.raw), /Description=%A8%E6\+%DF/);
});

test('an order by link is paid on its page once, or cancelled', async (t) => {
  const fixture = await startFixture(t);
  const wish = { Amount: 10, Description: 'An order', InvoiceId: 'link-1', Email: 'a@b.example' };
  const { Model } = await fixture.call('orders/create', wish);
  assert.deepEqual([Model?.Status, Model?.StatusCode, Model?.Amount], ['Created', 0, 10]);
  const url = String(Model?.Url);
  assert.match(await (await fetch(url)).text(), /An order/);
  const pay = async () => {
    const { cryptogramOf } = await import('./index.ts');
    const CardCryptogramPacket = cryptogramOf({ number: cards.plain, expires: '12/39' });
    return fixture.send('POST', '/widget/pay', {
      ...{ publicId: standardPublicId, link: Model?.Id, amount: 1, CardCryptogramPacket },
    });
  };
  assert.equal((await pay()).outcome, 'paid');
  assert.deepEqual(await fixture.movements(), ['debit 10'], 'what the order says, not the browser');
  assert.equal((await pay()).status, 410);
  assert.equal((await fetch(url)).status, 410);
  assert.equal((await fixture.call('orders/cancel', { Id: Model?.Id })).Message, 'Order is paid');
  const second = await fixture.call('orders/create', wish);
  assert.equal((await fixture.call('orders/cancel', { Id: second.Model?.Id })).Success, true);
  assert.equal((await fetch(String(second.Model?.Url))).status, 410);
});

test('a receipt is queued and kept', async (t) => {
  const fixture = await startFixture(t);
  const receipt = { Items: [{ label: 'Pro', price: 199, quantity: 1, amount: 199, vat: 20 }] };
  const wish = { Inn: '7700000000', Type: 'Income', InvoiceId: 'inv-1', CustomerReceipt: receipt };
  const answer = await fixture.call('kkt/receipt', wish, { requestId: 'r-1' });
  assert.deepEqual([answer.Success, answer.Message, answer.Model?.ErrorCode], [true, 'Queued', 0]);
  await fixture.call('kkt/receipt', wish, { requestId: 'r-1' });
  const { receipts } = await fixture.get('/receipts');
  assert.equal((receipts as unknown[]).length, 1);
  assert.equal((await fixture.call('kkt/receipt', { Inn: '1' })).Message, 'Type is required');
});

test('a setting that does not exist, or does not fit, is refused by its name', async (t) => {
  const fixture = await startFixture(t);
  const refused = [
    ['/control/settings', { lateMss: 1 }, 'lateMss'],
    ['/control/settings', { lost: 2 }, 'lost'],
    [`/control/sites/${standardPublicId}`, { notifications: { Pay: 'nowhere' } }, 'Pay'],
    [`/control/sites/${standardPublicId}`, { notifications: { Paid: '' } }, 'Paid'],
  ] as const;
  for (const [path, body, field] of refused) {
    const answer = await fixture.send('PUT', path, body);
    assert.deepEqual([answer.status, answer.field], [400, field]);
  }
  const back = await fixture.send('POST', '/control/clock', { to: '2020-01-01T00:00:00Z' });
  assert.deepEqual([back.status, back.field], [400, 'to']);
});

test('a page of another site changes nothing through the visitor’s browser', async (t) => {
  const fixture = await startFixture(t);
  const headers = { 'sec-fetch-site': 'cross-site' };
  for (const path of ['/control/reset', '/control/clock', '/widget/pay']) {
    const response = await fetch(fixture.url + path, { method: 'POST', headers });
    assert.equal(response.status, 403, path);
  }
});

test('after a reset nothing is left but new ids', async (t) => {
  const fixture = await startFixture(t);
  const first = await fixture.charge(
    cards.plain,
    { AccountId: 'user-1', SaveCard: true },
    { requestId: 'r-1' },
  );
  await fixture.advance(86_400_000);
  await fixture.send('POST', '/control/reset');
  assert.deepEqual(await fixture.ledger(), []);
  const second = await fixture.charge(cards.plain, {}, { requestId: 'r-1' });
  assert.ok(Number(second.Model?.TransactionId) > Number(first.Model?.TransactionId));
  assert.equal((await fixture.get('/control/clock')).offset_ms, 0);
});
