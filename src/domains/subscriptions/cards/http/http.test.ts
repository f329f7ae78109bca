import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createHttpServer } from '#http';
import * as gateway from '#simulators/cloudpayments';
import { lifeOf, lives, monthly, openShop } from '#subscriptions/cards/stage';
import { registerCardSubscriptionRoutes } from './http.ts';

const shop = await openShop(gateway);
const { cards, clock, database, log } = shop;
const { buys, quiet } = lives(shop);
const keyring = createKeyring({ database });
const server = await createHttpServer({ log, api: { keyring, database, clock } });
registerCardSubscriptionRoutes(server.app, { cards, database, plans: () => [] });
after(() => server.close());
const { text: key } = await createApiKey(database, {
  ...{ name: 'shop', now: clock.now() },
  scopes: [
    'payments:write',
    'subscriptions:read',
    'subscriptions:write',
    'cards:read',
    'cards:write',
  ],
});

interface Asked {
  readonly once?: string;
  readonly as?: string;
}

async function ask(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  body?: object,
  asked: Asked = {},
) {
  const { as = key, once = randomUUID() } = asked;
  const answer = await server.app.inject({
    ...{ method, url, ...(body ? { payload: body } : {}) },
    headers: { authorization: `Bearer ${as}`, ...(body ? { 'idempotency-key': once } : {}) },
  });
  return { status: answer.statusCode, body: answer.json() };
}

let people = 0;
function order(changes: Record<string, unknown> = {}) {
  people += 1;
  return {
    ...{ plan: 'month', msisdn: `+7917${String(people).padStart(7, '0')}` },
    ...{ return_url: 'https://shop.test/thanks', locale: 'ru' },
    consent: {
      ...{ text: 'Cinema, 199 RUB a month', price_minor: 19_900, ip: '203.0.113.7' },
      at: clock.now().toISOString(),
    },
    ...changes,
  };
}

test('pay answers with the subscription, its payment, our page and the widget; sent again, with the same', async () => {
  const body = order({ user: 'u-1', email: 'a@shop.test' });
  const once = randomUUID();
  const first = await ask('POST', '/v1/pay', body, { once });
  assert.equal(first.status, 201);
  assert.match(first.body.page, /^http:\/\/kopek\.test\/pay\/v1\./);
  assert.equal(first.body.amount_minor, 19_900);
  assert.equal(first.body.gateway, 'cloudpayments');
  assert.equal(first.body.presentation.kind, 'widget');
  const second = await ask('POST', '/v1/pay', body, { once });
  assert.deepEqual(second, first);
  const other = await ask('POST', '/v1/pay', { ...body, quantity: 2 }, { once });
  assert.equal(other.status, 422);

  const life = lifeOf(shop, { ...first.body, msisdn: body.msisdn });
  await life.pays();
  assert.equal((await life.now()).status, 'active');
  const again = await ask('POST', '/v1/pay', body);
  assert.deepEqual([again.status, again.body.code], [409, 'already_subscribed']);
  assert.equal(again.body.details?.subscription ?? first.body.subscription, life.subscription);
  const shown = await ask('GET', `/v1/subscriptions/${life.subscription}/by-card`);
  assert.deepEqual(
    [shown.body.status, shown.body.access, shown.body.card.brand],
    ['active', true, 'Visa'],
  );
});

test('without a consent nothing is begun: the page asks for it, and pressed twice it is one subscription', async () => {
  const { consent: _, ...body } = order();
  const { body: answer } = await ask('POST', '/v1/pay', body);
  assert.deepEqual(Object.keys(answer), ['page']);
  assert.equal(
    answer.page.includes(body.msisdn.slice(1)),
    false,
    'no number stands in the address',
  );
  const page = cards.readPage(answer.page.split('/pay/')[1]);
  assert.ok(page.page === 'order');
  const yes = () =>
    database.transaction((tx) =>
      cards.agree(tx, page, {
        ...{ method: 'card_page', textShown: 'Cinema', priceShown: '199 RUB a month' },
        ...{ evidence: { ip: '203.0.113.7', ticked: true } },
        ...{ shownAt: clock.now(), confirmedAt: clock.now() },
      }),
    );
  const first = await yes();
  const second = await yes();
  assert.deepEqual([second.subscription, second.payment], [first.subscription, first.payment]);
});

