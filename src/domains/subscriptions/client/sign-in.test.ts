import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiKey } from '#auth';
import * as gateway from '#simulators/cloudpayments';
import { openCabinet } from './fixture.ts';

const cabinet = await openCabinet(gateway);
const { asksPin, browse, buys, clock, pinOf, signsIn, subscriber } = cabinet;

test('whoever is not signed in is led to sign in, and comes back to where he wanted to go', async () => {
  const { msisdn, path, subscription } = await subscriber();
  const browser = browse();
  const begin = await browser.get(path);
  assert.match(begin.path, /^\/me\/in\?to=/);
  assert.doesNotMatch(begin.text, new RegExp(`${subscription}.*RUB`));
  clock.advanceMs(61_000);
  const pinPage = await browser.submit(begin, '/me/in', { number: msisdn });
  const inside = await browser.submit(pinPage, '/me/pin', { pin: pinOf(msisdn) });
  assert.equal(inside.path, path);
  assert.match(inside.text, /Cinema/);
});

test('a number that nobody has is answered as any other, and no SMS goes to it', async () => {
  const { msisdn } = await buys({ locale: 'en' });
  const [known, unknown] = ['+79160007001', msisdn].map((number) => ({
    number,
    browser: browse(),
  }));
  assert.ok(known && unknown);
  const pages = await Promise.all([known, unknown].map((one) => asksPin(one.browser, one.number)));
  const [one, other] = pages.map(({ status, text }) => [
    status,
    text.replaceAll(/value="[^"]*"/g, '').replaceAll(/\+7916\d*···\d+/g, '#'),
  ]);
  assert.deepEqual(one, other);
  assert.ok(!cabinet.said.some(({ recipient }) => recipient === '+79160007001'));
  // The same also when a PIN is guessed.
  const guessed = await Promise.all(
    pages.map((page, index) =>
      [known, unknown][index]?.browser.submit(page, '/me/pin', { pin: '00000' }),
    ),
  );
  assert.deepEqual(
    guessed.map((seen) => seen?.status),
    [422, 422],
  );
});

test('a wrong PIN is refused and counted, and the right one works once', async () => {
  const { msisdn } = await buys({ locale: 'en' });
  const browser = browse();
  const page = await asksPin(browser, msisdn);
  const pin = pinOf(msisdn);
  const wrong = await browser.submit(page, '/me/pin', { pin: pin === '00000' ? '11111' : '00000' });
  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /not the PIN/);
  const inside = await browser.submit(wrong, '/me/pin', { pin });
  assert.equal(inside.status, 200);
  assert.match(inside.text, /Sign out/);
  const stranger = browse();
  const again = await stranger.submit(page, '/me/pin', { pin });
  // Another browser can't use the form, even with the right PIN.
  assert.equal(again.status, 403);
  assert.match(again.text, /Enter your number again/);
});

test('a number that can’t be read is named, and nothing is sent', async () => {
  const browser = browse();
  const before = cabinet.said.length;
  const refused = await asksPin(browser, 'not a number');
  assert.equal(refused.status, 422);
  assert.match(refused.text, /can’t be used/);
  assert.equal(cabinet.said.length, before);
});

test('a session ends by itself when it is left alone, by signing out, and at the latest after half a day', async () => {
  const idle = await subscriber();
  clock.advanceMs(29 * 60_000);
  assert.match((await idle.browser.get('/me')).text, /Cinema/);
  clock.advanceMs(31 * 60_000);
  assert.match((await idle.browser.get('/me')).path, /^\/me\/in/);

  const leaving = await signsIn(idle.msisdn);
  const home = await leaving.get('/me');
  const kept = new Map(leaving.cookies);
  await leaving.submit(home, '/me/out');
  // The cookie is worth nothing any more, wherever it was copied to.
  for (const [name, value] of kept) leaving.cookies.set(name, value);
  assert.match((await leaving.get('/me')).path, /^\/me\/in/);

  clock.advanceMs(61_000);
  const busy = await signsIn(idle.msisdn);
  for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
    clock.advanceMs(20 * 60_000);
    await busy.get('/me');
  }
  clock.advanceMs(60_000);
  assert.match((await busy.get('/me')).path, /^\/me\/in/);
});

test('a cookie that was changed or made up is nobody’s', async () => {
  const { browser } = await subscriber();
  const cookie = browser.cookies.get('kopek_me') ?? '';
  for (const wrong of [`${cookie.slice(0, -2)}AA`, 'x', 'W10.AAAAAAAAAAAAAAAAAAAAAA', '']) {
    browser.cookies.set('kopek_me', wrong);
    assert.match((await browser.get('/me')).path, /^\/me\/in/, wrong);
  }
});

test('the cookie can’t be read by scripts, and no other site can send it with a form', async () => {
  const { msisdn } = await buys({ locale: 'en' });
  const browser = browse();
  const page = await asksPin(browser, msisdn);
  const token = /name="token" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
  const answer = await fetch(`${cabinet.publicUrl}/me/pin`, {
    ...{ method: 'POST', redirect: 'manual' },
    body: new URLSearchParams({ token, pin: pinOf(msisdn), to: 'https://evil.test/' }),
    headers: {
      cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    },
  });
  assert.match(answer.headers.getSetCookie().join(), /kopek_me=.*HttpOnly; SameSite=Lax/);
  // Where to go afterwards is a page of this room, whatever the form says.
  assert.equal(answer.headers.get('location'), '/me');
});

test('a link signs in once; opening it does not, and a merchant needs a key for it', async () => {
  const { msisdn } = await buys({ locale: 'en' });
  const { text: key } = await createApiKey(cabinet.database, {
    ...{ name: 'shop', scopes: ['customers:write'], now: clock.now() },
  });
  const ask = (authorization: string, body: object = {}) =>
    fetch(`${cabinet.publicUrl}/v1/customers/${encodeURIComponent(msisdn)}/link`, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: {
        ...{ authorization, 'content-type': 'application/json' },
        'idempotency-key': crypto.randomUUID(),
      },
    });
  assert.equal((await ask('Bearer kpk_nothing')).status, 401);
  const answer = await ask(`Bearer ${key}`, { send: 'sms' });
  assert.equal(answer.status, 201);
  const { url } = (await answer.json()) as { url: string };
  assert.ok(cabinet.said.some(({ body, recipient }) => recipient === msisdn && body.includes(url)));
  const path = url.replace(cabinet.publicUrl, '');
  const scanner = browse();
  await scanner.get(path);
  await scanner.get(path);
  const browser = browse();
  const page = await browser.get(path);
  const stranger = await browse().post(path, { token: 'x.y' });
  assert.equal(stranger.status, 400);
  const inside = await browser.submit(page, path);
  assert.match(inside.text, /Sign out/);
  const used = await scanner.get(path);
  assert.equal(used.status, 422);
  assert.match(used.text, /was used or is too old/);
});

test('asking again and again for PINs is slowed down', async () => {
  const browser = browse();
  const begin = await browser.get('/me/in');
  const statuses = [];
  for (let time = 0; time < 5; time += 1)
    statuses.push((await browser.submit(begin, '/me/in', { number: '+79160008888' })).status);
  assert.ok(statuses.includes(429), statuses.join());
});
