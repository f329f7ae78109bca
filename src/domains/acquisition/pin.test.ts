import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { newSubscriptions, userActions } from '#subscriptions';
import { buildHouse, campaign, tokenIn } from './fixture.ts';

const house = await buildHouse();
const MINUTE = 60_000;
let people = 0;

/** A number, and an address, that no other test uses: limits and cooling down are per number. */
function person() {
  people += 1;
  return {
    msisdn: `+9230091${String(people).padStart(5, '0')}`,
    local: `0300 91${String(people).padStart(5, '0')}`,
    from: `198.51.100.${people}`,
  };
}

type Person = ReturnType<typeof person>;

async function visit(who: Person, url = '/lp/demo'): Promise<string> {
  return tokenIn(await house.get(url, { from: who.from }));
}

async function askForPin(who: Person) {
  const token = await visit(who);
  const page = await house.post(
    '/lp/demo/number',
    { token, msisdn: who.local },
    { from: who.from },
  );
  return { page, token: tokenIn(page), pin: house.lastPin() };
}

function enter(who: Person, token: string, pin: string) {
  return house.post('/lp/demo/pin', { token, pin }, { from: who.from });
}

async function consentsOf(who: Person): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await sql<Record<string, unknown>>`
    select s.* from subscriptions.consent s join subscriptions.customer c on c.id = s.customer_id
    where c.msisdn = ${who.msisdn}`.execute(house.database.pool);
  return rows;
}

async function actionsOf(who: Person): Promise<readonly string[]> {
  const all = await house.published(userActions);
  return all.filter((one) => one.msisdn === who.msisdn).map((one) => one.action);
}

function other(pin: string): string {
  return pin === '00000' ? '00001' : '00000';
}

test('a typed number is proven by its PIN, and the consent says all that was shown', async () => {
  const who = person();
  const { page, token, pin } = await askForPin(who);
  assert.equal(page.status, 200);
  assert.match(
    page.body,
    /PKR.5\.00 a day[\s\S]*<button>Confirm and subscribe<\/button>[\s\S]*STOP to 7787/,
  );
  assert.ok(Buffer.byteLength(page.body) < 20_000);
  assert.deepEqual(await consentsOf(who), []);
  house.clock.advanceMs(MINUTE);
  const done = await enter(who, token, pin);
  assert.equal(done.status, 200);
  assert.match(done.body, /you are subscribed[\s\S]*STOP to 7787/);
  const [consent] = await consentsOf(who);
  assert.equal(consent?.method, 'pin');
  assert.equal(consent?.price_shown, 'PKR\u00a05.00 a day');
  for (const said of [
    campaign.texts.headline,
    campaign.texts.button,
    'STOP to 7787',
    campaign.texts.terms,
  ]) {
    assert.ok(String(consent?.text_shown).includes(said), said);
  }
  assert.deepEqual(consent?.evidence, {
    address: who.from,
    userAgent: 'lightMyRequest',
    pinSentAt: '2026-03-01T10:00:00.000Z',
  });
  assert.deepEqual(consent?.confirmed_at, new Date('2026-03-01T10:01:00Z'));
  assert.deepEqual(await actionsOf(who), ['msisdn_entered', 'pin_sent', 'pull_click']);
  assert.equal((await house.published(newSubscriptions('mobilink'))).at(-1)?.msisdn, who.msisdn);
});

test('the PIN goes out as a secret, first in line, for as long as it is valid', async () => {
  const who = person();
  await askForPin(who);
  const { rows } = await sql`
    select provider, sender, kind, secret, priority, expires_at - created_at = interval '10 minutes' as valid
    from sms.message where recipient = ${who.msisdn}`.execute(house.database.pool);
  assert.deepEqual(rows, [
    { provider: 'mobilink', sender: '7787', kind: 'pin', secret: true, priority: 2, valid: true },
  ]);
});

