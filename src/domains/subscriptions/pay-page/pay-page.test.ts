import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { must } from '#errors';
import * as gateway from '#simulators/cloudpayments';
import type { Order } from '#subscriptions/cards';
import { GOOD, lifeOf, timeOf } from '#subscriptions/cards/stage';
import { MSISDN, openSite, type Seen } from '#subscriptions/pages/fixture';
import { eventually } from '#testing';
import { registerPayPages } from './index.ts';

const site = await openSite(gateway, (app, house) => registerPayPages(app, house));
const { cards, database, gatewayUrl } = site;
const time = timeOf(site);
let people = 0;

async function orderPath(changes: Partial<Order> = {}): Promise<string> {
  people += 1;
  const plan = await cards.plan(changes.plan ?? 'month');
  must(plan, 'the plan is on sale');
  const order: Order = {
    ...{ plan: plan.code, version: plan.price.version, quantity: 1, locale: 'en' },
    ...{ msisdn: `${MSISDN.slice(0, -3)}${100 + people}`, ...changes },
  };
  return pathOf(cards.pageUrl(cards.orderPage(order, 'https://shop.test/back')));
}

const pathOf = (url: string) => new URL(url).pathname;

function pageOf(seen: Seen) {
  const page = cards.readPage(seen.path.split(/[/?]/)[2] ?? '');
  must(page.page === 'payment', 'it is the page of a payment');
  return page;
}

/** Ticks, and stands before the gateway's form. */
async function agreed(changes: Partial<Order> = {}) {
  const browser = site.browse();
  const order = await browser.get(await orderPath(changes));
  const paying = await browser.submit(order, order.path, { agree: 'yes' });
  assert.equal(paying.status, 200, paying.text);
  return { browser, order, paying, page: pageOf(paying) };
}

