import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as gateway from '#simulators/cloudpayments';
import * as operator from '#simulators/operator';
import { eitherWay, OTHER, openPhoneSide } from '#subscriptions/cards/stage';
import { type Browser, formOf, type Seen } from '#subscriptions/pages/fixture';
import { eventually } from '#testing';
import { openCabinet } from './fixture.ts';

const cabinet = await openCabinet(gateway);
const { cards, clock, database, signsIn } = cabinet;
const side = await openPhoneSide(cabinet, operator);
const { buysByCard, leavesCard, quiet, subscribes } = side;

/** Looks until what was asked for has happened. */
async function settled(browser: Browser, asked: Seen): Promise<Seen> {
  await quiet();
  return eventually(
    async () => {
      const seen = await browser.get(asked.path);
      assert.doesNotMatch(seen.text, /Asked\. One moment|Запрос принят/);
      return seen;
    },
    { timeoutMs: 30_000 },
  );
}

/** What is written down of what somebody wanted: consents that he gave here, and commands. */
async function writtenOf({ key }: { readonly key: { customerId: bigint; id: bigint } }) {
  const consents = await sql<{ text: string; price: string; locale: string }>`
    select text_shown as text, price_shown as price, locale from subscriptions.consent
    where customer_id = ${key.customerId} and method = 'cabinet' order by id`.execute(
    database.pool,
  );
  const commands = await sql<{ said: string }>`
    select command || ' ' || outcome || ' ' || coalesce(reason, '') as said from subscriptions.card_command
    where customer_id = ${key.customerId} and subscription_id = ${key.id} and command = 'switch'
    order by id`.execute(database.pool);
  return { consents: consents.rows, commands: commands.rows.map(({ said }) => said) };
}

const wordsOf = ({ text }: Seen) => text.replaceAll(/<[^>]*>/g, ' ').replaceAll('&#39;', "'");

test('from a card to the phone: shown, agreed to once however often it is pressed, and kept word for word', async () => {
  const person = await buysByCard();
  const browser = await signsIn(person.msisdn);
  await browser.get('/language/en?to=/me');
  const path = `/me/s/${person.subscription}`;
  assert.match((await browser.get(path)).text, /href="[^"]*\/switch">Pay by phone/);
  const page = await browser.get(`${path}/switch`);
  for (const said of [
    ...['PKR\u00a05.00 a day', '20 December 2026', 'What you have paid for is kept'],
    'I agree that PKR\u00a05.00 a day is charged to the balance of',
  ])
    assert.ok(page.text.includes(said), said);
  const none = await writtenOf(person);
  assert.deepEqual([none.consents, none.commands], [[], []], 'a look writes nothing');
  const pressed = await Promise.all([1, 2, 3].map(() => browser.submit(page, `${path}/switch`)));
  const done = await settled(browser, pressed[0] as Seen);
  assert.match(done.text, /from the next charge on you pay the other way/);
  // Once more when all is done: what came of it is told, and nothing else happens.
  assert.match((await browser.submit(page, `${path}/switch`)).text, /you pay the other way/);
  await quiet();
  const { commands, consents } = await writtenOf(person);
  assert.deepEqual(commands, ['switch done switched']);
  const [consent] = consents;
  assert.deepEqual([consents.length, consent?.locale], [1, 'en']);
  assert.equal(consent?.price, 'PKR\u00a05.00 a day');
  const shown = wordsOf(page);
  for (const line of consent?.text.split('\n') ?? [])
    for (const part of line.split(': ')) assert.ok(shown.includes(part), part);
  assert.equal((await person.row()).operator, 'mobilink');
  assert.match((await browser.get(path)).text, /your phone balance/);
  assert.equal(await person.stops(), 1);
});

