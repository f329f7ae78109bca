import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiKey } from '#auth';
import * as gateway from '#simulators/cloudpayments';
import { type Browser, formOf, type Seen } from '#subscriptions/pages/fixture';
import { catalogue, type TextKey } from '#subscriptions/speech';
import { eventually } from '#testing';
import { openCabinet } from './fixture.ts';

const cabinet = await openCabinet(gateway);
const { browse, buys, cards, database, quiet, subscriber } = cabinet;

/** All that a person can read or hear of a page. */
function wordsOf({ text }: Seen): string {
  const read = text.replace(/<style>.*?<\/style>/gs, '').replace(/<script>.*?<\/script>/gs, '');
  const heard = [...read.matchAll(/(?:aria-label|title|placeholder)="([^"]*)"/g)].map(
    ([, word]) => word,
  );
  const shown = read.replace(/data-parameters="[^"]*"/, '').replaceAll(/<[^>]*>/g, ' ');
  return [shown, ...heard].join(' ').replaceAll('&#39;', "'").replaceAll('&quot;', '"');
}

/** Names that are written in Latin letters in any language. */
const NAMES =
  /Cinema( for a year)?|Series|English|SMS|JavaScript|Visa|MasterCard|pay_\w+|sub_\w+|Kopek|UTC|GMT|x-\S+|[0-9a-f-]{36}/g;

function mustBeRussian(seen: Seen): void {
  assert.match(seen.text, /<html lang="ru">/, seen.path);
  const left = wordsOf(seen).replaceAll(NAMES, '');
  assert.doesNotMatch(
    left,
    /[A-Za-z]{2,}/,
    `${seen.path}: ${left.match(/.{0,20}[A-Za-z]{2,}.{0,20}/)}`,
  );
  for (const key of Object.keys(catalogue.en) as TextKey[]) {
    const text = catalogue.en[key];
    const forms = typeof text === 'string' ? [text] : Object.values(text);
    for (const form of forms) {
      const longest = form.split(/\{\w+\}/).toSorted((one, other) => other.length - one.length)[0];
      if (!longest || !/[A-Za-z]/.test(longest)) continue;
      assert.equal(left.includes(longest.trim()), false, `${seen.path} says ${key}`);
    }
  }
}

async function settled(browser: Browser, path: string): Promise<Seen> {
  await quiet();
  return eventually(
    async () => {
      const seen = await browser.get(path);
      assert.doesNotMatch(seen.text, /http-equiv/);
      return seen;
    },
    { timeoutMs: 30_000 },
  );
}

test('every page of a Russian customer is Russian: signing in, the cabinet, what is asked and what is refused', async () => {
  const { msisdn, ...life } = await buys({ locale: 'ru' });
  await life.pays();
  const browser = browse();
  await browser.get('/language/ru?to=/me/in');
  const begin = await browser.get('/me/in');
  const wrongNumber = await browser.submit(begin, '/me/in', { number: 'x' });
  const pin = await cabinet.asksPin(browser, msisdn);
  const wrongPin = await browser.submit(pin, '/me/pin', { pin: 'x' });
  for (const seen of [begin, wrongNumber, pin, wrongPin]) mustBeRussian(seen);
  assert.match(cabinet.said.at(-1)?.body ?? '', /^\d{5} — код для входа/);
  await browser.submit(wrongPin, '/me/pin', { pin: cabinet.pinOf(msisdn) });

  const path = `/me/s/${life.subscription}`;
  const parts = [
    ...['', '/change', '/change/yearly', '/change/tried', '/pause', '/cancel', '/stop'],
    ...['/switch', '/price'],
  ];
  const pages = [
    ...['/me', '/me/payments', `/me/payments/${life.payment}`, '/me/cards', '/me/nothing'],
    ...parts.map((part) => path + part),
    ...['/me/s/sub_x', '/me/payments/pay_x', '/me/link/nothing', '/shop', '/shop/month'],
  ];
  for (const address of pages) mustBeRussian(await browser.get(address));
  const cardsPage = await browser.get('/me/cards');
  const removal = /href="(\/me\/cards\/[^"]*\/remove)"/.exec(cardsPage.text)?.[1] ?? '';
  mustBeRussian(await browser.get(removal));

  const cancelled = await browser.submit(await browser.get(`${path}/cancel`), `${path}/cancel`);
  mustBeRussian(cancelled);
  mustBeRussian(await settled(browser, cancelled.path));
  const kept = await browser.submit(await browser.get(path), `${path}/resume`);
  mustBeRussian(await settled(browser, kept.path));
  const again = await browser.submit(await browser.get(`${path}/pause`), `${path}/pause`);
  assert.equal(again.status, 400);
  mustBeRussian(again);
  const now = await browser.get(`${path}/cancel`);
  const ended = await browser.submit(
    { ...now, text: now.text.slice(now.text.lastIndexOf('<form')) },
    `${path}/cancel`,
  );
  mustBeRussian(ended);
  mustBeRussian(await settled(browser, path));
  mustBeRussian(await browser.get('/me'));
  mustBeRussian(await browser.get(`/me/payments/${life.payment}`));
  mustBeRussian(await browser.submit(await browser.get('/me'), '/me/out'));
});