async function countSubscriptions(): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from subscriptions.subscription`.execute(database.pool);
  return Number(rows[0]?.count ?? 0);
}

test('an order shows what is paid, when again, and that the card is saved; looking at it orders nothing', async () => {
  const before = await countSubscriptions();
  const seen = await site.browse().get(await orderPath());
  assert.equal(seen.status, 200);
  for (const said of [
    'RUB\u00a0199.00',
    'a month',
    '20 December 2026',
    'Your card is saved',
    'href="/me"',
  ])
    assert.ok(seen.text.includes(said), said);
  assert.doesNotMatch(seen.text, / checked[ >]/);
  assert.match(seen.policy, /default-src 'none'/);
  assert.doesNotMatch(seen.policy, /http:/);
  assert.equal(await countSubscriptions(), before);
});

test('without the tick nothing is ordered, and the page says so', async () => {
  const browser = site.browse();
  const before = await countSubscriptions();
  const order = await browser.get(await orderPath());
  const again = await browser.submit(order, order.path);
  assert.equal(again.status, 422);
  assert.match(again.text, /Tick the box/);
  assert.equal(await countSubscriptions(), before);
});

test('the tick is kept with the words that were shown, and leads to the gateway’s form with our price', async () => {
  const { page, paying } = await agreed();
  const origin = new URL(gatewayUrl).origin;
  assert.ok(paying.text.includes(`<script src="${origin}/bundles/cloudpayments.js"`), paying.text);
  assert.ok(paying.policy.includes(`frame-src ${origin};`), paying.policy);
  assert.doesNotMatch(paying.policy, /unsafe/);
  assert.match(paying.text, /&quot;amount&quot;:199,/);
  const { rows } = await sql<{ method: string; text_shown: string; evidence: object }>`
    select c.method, c.text_shown, c.evidence from subscriptions.consent c
    join subscriptions.subscription s on s.consent_id = c.id order by c.id desc limit 1`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.method, 'card_page');
  assert.match(rows[0]?.text_shown ?? '', /I agree that RUB.199\.00 is taken from my card now/);
  assert.match(JSON.stringify(rows[0]?.evidence), /127\.0\.0\.1/);
  const one = await cards.find(database.pool, page.subscription);
  assert.equal(one?.status, 'pending');
});

test('the form pressed twice, also at once, is one order', async () => {
  const browser = site.browse();
  const order = await browser.get(await orderPath());
  const before = await countSubscriptions();
  const pressed = await Promise.all(
    [1, 2].map(() => browser.submit(order, order.path, { agree: 'yes' })),
  );
  const later = await browser.submit(order, order.path, { agree: 'yes' });
  const pages = [...pressed, later].map((seen) => pageOf(seen).payment);
  assert.equal(new Set(pages).size, 1);
  assert.equal(await countSubscriptions(), before + 1);
});

test('the result is what is stored: open, then paid, whatever a browser says', async () => {
  const { browser, page, paying } = await agreed();
  const path = paying.path.split('?')[0] ?? '';
  const open = await browser.get(`${path}/result`);
  assert.match(open.text, /not heard of your payment yet/);
  assert.match(open.text, /http-equiv="refresh" content="2;url=/);
  assert.match((await browser.get(`${path}/state`)).text, /"open"/);
  await lifeOf(site, { ...page, msisdn: MSISDN }).pays(GOOD);
  const done = await browser.get(`${path}/result`);
  assert.match(done.text, /you are subscribed/);
  assert.doesNotMatch(done.text, /http-equiv/);
  assert.ok(done.text.includes('href="https://shop.test/back"'));
  // The page of a payment that is settled tells the same, and shows no form to pay again.
  const again = await browser.get(path);
  assert.match(again.text, /you are subscribed/);
  assert.doesNotMatch(again.text, /<script/);
});

test('a trial says when it ends and that what is taken goes back', async () => {
  const { browser, order, page, paying } = await agreed({ plan: 'tried' });
  assert.match(order.text, /until 27 November 2026/);
  assert.match(order.text, /RUB.1\.00<small>given back at once/);
  await lifeOf(site, { ...page, msisdn: MSISDN }).pays(GOOD);
  const done = await browser.get(`${paying.path.split('?')[0]}/result`);
  assert.match(done.text, /Free until/);
  assert.match(done.text, /27 November 2026/);
});

test('a page that nobody paid is closed when its subscription has ended', async () => {
  const { browser, paying } = await agreed();
  site.clock.advanceMs(24 * 3_600_000);
  await time.quiet();
  // Its link is too old by now; the page of the same payment, had it a newer link, says that it is closed.
  const old = await browser.get(paying.path);
  assert.equal(old.status, 400);
  const fresh = pathOf(
    cards.pageUrl({ ...pageOfOld(paying), returnUrl: 'https://shop.test/back' }),
  );
  await eventually(async () => {
    assert.match((await browser.get(fresh)).text, /This page is closed/);
  });
});

function pageOfOld(seen: Seen) {
  const now = site.clock.now();
  site.clock.advanceMs(-24 * 3_600_000);
  const page = pageOf(seen);
  site.clock.set(now);
  return page;
}

test('a price that changed since it was shown is shown again, and nothing is ordered', async () => {
  const { monthly } = await import('#subscriptions/cards/stage');
  await database.transaction((tx) => cards.addPlan(tx, { ...monthly, code: 'changing' }));
  const browser = site.browse();
  const order = await browser.get(await orderPath({ plan: 'changing' }));
  const before = await countSubscriptions();
  const price = { ...monthly.price, unitPriceMinor: 29_900n };
  await database.transaction((tx) => cards.addPlan(tx, { ...monthly, code: 'changing', price }));
  const again = await browser.submit(order, order.path, { agree: 'yes' });
  assert.equal(again.status, 409);
  assert.match(again.text, /has changed since/);
  assert.match(again.text, /299\.00/);
  assert.equal(await countSubscriptions(), before);
  // Who agrees to the new one has it, and pays it.
  const paying = await browser.submit(again, order.path, { agree: 'yes' });
  assert.match(paying.text, /&quot;amount&quot;:299,/);
});

test('a coupon is in the price that is shown, asked for and agreed to; one that can’t be used is said', async () => {
  await database.transaction((tx) =>
    cards.addCoupon(tx, {
      ...{
        code: 'HALF',
        discount: { kind: 'percent', basisPoints: 5000 },
        duration: { kind: 'once' },
      },
    } as Parameters<typeof cards.addCoupon>[1]),
  );
  const { order, paying } = await agreed({ coupon: 'HALF' });
  assert.match(order.text, /Agree and pay RUB.99\.50/);
  assert.match(order.text, /taken from my card now/);
  assert.match(paying.text, /&quot;amount&quot;:99\.5,/);
  const refused = await site.browse().get(await orderPath({ coupon: 'NOTHING' }));
  assert.equal(refused.status, 409);
  assert.match(refused.text, /coupon NOTHING/);
});

test('links and forms that are not ours are refused, and name what to do', async () => {
  const browser = site.browse();
  const path = await orderPath();
  for (const wrong of [
    `${path.slice(0, -3)}AAA`,
    '/pay/nothing',
    '/pay/%00',
    `/pay/${'x'.repeat(900)}`,
  ])
    assert.equal((await browser.get(wrong)).status, 400, wrong);
  const order = await browser.get(path);
  const noShown = await browser.post(order.path, { agree: 'yes' });
  assert.equal(noShown.status, 400);
  const forged = await browser.submit(order, order.path, { agree: 'yes', shown: 'abc.def' });
  assert.equal(forged.status, 400);
  assert.equal((await browser.get(`${path}/result`)).status, 400);
});

test('a page speaks the language of its order, and English where it has none of its own', async () => {
  const russian = await site.browse().get(await orderPath({ locale: 'ru' }));
  assert.match(russian.text, /<html lang="ru">/);
  assert.match(russian.text, /Я согласен: с моей карты сейчас спишут 199,00.₽/);
  assert.match(russian.text, /2\d декабря 2026/);
  const other = await site.browse().get(await orderPath({ locale: 'fi' }));
  assert.match(other.text, /<html lang="en">/);
  assert.match(other.text, /2\d December 2026/);
});

test('who has the plan already is told so, and is not charged again', async () => {
  const msisdn = '+79161239999';
  const { page } = await agreed({ msisdn });
  await lifeOf(site, { ...page, msisdn }).pays(GOOD);
  const browser = site.browse();
  const order = await browser.get(await orderPath({ msisdn }));
  const refused = await browser.submit(order, order.path, { agree: 'yes' });
  assert.equal(refused.status, 409);
  assert.match(refused.text, /Nothing has been ordered/);
});