test('a page that was changed, or is too old, is refused', () => {
  const url = cards.pageUrl({
    ...{
      page: 'payment',
      subscription: 'sub_1x1',
      payment: 'pay_1x1',
      returnUrl: 'https://a.test',
    },
  });
  const token = url.split('/pay/')[1] ?? '';
  assert.equal(cards.readPage(token).page, 'payment');
  const changed = `${token.slice(0, -3)}${token.endsWith('AAA') ? 'BBB' : 'AAA'}`;
  assert.throws(() => cards.readPage(changed), { code: 'pay_link_invalid' });
  for (const wrong of ['', 'x', 'v1.a.b', token.slice(0, 20), '%00'])
    assert.throws(() => cards.readPage(wrong), { code: 'pay_link_invalid' });
});

test('bad input is refused with its reason, and leaves nothing behind', async () => {
  const consent = order().consent;
  const bad: readonly (readonly [object, number, string])[] = [
    [order({ plan: 'nothing' }), 404, 'plan_unknown'],
    [order({ msisdn: 'nobody' }), 400, 'msisdn_invalid'],
    [order({ coupon: 'NONE' }), 422, 'coupon_refused'],
    [order({ consent: { ...consent, price_minor: 100 } }), 409, 'terms_outdated'],
    [order({ quantity: 0 }), 400, 'request_invalid'],
    [order({ return_url: 'javascript:alert(1)' }), 400, 'request_invalid'],
    [order({ email: 'nobody' }), 400, 'request_invalid'],
    [order({ price_minor: 1 }), 400, 'request_invalid'],
    [order({ consent: { ...consent, text: 'a\u0000b' } }), 400, 'request_invalid'],
  ];
  for (const [body, status, code] of bad) {
    const answer = await ask('POST', '/v1/pay', body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
  }
});

test('a command is queued and carried out once; a quote that was shown is what is charged, or nothing is done', async () => {
  await database.transaction((tx) =>
    cards.addPlan(tx, {
      ...{ ...monthly, code: 'family', title: 'Cinema for all' },
      price: { ...monthly.price, unitPriceMinor: 39_900n },
    }),
  );
  const life = await buys();
  await life.pays();
  clock.advanceMs(15 * 86_400_000);
  const url = `/v1/subscriptions/${life.subscription}`;
  const { body: quote } = await ask('GET', `${url}/quote?for=change&plan=family`);
  assert.deepEqual([quote.due_minor, quote.lines.length], [10_000, 2]);
  assert.equal(quote.lines[0].share, '1296000/2592000');
  const shown = { at: quote.at, hash: quote.hash };
  const wrong = {
    at: quote.at,
    hash: quote.hash.replace(/^./, (one: string) => (one === 'a' ? 'b' : 'a')),
  };
  const results = [];
  for (const said of [wrong, shown, shown]) {
    const { body, status } = await ask('POST', `${url}/change`, { plan: 'family', quote: said });
    assert.equal(status, 202);
    await quiet();
    results.push((await ask('GET', `${url}/commands/${body.command}`)).body);
  }
  assert.deepEqual(
    results.map(({ outcome, reason }) => [outcome, reason]),
    [
      ['refused', 'quote_stale'],
      ['done', 'charging'],
      ['refused', 'quote_stale'],
    ],
  );
  assert.deepEqual(await life.book(), [19_900, 10_000]);
});

test('cards: listed, made default, taken away; another’s are nobody’s business', async () => {
  const life = await buys();
  await life.pays();
  const url = `/v1/customers/${encodeURIComponent(life.msisdn)}/cards`;
  const { body } = await ask('GET', url);
  assert.deepEqual([body.items.length, body.items[0].is_default], [1, true]);
  const card = body.items[0].card;
  assert.equal((await ask('POST', `${url}/${card}/default`, {})).status, 200);
  const stranger = await buys();
  const others = `/v1/customers/${encodeURIComponent(stranger.msisdn)}/cards/${card}`;
  assert.equal((await ask('DELETE', others)).status, 404);
  assert.equal((await ask('DELETE', `${url}/${card}`)).status, 200);
  assert.equal((await life.now()).card, null);
  assert.deepEqual((await ask('GET', url)).body.items, []);
  assert.equal((await ask('GET', '/v1/customers/%2B79990000000/cards')).status, 404);
});

test('another’s subscription, an ended one and a wrong id are told apart', async () => {
  const life = await buys();
  await life.pays();
  assert.equal(await life.says('cancel', { timing: 'now' }), 'done: cancelled');
  const ended = await ask('POST', `/v1/subscriptions/${life.subscription}/pause`, {});
  assert.deepEqual([ended.status, ended.body.code], [409, 'subscription_ended']);
  const none = await ask('POST', '/v1/subscriptions/sub_1x1/repay', {});
  assert.deepEqual([none.status, none.body.code], [422, 'not_by_card']);
  const wrong = await ask('POST', '/v1/subscriptions/sub_!/repay', {});
  assert.equal(wrong.status, 400);
});