test('every page on which something is ordered and paid is Russian, and so is what is agreed to', async () => {
  const browser = browse();
  await browser.get('/language/ru?to=/shop');
  const buyer = await browser.get('/shop/month');
  const wrong = await browser.submit(buyer, '/shop/month', { number: 'x', email: 'x' });
  const order = await browser.submit(buyer, '/shop/month', { number: '+79165559901' });
  const missing = await browser.submit(order, order.path);
  const paying = await browser.submit(order, order.path, { agree: 'yes' });
  const path = paying.path.split('?')[0] ?? '';
  const open = await browser.get(`${path}/result`);
  for (const seen of [wrong, order, missing, paying, open]) mustBeRussian(seen);
  const page = cards.readPage(path.split('/')[2] ?? '');
  assert.ok(page.page === 'payment');
  assert.equal((await cards.find(database.pool, page.subscription))?.locale, 'ru');
  for (const address of ['/pay/nothing', '/pay/x/result', '/card/x', '/api/v1/pay/x'])
    mustBeRussian(await browser.get(address));
});

test('a language that is chosen on a page holds on all of them, and nothing else is changed by it', async () => {
  const { browser, path, subscription } = await subscriber();
  const english = await browser.get(`${path}/cancel`);
  assert.match(english.text, /<html lang="en">/);
  const href = /href="(\/language\/ru[^"]*)"/.exec(english.text)?.[1]?.replaceAll('&amp;', '&');
  assert.ok(href);
  const russian = await browser.get(href);
  assert.equal(russian.path, `${path}/cancel`);
  assert.match(russian.text, /<html lang="ru">/);
  assert.match(russian.text, /lang="en" hreflang="en">English</);
  mustBeRussian(await browser.get('/me'));
  assert.equal((await cards.find(database.pool, subscription))?.priced.endsWithPeriod, false);
  const back = await browser.get('/language/en?to=/me');
  assert.match(back.text, /<html lang="en">/);
  for (const to of [
    'https://evil.test/',
    '//evil.test/me',
    '/\\evil.test',
    'me',
    '/v1/plans',
    '/me/../v1',
  ])
    assert.equal(
      (await browser.ask(`/language/xx?to=${encodeURIComponent(to)}`)).location,
      '/me',
      to,
    );
});

test('who has chosen nothing is spoken to in what he has agreed in, a stranger in what his browser wants', async () => {
  const life = await buys({ locale: 'ru' });
  await life.pays();
  const browser = await cabinet.signsIn(life.msisdn);
  assert.match((await browser.get('/me')).text, /<html lang="ru">/);
  // The SMS too: whoever has the number may not be whoever typed it.
  assert.match(cabinet.said.at(-1)?.body ?? '', /код для входа/);
  const { text: key } = await createApiKey(database, {
    ...{ name: 'shop', scopes: ['customers:write'], now: cabinet.clock.now() },
  });
  await fetch(`${cabinet.publicUrl}/v1/customers/${encodeURIComponent(life.msisdn)}/link`, {
    ...{ method: 'POST', body: JSON.stringify({ send: 'sms' }) },
    headers: {
      ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      'idempotency-key': crypto.randomUUID(),
    },
  });
  assert.match(cabinet.said.at(-1)?.body ?? '', /^Ваши подписки: http/);
  const languages: readonly (readonly [string, string])[] = [
    ['ru-RU,ru;q=0.9', 'ru'],
    ['en', 'en'],
    ['fi', 'en'],
  ];
  for (const [wish, expected] of languages) {
    const seen = await browse().ask('/me/in', { headers: { 'accept-language': wish } });
    assert.match(seen.text, new RegExp(`<html lang="${expected}">`), wish);
  }
  const order = cards.orderPage(
    {
      ...{ plan: 'month', version: 1, quantity: 1, locale: 'ru' },
      msisdn: '+79165559902',
    },
    'https://shop.test/back',
  );
  const { pathname } = new URL(cards.pageUrl(order));
  const seen = await browse().ask(pathname, { headers: { 'accept-language': 'en' } });
  assert.match(seen.text, /<html lang="ru">/);
});

test('what a person agrees to is kept in the language in which he read it', async () => {
  const plan = await cards.plan('month');
  const order = cards.orderPage(
    {
      ...{ plan: 'month', version: plan?.price.version ?? 1, quantity: 1, locale: 'ru' },
      msisdn: '+79165559903',
    },
    'https://shop.test/back',
  );
  const { pathname } = new URL(cards.pageUrl(order));
  const browser = browse();
  const seen = await browser.get(`/language/en?to=${pathname}`);
  assert.match(seen.text, /I agree that RUB.199\.00 is taken/);
  const paying = await browser.submit(seen, seen.path, { agree: 'yes' });
  const page = cards.readPage(paying.path.split(/[/?]/)[2] ?? '');
  assert.ok(page.page === 'payment');
  assert.equal((await cards.find(database.pool, page.subscription))?.locale, 'en');
  assert.ok(formOf(seen, seen.path).fields.shown);
});
