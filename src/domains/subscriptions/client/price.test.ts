import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as gateway from '#simulators/cloudpayments';
import { monthly } from '#subscriptions/cards/stage';
import { type Browser, formOf, type Seen } from '#subscriptions/pages/fixture';
import { eventually } from '#testing';
import { openCabinet } from './fixture.ts';

const cabinet = await openCabinet(gateway);
const { cards, database, quiet, subscriber, until } = cabinet;

let plans = 0;

/** Somebody who is subscribed to a plan of his own, and told of its dearer version. */
async function told(without: 'keep' | 'end' = 'keep', consent: 'notice' | 'required' = 'required') {
  plans += 1;
  const plan = { ...monthly, code: `told-${plans}` };
  await database.transaction((tx) => cards.addPlan(tx, plan));
  const person = await subscriber(plan.code);
  const price = { ...plan.price, unitPriceMinor: 24_900n };
  await database.transaction((tx) => cards.addPlan(tx, { ...plan, price }));
  const move = await database.transaction(async (tx) => {
    const wanted = { plan: plan.code, noticeDays: 10, consent, without, actor: 'test' } as const;
    const { id } = await cards.moves.preview(tx, { ...wanted, text: '{title} {price} {date}' });
    await cards.moves.run(tx, { plan: plan.code, move: id, actor: 'test' });
    return id;
  });
  await quiet();
  const stops = () =>
    database.transaction((tx) =>
      cards.moves.stop(tx, { plan: plan.code, move, actor: 'test', text: '{title}: {price}' }),
    );
  return { ...person, stops };
}

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

async function consentsOf(subscription: string) {
  const { customerId } = (await cards.find(database.pool, subscription))?.key ?? { customerId: 0n };
  const { rows } = await sql<{ text: string; price: string; locale: string; version: number }>`
    select text_shown as text, price_shown as price, locale, terms_version as version
    from subscriptions.consent where customer_id = ${customerId} and method = 'cabinet' order by id`.execute(
    database.pool,
  );
  return rows;
}

test('a price that needs a yes stands above all else, is agreed to once, and is charged when it was said', async () => {
  const { browser, path, subscription } = await told();
  const one = await browser.get(path);
  assert.match(
    one.text,
    /From 20 December 2026 the price is RUB.249\.00 a month[\s\S]*See the new price/,
  );
  assert.match(one.text, /Next charge: RUB.199\.00/, 'until he agrees');
  const page = await browser.get(`${path}/price`);
  for (const said of [
    ...['RUB\u00a0199.00 a month', 'RUB\u00a0249.00 a month', 'nothing changes'],
    'I agree to pay RUB\u00a0249.00 a month from 20 December 2026 on',
  ])
    assert.ok(page.text.includes(said), said);
  const pressed = await Promise.all([1, 2, 3].map(() => browser.submit(page, `${path}/price`)));
  const done = await settled(browser, pressed[0] as Seen);
  assert.match(done.text, /agreed to the new price[\s\S]*Next charge: RUB.249\.00/);
  assert.match(done.text, /New price/);
  assert.match((await browser.submit(page, `${path}/price`)).text, /agreed to the new price/);
  const consents = await consentsOf(subscription);
  assert.deepEqual(
    consents.map(({ locale, price, version }) => [locale, price, version]),
    [['en', 'RUB\u00a0249.00 a month', 2]],
  );
  const shown = page.text.replaceAll(/<[^>]*>/g, ' ');
  for (const line of consents[0]?.text.split('\n') ?? [])
    for (const part of line.split(': ')) assert.ok(shown.includes(part), part);
  assert.equal((await browser.get(`${path}/price`)).path, path, 'nothing waits for a yes any more');
  await until('2026-12-21');
  const payments = await cabinet.payments.history(database.pool, {
    ...{ customerId: (await cards.find(database.pool, subscription))?.key.customerId ?? 0n },
    ...{ before: null, limit: 10 },
  });
  assert.deepEqual(
    payments.map(({ amountMinor }) => amountMinor),
    [24_900n, 19_900n],
  );
});

test('in Russian it is read, agreed to and kept in Russian, whatever is chosen before the button is pressed', async () => {
  const { browser, path, subscription } = await told('end');
  const page = await browser.get(`/language/ru?to=${path}/price`);
  assert.match(page.text, /Я согласен\(на\) платить 249,00.₽ в месяц начиная с/);
  assert.match(page.text, /Если не согласитесь, подписка закончится/);
  await browser.get('/language/en?to=/me');
  const done = await settled(browser, await browser.submit(page, `${path}/price`));
  assert.match(done.text, /agreed to the new price/);
  const [consent] = await consentsOf(subscription);
  assert.equal(consent?.locale, 'ru');
  assert.match(consent?.text ?? '', /Я согласен\(на\) платить 249,00.₽/);
});

test('a yes to what does not hold any more is shown again, or has nothing left to agree to', async () => {
  const { browser, path, stops, subscription } = await told();
  const page = await browser.get(`${path}/price`);
  // The same form of another subscription, another button, nobody's.
  const other = await told();
  const { fields } = formOf(page, `${path}/price`);
  assert.equal((await other.browser.post(`${other.path}/price`, fields)).status, 403);
  assert.equal((await browser.post(`${other.path}/price`, fields)).status, 404);
  assert.equal((await browser.get(`${other.path}/price`)).status, 404);
  assert.equal((await browser.post(`${path}/cancel`, fields)).status, 403);
  assert.equal((await browser.post(`${path}/price`, {})).status, 400);
  // A change of quantity changes what it comes to.
  const given = {
    subscription,
    command: 'change',
    quantity: 2,
    origin: 'api',
    actor: 'test',
  } as const;
  await database.transaction((tx) => cards.command(tx, given));
  await quiet();
  const again = await browser.submit(page, `${path}/price`);
  assert.equal(again.status, 409);
  assert.match(again.text, /not what is offered any more[\s\S]*RUB.498\.00 a month/);
  assert.deepEqual(await consentsOf(subscription), []);
  await stops();
  await quiet();
  const late = await browser.submit(again, `${path}/price`);
  assert.equal(late.path, path);
  assert.doesNotMatch(late.text, /See the new price/);
  assert.deepEqual(await consentsOf(subscription), []);
});

test('a price that was told and needs no yes is shown with its day; who is to end sees none', async () => {
  const { browser, path } = await told('keep', 'notice');
  const one = await browser.get(path);
  assert.match(one.text, /New price<\/dt><dd>RUB.249\.00 a month<small>on 21 January 2027/);
  assert.equal((await browser.get(`${path}/price`)).path, path);
  const cancel = await browser.get(`${path}/cancel`);
  const ended = await settled(browser, await browser.submit(cancel, `${path}/cancel`));
  assert.doesNotMatch(ended.text, /New price/);
});