test('a malformed or foreign number is told at its field, keeps what was typed, and stores nothing', async () => {
  const who = person();
  const token = await visit(who);
  const before = await house.stored();
  for (const msisdn of ['', 'abc', '0300 123', '+7 916 123-45-67', '0311 9102250', '<b>"x']) {
    const page = await house.post('/lp/demo/number', { token, msisdn }, { from: who.from });
    assert.equal(page.status, 422, msisdn);
    assert.match(page.body, /aria-invalid="true"[\s\S]*id="fault" role="alert"/);
    assert.doesNotMatch(page.body, /<b>/);
    assert.notEqual(tokenIn(page), 'no token');
  }
  assert.deepEqual(await house.stored(), before);
});

test('a wrong PIN leaves fewer tries, the last locks it, and neither consents', async () => {
  const who = person();
  const { token, pin } = await askForPin(who);
  const first = await enter(who, token, other(pin));
  assert.equal(first.status, 422);
  assert.match(first.body, /2 tries are left/);
  assert.match((await enter(who, tokenIn(first), other(pin))).body, /1 try is left/);
  assert.match((await enter(who, token, other(pin))).body, /too many wrong tries/);
  assert.match((await enter(who, token, pin)).body, /too many wrong tries/);
  assert.deepEqual(await consentsOf(who), []);
  assert.deepEqual((await actionsOf(who)).slice(2), Array(4).fill('pin_wrong'));
});

test('a PIN that is too old asks for a new one, which then counts', async () => {
  const who = person();
  const { token, pin } = await askForPin(who);
  house.clock.advanceMs(10 * MINUTE);
  const old = await enter(who, token, pin);
  assert.match(old.body, /too old/);
  const again = await house.post(
    '/lp/demo/pin-again',
    { token: tokenIn(old), msisdn: who.local },
    { from: who.from },
  );
  assert.equal(again.status, 200);
  assert.equal((await enter(who, tokenIn(again), house.lastPin())).status, 200);
  assert.equal((await consentsOf(who)).length, 1);
});

test('a second PIN within a minute is not sent, and the page still takes the first', async () => {
  const who = person();
  const { pin } = await askForPin(who);
  const impatient = await house.post(
    '/lp/demo/number',
    { token: await visit(who), msisdn: who.local },
    { from: who.from },
  );
  assert.equal(impatient.status, 429);
  assert.match(impatient.body, /You can ask for another in 60 s/);
  assert.equal(impatient.headers['retry-after'], '60');
  assert.equal((await enter(who, tokenIn(impatient), pin)).status, 200);
});

test('one number is asked for a few times a minute, from whatever addresses', async () => {
  const who = person();
  const token = await visit(who);
  const ask = (from: string) =>
    house.post('/lp/demo/number', { token, msisdn: who.local }, { from });
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1) statuses.push((await ask(`192.0.2.${count}`)).status);
  assert.deepEqual(statuses, [200, 429, 429, 429, 429]);
  assert.match((await ask('192.0.2.77')).body, /That was asked for too often/);
});

test('a form that comes again, or twice at once, gives the same page and one consent', async () => {
  const who = person();
  const { token, pin } = await askForPin(who);
  const pages = await Promise.all(Array.from({ length: 10 }, () => enter(who, token, pin)));
  house.clock.advanceMs(30 * MINUTE);
  pages.push(await enter(who, token, pin), await enter(who, token, 'nonsense'));
  assert.deepEqual(new Set(pages.map((page) => page.status)), new Set([200]));
  assert.equal(new Set(pages.map((page) => page.body)).size, 1);
  assert.equal((await consentsOf(who)).length, 1);
  assert.deepEqual(await actionsOf(who), ['msisdn_entered', 'pin_sent', 'pull_click']);
});

