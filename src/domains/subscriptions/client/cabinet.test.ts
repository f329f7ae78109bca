import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as gateway from '#simulators/cloudpayments';
import { bookOf, OTHER } from '#subscriptions/cards/stage';
import { type Browser, formOf, type Seen } from '#subscriptions/pages/fixture';
import { eventually } from '#testing';
import { openCabinet } from './fixture.ts';

const cabinet = await openCabinet(gateway);
const { cards, clock, database, quiet, subscriber } = cabinet;

/** Looks until what was asked for has happened. */
async function settled(browser: Browser, asked: Seen): Promise<Seen> {
  await quiet();
  return eventually(
    async () => {
      const seen = await browser.get(asked.path);
      assert.doesNotMatch(seen.text, /Asked\. One moment/);
      return seen;
    },
    { timeoutMs: 30_000 },
  );
}

async function commandsOf(subscription: string): Promise<readonly string[]> {
  const { id } = (await cards.find(database.pool, subscription))?.key ?? { id: 0n };
  const { rows } = await sql<{ said: string }>`
    select command || ' ' || outcome || ' ' || coalesce(reason, '') as said from subscriptions.card_command
    where subscription_id = ${id} order by id`.execute(database.pool);
  return rows.map(({ said }) => said);
}

test('it shows what somebody has: price, status, access, next charge, card', async () => {
  const { browser, path } = await subscriber();
  const home = await browser.get('/me');
  for (const said of [
    'Cinema',
    'RUB\u00a0199.00',
    'Active',
    'Next charge: RUB\u00a0199.00 on 20 December 2026',
  ])
    assert.ok(home.text.includes(said), said);
  const one = await browser.get(path);
  for (const said of [
    'Open',
    '••••\u00a03055',
    '20 December 2026',
    'Change the plan',
    'Pause',
    'Cancel',
  ])
    assert.ok(one.text.includes(said), said);
  assert.equal(one.policy.includes('script-src'), false);
});

test('an end with the period is asked for once, however often its button is pressed, and can be taken back', async () => {
  const { browser, path, subscription } = await subscriber();
  const page = await browser.get(`${path}/cancel`);
  assert.match(page.text, /Cancel on 20 December 2026/);
  const pressed = await Promise.all([1, 2, 3].map(() => browser.submit(page, `${path}/cancel`)));
  const done = await settled(browser, pressed[0] as Seen);
  assert.match(done.text, /it ends with the period that is paid/);
  assert.match(done.text, /Ends on 20 December 2026/);
  assert.deepEqual(await commandsOf(subscription), ['cancel done ends_with_period']);
  const kept = await settled(browser, await browser.submit(done, `${path}/resume`));
  assert.match(kept.text, /goes on as before/);
  assert.match(kept.text, /Next charge: RUB.199\.00/);
});

test('an end now gives back what was shown, to the card, once', async () => {
  const { browser, path, payment, subscription } = await subscriber();
  clock.advanceMs(10 * 86_400_000);
  await quiet();
  const again = await cabinet.signsIn(
    (await cards.find(database.pool, subscription))?.msisdn ?? '',
  );
  const page = await again.get(`${path}/cancel`);
  const shown = /Back to your card<\/dt><dd>RUB\u00a0([\d.]+)/.exec(page.text)?.[1];
  assert.ok(shown && Number(shown) > 100 && Number(shown) < 199, page.text);
  const now = { ...page, text: page.text.slice(page.text.indexOf('<h2>Now</h2>')) };
  const pressed = await Promise.all([1, 2].map(() => again.submit(now, `${path}/cancel`)));
  const done = await settled(again, pressed[0] as Seen);
  assert.match(done.text, /on its way back to your card/);
  assert.equal(await bookOf(cabinet, payment), 19_900 - Math.round(Number(shown) * 100));
  const payments = await again.get('/me/payments');
  assert.ok(payments.text.includes(`+RUB\u00a0${shown}`), payments.text);
  const receipt = await again.get(`/me/payments/${payment}`);
  assert.match(receipt.text, /Given back/);
  assert.match(receipt.text, /Of which VAT 22 %/);
  // The browser whose session has ended while it looked changes nothing any more.
  assert.match((await browser.get(path)).path, /^\/me\/in/);
});