test('from the phone to a card without one: agreed first, then the page on which it is entered, then it pays', async () => {
  const person = await subscribes();
  const browser = await signsIn(person.msisdn);
  await browser.get('/language/ru?to=/me');
  const path = `/me/s/${person.subscription}`;
  const page = await browser.get(`${path}/switch`);
  assert.match(
    page.text,
    /199,00.₽ в месяц[\s\S]*с карты, которую я введу[\s\S]*Согласиться и ввести карту/,
  );
  const asked = await settled(browser, await browser.submit(page, `${path}/switch`));
  assert.match(asked.text, /Остался один шаг[\s\S]*Введите карту до/);
  const card = await browser.submit(asked, `${path}/card`);
  assert.match(card.path, /^\/pay\//);
  const opened = cards.readPage(card.path.split(/[/?]/)[2] ?? '');
  assert.ok(opened.page === 'payment');
  assert.equal((await person.row()).operator, 'mobilink', 'the phone pays until it is there');
  await person.pays(undefined, opened.payment);
  await quiet();
  assert.equal((await person.row()).operator, 'card');
  const { locale } = await person.now();
  assert.equal(locale, 'ru');
  assert.deepEqual(
    (await writtenOf(person)).consents.map((one) => one.locale),
    ['ru'],
  );
  assert.match((await browser.get(path)).text, /3055/);
  await person.says('cancel', { timing: 'now' });
});

test('with cards that are saved it is agreed to which of them pays', async () => {
  const person = await subscribes();
  await leavesCard(person.msisdn);
  const other = await cabinet.buys({ msisdn: person.msisdn });
  await other.pays(OTHER);
  await other.says('cancel', { timing: 'now' });
  const browser = await signsIn(person.msisdn);
  await browser.get('/language/en?to=/me');
  const path = `/me/s/${person.subscription}`;
  const page = await browser.get(`${path}/switch`);
  assert.match(page.text, /Visa ••••.3055/);
  assert.doesNotMatch(page.text, /No card|enter a card/);
  const link = /href="([^"]*switch\?card=[^"]*)"/.exec(page.text)?.[1] ?? '';
  const chosen = await browser.get(link);
  assert.match(chosen.text, /is taken from MasterCard ••••.3055/);
  assert.equal((await browser.get(`${path}/switch?card=card_1x1`)).status, 404);
  const done = await settled(browser, await browser.submit(chosen, `${path}/switch`));
  assert.match(done.text, /you pay the other way/);
  assert.equal((await person.now()).card?.brand, 'MasterCard');
  await person.says('cancel', { timing: 'now' });
});

test('a price that has changed since is shown again, and nothing is agreed to or asked for', async () => {
  const person = await subscribes();
  await leavesCard(person.msisdn);
  const browser = await signsIn(person.msisdn);
  await browser.get('/language/en?to=/me');
  const path = `/me/s/${person.subscription}`;
  const page = await browser.get(`${path}/switch`);
  const price = { ...eitherWay.price, unitPriceMinor: 21_900n };
  await database.transaction((tx) => cards.addPlan(tx, { ...eitherWay, price }));
  const again = await browser.submit(page, `${path}/switch`);
  assert.equal(again.status, 409);
  assert.match(again.text, /not what is offered any more[\s\S]*RUB.219\.00 a month/);
  // Whoever carries switches out hears of a newer version within a second.
  await eventually(async () => {
    const plan = await cabinet.context.plans.newest(eitherWay.code);
    assert.equal(plan?.price.unitPriceMinor, 21_900n);
  });
  clock.advanceMs(86_400_000);
  await quiet();
  const later = await signsIn(person.msisdn);
  await later.get('/language/en?to=/me');
  const old = await later.get(`${path}/switch`);
  clock.advanceMs(20 * 60_000);
  const same = await settled(later, await later.submit(old, `${path}/switch`));
  assert.match(same.text, /you pay the other way/, 'nothing of it has changed meanwhile');
  assert.equal((await writtenOf(person)).consents.length, 1);
  assert.match((await writtenOf(person)).consents[0]?.text ?? '', /219\.00/);
  await person.says('cancel', { timing: 'now' });
});

test("another's is not there, another page's form is none, and what can't be switched says why", async () => {
  const [person, stranger] = [await buysByCard(), await buysByCard()];
  const browser = await signsIn(person.msisdn);
  await browser.get('/language/en?to=/me');
  const path = `/me/s/${person.subscription}`;
  const theirs = `/me/s/${stranger.subscription}`;
  assert.equal((await browser.get(`${theirs}/switch`)).status, 404);
  const { fields } = formOf(await browser.get(`${path}/switch`), `${path}/switch`);
  assert.equal((await browser.post(`${theirs}/switch`, fields)).status, 404);
  assert.equal((await browser.post(`${path}/cancel`, fields)).status, 403);
  assert.equal((await browser.post(`${path}/switch`, {})).status, 400);
  assert.equal((await browser.post(`${path}/switch`, { token: 'x' })).status, 400);
  const intruder = await signsIn(stranger.msisdn);
  assert.equal((await intruder.post(`${path}/switch`, fields)).status, 404);
  assert.deepEqual((await writtenOf(person)).consents, []);

  await person.says('cancel');
  const ending = await browser.get(`${path}/switch`);
  assert.match(ending.text, /about to end\. Keep it first/);
  assert.doesNotMatch((await browser.get(path)).text, /Pay by phone/);
  // The form of before: shown again, with the reason.
  const late = await browser.post(`${path}/switch`, fields);
  assert.deepEqual([late.status, /about to end/.test(late.text)], [409, true]);
  await person.says('cancel', { timing: 'now' });
  assert.equal((await browser.get(`${path}/switch`)).path, path);
  const [oneWay] = [await cabinet.subscriber()];
  await oneWay.browser.get('/language/en?to=/me');
  assert.doesNotMatch((await oneWay.browser.get(oneWay.path)).text, /Pay by phone/);
  assert.match(
    (await oneWay.browser.get(`${oneWay.path}/switch`)).text,
    /can’t be paid the other way/,
  );
});
