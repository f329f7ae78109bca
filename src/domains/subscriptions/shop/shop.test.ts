import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiKey } from '#auth';
import * as gateway from '#simulators/cloudpayments';
import { openCabinet } from '#subscriptions/client/fixture';

const cabinet = await openCabinet(gateway);
const { browse, buys, cards, clock, database, publicUrl, quiet, subscriber, until } = cabinet;

const packed = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('the shop shows the plans on sale, and leads to the page of an order with our price', async () => {
  const browser = browse();
  const shelf = await browser.get('/shop');
  for (const said of ['Cinema', 'Series', 'RUB\u00a01,990.00', '7 days free'])
    assert.ok(shelf.text.includes(said), said);
  const buyer = await browser.get('/shop/month');
  const order = await browser.submit(buyer, '/shop/month', {
    ...{ number: '+7 916 555-77-00', email: 'a@example.org', price: '1', amount: '1' },
  });
  assert.match(order.path, /^\/pay\//);
  assert.match(order.text, /199\.00/);
});

test('a number or an address that can’t be used is named, and what was typed stays', async () => {
  const browser = browse();
  const buyer = await browser.get('/shop/month');
  const refused = await browser.submit(buyer, '/shop/month', {
    ...{ number: '12"><script>', email: 'nobody' },
  });
  assert.equal(refused.status, 422);
  assert.match(refused.text, /number-fault/);
  assert.match(refused.text, /email-fault/);
  assert.doesNotMatch(refused.text, /<script>/);
  assert.equal((await browser.get('/shop/nothing')).status, 404);
});

test('the original’s address leads to a payment that is there and is what the address says; its price is only compared', async () => {
  const { msisdn, subscription } = await buys({ user: 'user-77', locale: 'en' });
  const said = { subscription_id: subscription, user_id: 'user-77', price: 199, currency: 'RUB' };
  const browser = browse();
  const path = (value: unknown) => `/api/v1/pay/${packed(value)}`;
  const page = await browser.get(path(said));
  assert.match(page.path, /^\/pay\//);
  assert.match(page.text, /Pay for Cinema/);
  assert.equal((await browser.get(path({ ...said, user_id: msisdn }))).status, 200);
  const wrong = [
    ...[
      { ...said, price: 1 },
      { ...said, price: '198.99' },
      { ...said, currency: 'USD' },
    ],
    ...[{ ...said, user_id: 'user-78' }, { ...said, subscription_id: 'sub_x' }, {}, [], 'x', null],
  ];
  for (const value of wrong)
    assert.equal((await browser.get(path(value))).status, 404, JSON.stringify(value));
  assert.equal((await browser.get('/api/v1/pay/%7B%7D')).status, 404);
});

test('paid, cancel and repay of the original need a key, change nothing, and name what replaces them', async () => {
  const { subscription } = await subscriber();
  const { text: key } = await createApiKey(database, {
    ...{ name: 'old shop', scopes: ['*'], now: clock.now() },
  });
  for (const name of ['paid', 'cancel', 'repay']) {
    const post = (authorization?: string) =>
      fetch(`${publicUrl}/api/v1/${name}/`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(authorization === undefined ? {} : { authorization }),
        },
        body: JSON.stringify({ user_id: 'x', subscription_id: subscription, provider: 'os' }),
      });
    assert.equal((await post()).status, 401, name);
    const answer = await post(`Bearer ${key}`);
    assert.equal(answer.status, 422, name);
    assert.match(await answer.text(), /(GET|POST) \/v1\//);
  }
  await quiet();
  const one = await cards.find(database.pool, subscription);
  assert.equal(one?.status, 'active');
  assert.equal(one?.priced.endsWithPeriod, false);
});

test('a link to another card does nothing when it is opened; pressed, it leads to the page that pays what is owed', async () => {
  const life = await subscriber();
  const token = cabinet.subscriptions.unsubscribeToken(life.subscription);
  const browser = browse();
  const quietPage = await browser.get(`/card/${token}`);
  assert.match(quietPage.text, /charged from the next time on/);
  await life.browser.submit(await life.browser.get(await removal(life.browser)), /\/remove$/);
  await until('2026-12-21');
  const owed = await browser.get(`/card/${token}`);
  assert.match(owed.text, /RUB.199\.00 could not be charged/);
  const paying = await browser.submit(owed, `/card/${token}`);
  assert.match(paying.text, /199\.00/);
  const page = cards.readPage(paying.path.split(/[/?]/)[2] ?? '');
  assert.ok(page.page === 'payment');
  await life.pays(undefined, page.payment);
  assert.equal((await life.now()).status, 'active');
  assert.equal((await browser.get('/card/nothing')).status, 400);
});

async function removal(browser: ReturnType<typeof browse>): Promise<string> {
  const { text } = await browser.get('/me/cards');
  return /href="(\/me\/cards\/[^"]*\/remove)"/.exec(text)?.[1] ?? '';
}