test('a change shows its lines and what is due, and is carried out at exactly that price', async () => {
  const { browser, path, subscription } = await subscriber();
  const plans = await browser.get(`${path}/change`);
  assert.doesNotMatch(plans.text, /change\/month"/);
  const page = await browser.get(`${path}/change/yearly`);
  assert.match(page.text, /Unused: Cinema/);
  const due = /To pay now<\/dt><dd>RUB\u00a0([\d.,]+)/.exec(page.text)?.[1];
  assert.match(due ?? '', /^1,7/);
  const asked = await browser.submit(page, `${path}/change/yearly`);
  const twice = await browser.submit(page, `${path}/change/yearly`);
  assert.equal(twice.status, 200);
  await settled(browser, asked);
  await eventually(async () => {
    const one = await cards.find(database.pool, subscription);
    assert.equal(one?.priced.selection.price.plan, 'yearly');
  });
  const payments = await browser.get('/me/payments');
  assert.equal(payments.text.split(`>RUB\u00a0${due}`).length - 1, 1, payments.text);
});

test('a quote that no longer holds changes nothing and says so', async () => {
  const { browser, path, subscription } = await subscriber();
  const page = await browser.get(`${path}/change/yearly`);
  clock.advanceMs(16 * 60_000);
  const done = await settled(browser, await browser.submit(page, `${path}/change/yearly`));
  assert.match(done.text, /shown too long ago/);
  assert.equal(
    (await cards.find(database.pool, subscription))?.priced.selection.price.plan,
    'month',
  );
});

test('a pause closes the access and keeps the days; it ends when its holder says so', async () => {
  const { browser, path } = await subscriber();
  const page = await browser.get(`${path}/pause`);
  for (const days of ['0', '31', '1.5', 'x', ''])
    assert.equal((await browser.submit(page, `${path}/pause`, { days })).status, 400, days);
  const paused = await settled(
    browser,
    await browser.submit(page, `${path}/pause`, { days: '14' }),
  );
  assert.match(paused.text, /Paused/);
  assert.match(paused.text, /Closed while it is paused/);
  const on = await settled(browser, await browser.submit(paused, `${path}/resume`));
  assert.match(on.text, /your subscription goes on/);
});

test('another card is entered on the page of a payment, and pays from then on', async () => {
  const life = await subscriber();
  const { browser, path } = life;
  const one = await browser.get(path);
  const paying = await browser.submit(one, `${path}/card`);
  assert.match(paying.path, /^\/pay\/.*open=now/);
  assert.match(paying.text, /Your card for Cinema/);
  const page = cards.readPage(paying.path.split(/[/?]/)[2] ?? '');
  assert.ok(page.page === 'payment');
  await life.pays(OTHER, page.payment);
  const saved = await browser.get(`${paying.path.split('?')[0]}/result`);
  assert.match(saved.text, /Your card is saved/);
  await eventually(async () => {
    assert.ok((await browser.get(path)).text.includes(OTHER.slice(-4)));
  });
  const both = await browser.get('/me/cards');
  assert.equal(both.text.split('Remove</a>').length - 1, 2);
});

test('removing a card says what it pays, and what is removed is never charged again', async () => {
  const { browser, subscription } = await subscriber();
  const list = await browser.get('/me/cards');
  assert.match(list.text, /Pays Cinema/);
  const path = /href="(\/me\/cards\/card_[^"]*\/remove)"/.exec(list.text)?.[1] ?? '';
  const asked = await browser.get(path);
  assert.match(asked.text, /You have no other card/);
  assert.match(asked.text, /<li>Cinema/);
  const pressed = await Promise.all([1, 2].map(() => browser.submit(asked, path)));
  assert.deepEqual(
    pressed.map(({ status }) => status),
    [200, 200],
  );
  assert.match(pressed[0]?.text ?? '', /No card of yours is kept/);
  assert.equal((await cards.find(database.pool, subscription))?.card, null);
});

test('what is another’s is not there: subscriptions, payments, cards, and forms', async () => {
  const other = await subscriber();
  const { browser, path } = await subscriber();
  const card = /\/me\/cards\/(card_[^/"]*)/.exec((await other.browser.get('/me/cards')).text)?.[1];
  const gone = [
    ...[other.path, `${other.path}/cancel`, `${other.path}/change`, `${other.path}/change/yearly`],
    ...[`${other.path}/pause`, `${other.path}/stop`, `/me/payments/${other.payment}`],
    ...[`/me/cards/${card}/remove`, '/me/s/sub_nothing', '/me/s/x', '/me/payments/pay_x'],
    ...['/me/cards/card_x/remove', `${path}/change/nothing`],
  ];
  for (const address of gone) assert.equal((await browser.get(address)).status, 404, address);
  // Neither with his own form for the other's object, nor with the other's form.
  const own = formOf(await browser.get(`${path}/cancel`), `${path}/cancel`);
  for (const action of ['cancel', 'resume', 'repay', 'card', 'stop']) {
    const seen = await browser.post(`${other.path}/${action}`, own.fields);
    assert.equal(seen.status, 404, action);
  }
  const theirs = formOf(await other.browser.get(`${other.path}/cancel`), `${other.path}/cancel`);
  assert.equal((await browser.post(`${path}/cancel`, theirs.fields)).status, 403);
  assert.equal((await browser.post(`/me/cards/${card}/default`, own.fields)).status, 404);
  await quiet();
  assert.deepEqual(await commandsOf(other.subscription), []);
});

test('a form without its token, with another’s or with that of another button changes nothing', async () => {
  const { browser, path, subscription } = await subscriber();
  const { fields } = formOf(await browser.get(`${path}/cancel`), `${path}/cancel`);
  const { token: _, ...without } = fields;
  assert.equal((await browser.post(`${path}/cancel`, without)).status, 400);
  assert.equal((await browser.post(`${path}/cancel`, { ...fields, token: 'a.b' })).status, 400);
  // The button that ends it at the period's end is not the one that ends it now.
  assert.equal((await browser.post(`${path}/cancel`, { ...fields, when: 'now' })).status, 403);
  assert.equal((await browser.post(`${path}/repay`, fields)).status, 403);
  assert.equal((await browser.post('/me/out', fields)).status, 403);
  await quiet();
  assert.deepEqual(await commandsOf(subscription), []);
});

test('who has nothing is told so, and no number is needed to be a stranger', async () => {
  const { msisdn } = await subscriber();
  assert.ok(msisdn);
  const begun = await cabinet.buys({ locale: 'en' });
  const browser = await cabinet.signsIn(begun.msisdn);
  const home = await browser.get('/me');
  assert.match(home.text, /Waiting for payment/);
  assert.match((await browser.get('/me/payments')).text, /Nothing has been charged/);
  assert.match((await browser.get('/me/cards')).text, /No card of yours/);
});
