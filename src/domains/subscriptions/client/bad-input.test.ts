import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as gateway from '#simulators/cloudpayments';
import { monthly } from '#subscriptions/cards/stage';
import { formOf } from '#subscriptions/pages/fixture';
import { browserExecutable } from '#testing';
import { fitsTheScreen, openPage } from './browser-hands.ts';
import { openCabinet } from './fixture.ts';

const cabinet = await openCabinet(gateway);
const { browse, cards, clock, database, publicUrl, quiet, signsIn, subscriber } = cabinet;

const STRANGE = [
  ['html', '<script>alert(1)</script> & "quotes" \'single\' {title} {count}'],
  ['long', `Кинотеатр${'ъ'.repeat(120)} and a title that goes on ${'and on '.repeat(8)}`],
  ['rtl', '\u202eסרטים בעברית, العربية'],
] as const;
for (const [code, title] of STRANGE)
  await database.transaction((tx) => cards.addPlan(tx, { ...monthly, code, title }));

async function commandCount(): Promise<bigint> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from subscriptions.card_command`.execute(database.pool);
  return rows[0]?.count ?? 0n;
}

for (const [code, title] of STRANGE) {
  test(`a plan whose title is ${code} is shown as it is, on every page, in every language`, async () => {
    const { browser, path, payment } = await subscriber(code);
    const pages = [
      ...['/shop', `/shop/${code}`, '/me', '/me/payments', `/me/payments/${payment}`, '/me/cards'],
      ...[path, `${path}/change`, `${path}/change/yearly`, `${path}/pause`, `${path}/cancel`],
      `${path}/stop`,
    ];
    for (const language of ['en', 'ru'])
      for (const address of pages) {
        const seen = await browser.get(`/language/${language}?to=${encodeURIComponent(address)}`);
        assert.equal(seen.status, 200, address);
        assert.doesNotMatch(seen.text, /<script>|\{title\}<|undefined|\[object/, address);
        const start = title.replaceAll(/[\u202e<].*/g, '').slice(0, 9);
        assert.ok(seen.text.includes(start), address);
      }
  });
}

test('however long or turned round a title is, no page becomes wider than a small phone', {
  timeout: 600_000,
}, async (t) => {
  const executable = browserExecutable(t);
  if (executable === undefined) return;
  const page = await openPage(t, executable);
  const { browser, path, payment } = await subscriber('long');
  const [name = '', value = ''] = [...browser.cookies].find(([one]) => one === 'kopek_me') ?? [];
  await page.context().addCookies([{ name, value, url: `${publicUrl}/me` }]);
  const parts = ['', '/change', '/change/html', '/change/rtl', '/pause', '/cancel', '/stop'];
  for (const address of [
    ...['/shop', '/shop/long', '/shop/html', '/shop/rtl', '/me', '/me/payments', '/me/cards'],
    ...[`/me/payments/${payment}`, ...parts.map((part) => path + part), '/me/nothing'],
  ]) {
    await page.goto(publicUrl + address);
    await fitsTheScreen(page);
  }
});

test('a form whose session has ended changes nothing and leads to sign in; signed in again it is asked for anew', async () => {
  const { browser, msisdn, path } = await subscriber();
  const before = await commandCount();
  const page = await browser.get(`${path}/cancel`);
  clock.advanceMs(31 * 60_000);
  const late = await browser.submit(page, `${path}/cancel`);
  assert.match(late.path, /^\/me\/in/);
  const again = await signsIn(msisdn);
  const { fields } = formOf(page, `${path}/cancel`);
  // The old form is of the session that has ended, whoever is signed in now.
  assert.equal((await again.post(`${path}/cancel`, fields)).status, 403);
  await quiet();
  assert.equal(await commandCount(), before);
});

test('a form that was left open for more than an hour changes nothing', async () => {
  const { browser, path } = await subscriber();
  const before = await commandCount();
  const page = await browser.get(`${path}/pause`);
  for (let minutes = 0; minutes < 61; minutes += 20) {
    clock.advanceMs(20 * 60_000);
    await browser.get('/me');
  }
  const late = await browser.submit(page, `${path}/pause`, { days: '7' });
  assert.equal(late.status, 422);
  assert.match(late.text, /left open for too long/);
  await quiet();
  assert.equal(await commandCount(), before);
});

test('a page gone back to after the end offers what is true now, and its old button does nothing more', async () => {
  const { browser, path } = await subscriber();
  const page = await browser.get(`${path}/cancel`);
  const now = { ...page, text: page.text.slice(page.text.lastIndexOf('<form')) };
  await browser.submit(now, `${path}/cancel`);
  await quiet();
  const count = await commandCount();
  const again = await browser.submit(now, `${path}/cancel`);
  await quiet();
  assert.equal(again.status, 200);
  assert.equal(await commandCount(), count);
  const later = await browser.get(`${path}/cancel`);
  assert.doesNotMatch(later.text, /name="when"/);
  const change = await browser.get(`${path}/change/yearly`);
  assert.doesNotMatch(change.text, /class="main">Change/);
});

test('addresses and fields that nobody here has written are answered with a page, never with a fault of ours', async () => {
  const { browser, path } = await subscriber();
  const odd = ['%F0%9F%92%A9', '..%2F..', 'x'.repeat(400), "'--", '%E2%80%AE', '0', '-1', '1e99'];
  const addresses = odd.flatMap((word) => [
    ...[`/me/s/${word}`, `/me/payments/${word}`, `/me/payments?before=${word}`, `/shop/${word}`],
    ...[`/me/cards/${word}/remove`, `/me/cards?done=${word}`, `${path}?asked=${word}&look=${word}`],
    ...[`${path}/change/${word}`, `/me/link/${word}`, `/pay/${word}`, `/card/${word}`],
    ...[`/me/in?to=${word}`, `/language/${word}?to=${word}`, `/language/ru?to=${word}`],
  ]);
  for (const address of addresses) {
    const seen = await browser.get(address);
    assert.ok(seen.status < 500, `${seen.status} ${address}`);
    assert.match(seen.text, /<html lang="/, address);
  }
  const { fields } = formOf(await browser.get(`${path}/pause`), `${path}/pause`);
  for (const days of [
    '',
    ' ',
    '7.0e0x',
    '\u0000',
    '９',
    '99999999999999999999',
    'x'.repeat(5000),
  ]) {
    const seen = await browser.post(`${path}/pause`, { ...fields, days });
    assert.equal(seen.status, 400, days.slice(0, 20));
  }
  const huge = await browser.post(`${path}/pause`, { ...fields, days: 'x'.repeat(300_000) });
  assert.equal(huge.status, 413);
  browser.cookies.set('kopek_locale', '<script>');
  assert.match((await browser.get('/me')).text, /<html lang="en">/);
  const stranger = browse();
  stranger.cookies.set('kopek_me', 'x'.repeat(3000));
  assert.match((await stranger.get('/me')).path, /^\/me\/in/);
});