test('the first form of a visit that is over sends no PIN again', async () => {
  const who = person();
  const first = await visit(who);
  const page = await house.post(
    '/lp/demo/number',
    { token: first, msisdn: who.local },
    { from: who.from },
  );
  await enter(who, tokenIn(page), house.lastPin());
  const before = await house.stored();
  const again = await house.post(
    '/lp/demo/number',
    { token: first, msisdn: '03009199999' },
    { from: who.from },
  );
  assert.match(again.body, /you are subscribed/);
  assert.ok(again.body.includes(who.msisdn.slice(-4)));
  assert.deepEqual(await house.stored(), before);
});

test('a new price is shown before anything is agreed to, and the old PIN page does not get past it', async () => {
  const who = person();
  const { token, pin } = await askForPin(who);
  await house.addTerms({ priceMinor: 700n });
  const before = await house.stored();
  const page = await enter(who, token, pin);
  assert.equal(page.status, 409);
  assert.match(page.body, /This offer has changed[\s\S]*PKR.7\.00 a day/);
  assert.deepEqual(await consentsOf(who), []);
  assert.deepEqual(await house.stored(), before);
  assert.match(page.body, /action="\/lp\/demo\/number"/);
  await house.addTerms();
});

test('tampered, foreign, old, missing and misplaced tokens lead back to the page, and store nothing', async () => {
  const who = person();
  const { token, pin } = await askForPin(who);
  const landing = await visit(who);
  await house.acquisition.createCampaign({ ...campaign, link: 'other' });
  const before = await house.stored();
  const forged = `${Buffer.from('[1,{"hit":"x"}]').toString('base64url')}${token.slice(-23)}`;
  for (const bad of [`${token.slice(0, -1)}!`, forged, '', 'x', landing, 'x'.repeat(5000)]) {
    const page = await enter(who, bad, pin);
    assert.equal(page.status, 400, bad.slice(0, 40));
    assert.match(page.body, /<h1>/);
  }
  const elsewhere = await house.post('/lp/other/pin', { token, pin }, { from: who.from });
  assert.equal(elsewhere.status, 400);
  assert.match(elsewhere.body, /href="\/lp\/other"/);
  assert.equal((await house.post('/lp/demo/pin', { pin }, { from: who.from })).status, 400);
  house.clock.advanceMs(61 * MINUTE);
  const late = await enter(who, token, pin);
  assert.equal(late.status, 422);
  assert.match(late.body, /href="\/lp\/demo"/);
  assert.deepEqual(await house.stored(), before);
});

test('bodies that are too large or no form are refused with a page', async () => {
  const before = await house.stored();
  const large = await house.post('/lp/demo/number', { token: 'x', msisdn: 'y'.repeat(20_000) });
  assert.equal(large.status, 413);
  const inject = (type: string, payload: string) =>
    house.server.app.inject({
      method: 'POST',
      url: '/lp/demo/number',
      headers: { 'content-type': type },
      payload,
    });
  assert.equal((await inject('application/json', '{"token":')).statusCode, 400);
  assert.equal((await inject('application/json', '{"token":{"a":1}}')).statusCode, 400);
  assert.equal((await inject('text/plain', 'token=1')).statusCode, 415);
  assert.match((await inject('text/plain', 'x')).body, /<h1>/);
  assert.deepEqual(await house.stored(), before);
});

test("the address of a form, opened by hand, is the landing page's", async () => {
  const page = await house.get('/lp/demo/pin');
  assert.equal(page.status, 303);
  assert.equal(page.headers.location, '/lp/demo');
});

test('an address that sends form after form has to wait', async () => {
  const who = person();
  const token = await visit(who);
  const ask = () => house.post('/lp/demo/number', { token, msisdn: 'no' }, { from: who.from });
  for (let count = 0; count < 60; count += 1) assert.equal((await ask()).status, 422);
  const before = await house.stored();
  const page = await ask();
  assert.equal(page.status, 429);
  assert.match(page.body, /Please wait a moment/);
  assert.equal(page.headers['retry-after'], '1');
  assert.deepEqual(await house.stored(), before);
});
