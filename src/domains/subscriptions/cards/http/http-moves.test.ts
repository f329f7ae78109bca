import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createHttpServer } from '#http';
import * as gateway from '#simulators/cloudpayments';
import * as operator from '#simulators/operator';
import { eitherWay, lives, openPhoneSide, openShop } from '#subscriptions/cards/stage';
import { registerCardSubscriptionRoutes } from './http.ts';

const shop = await openShop(gateway);
const { cards, clock, database, log } = shop;
const { begin } = lives(shop);
const side = await openPhoneSide(shop, operator);
const { buysByCard, quiet, subscribes, until } = side;
const keyring = createKeyring({ database });
const scopes = ['subscriptions:read', 'subscriptions:write', 'subscriptions:admin'];
const { text: key } = await createApiKey(database, { name: 'test', now: clock.now(), scopes });
const { text: readerKey } = await createApiKey(database, {
  ...{ name: 'reader', now: clock.now(), scopes: ['subscriptions:read'] },
});
const server = await createHttpServer({ log, api: { database, clock, keyring } });
registerCardSubscriptionRoutes(server.app, { cards, database, plans: () => [] });
after(() => server.close());

async function ask(
  method: 'GET' | 'POST',
  url: string,
  body?: object,
  { as = key, once = randomUUID() }: { readonly as?: string; readonly once?: string } = {},
) {
  const answer = await server.app.inject({
    ...{ method, url, ...(body ? { payload: body } : {}) },
    headers: { authorization: `Bearer ${as}`, ...(body ? { 'idempotency-key': once } : {}) },
  });
  return { status: answer.statusCode, body: answer.json() };
}

const consentTo = (priceMinor: number) => ({
  ...{ text: 'Cinema', price_minor: priceMinor, ip: '203.0.113.7', at: clock.now().toISOString() },
});

test('the other way: shown with its price, asked for with a yes to that price, and told what came of it', async () => {
  await begin();
  const person = await buysByCard();
  const url = `/v1/subscriptions/${person.subscription}/switch`;
  const { body: shown } = await ask('GET', `${url}?to=phone`);
  assert.deepEqual(shown, {
    ...{ possible: true, plan: eitherWay.code, version: 1, charged_by: 'mobilink' },
    ...{ price_minor: 500, currency: 'PKR', period: 'daily' },
    starts_at: '2026-12-20T07:00:00.000Z',
  });
  const wish = { to: 'phone', version: 1, consent: consentTo(19_900) };
  const dear = await ask('POST', url, wish);
  assert.deepEqual([dear.status, dear.body.code], [409, 'terms_outdated']);
  const denied = await ask('POST', url, wish, { as: readerKey });
  assert.equal(denied.status, 403);
  const once = randomUUID();
  const said = { ...wish, consent: consentTo(500) };
  const first = await ask('POST', url, said, { once });
  assert.equal(first.status, 202);
  assert.deepEqual(await ask('POST', url, said, { once }), first);
  await quiet();
  const command = `/v1/subscriptions/${person.subscription}/commands/${first.body.command}`;
  const { body: result } = await ask('GET', command);
  assert.deepEqual([result.outcome, result.reason], ['done', 'switched']);
  const again = await ask('POST', url, said);
  assert.deepEqual([again.status, again.body.code], [422, 'switch_refused']);
  assert.deepEqual((await ask('GET', `${url}?to=phone`)).body, {
    ...{ possible: false, reason: 'by_phone_already' },
  });
  await person.stops();
});

test('without a saved card the page of POST …/card leads there', async () => {
  await begin();
  const person = await subscribes();
  const url = `/v1/subscriptions/${person.subscription}`;
  const { body: shown } = await ask('GET', `${url}/switch?to=card`);
  assert.deepEqual([shown.price_minor, shown.period, shown.needs_card], [19_900, 'month', true]);
  const back = { return_url: 'https://shop.test/thanks' };
  assert.equal((await ask('POST', `${url}/card`, back)).body.code, 'not_by_card');
  const body = { to: 'card', version: 1, consent: consentTo(19_900) };
  assert.equal((await ask('POST', `${url}/switch`, body)).status, 202);
  await quiet();
  const page = await ask('POST', `${url}/card`, back);
  assert.deepEqual([page.status, page.body.amount_minor, page.body.pays_bill], [201, 100, false]);
  await person.pays(undefined, page.body.payment);
  await quiet();
  assert.equal((await ask('GET', `${url}/by-card`)).body.card.mask.slice(-4), '3055');
  await person.stops();
});

test('a move: looked at, run once, and shown with what became of it', async () => {
  await begin();
  const person = await buysByCard();
  const plan = `/v1/plans/${eitherWay.code}/moves`;
  await database.transaction((tx) =>
    cards.addPlan(tx, {
      ...{ ...eitherWay, price: { ...eitherWay.price, unitPriceMinor: 24_900n } },
    }),
  );
  const wanted = { notice_days: 10, consent: 'required', text: '{title} {price} {date}' };
  const wrong = await ask('POST', plan, { ...wanted, notice_days: 0 });
  assert.equal(wrong.status, 400);
  assert.equal((await ask('POST', '/v1/plans/none/moves', wanted)).body.code, 'plan_unknown');
  assert.equal((await ask('POST', plan, wanted, { as: readerKey })).status, 403);
  const { body: looked, status } = await ask('POST', plan, wanted);
  assert.deepEqual([status, looked.state, looked.total, looked.raised], [201, 'previewed', 1, 1]);
  assert.deepEqual(looked.from, [
    {
      ...{ version: 1, subscriptions: 1, quantity: 1, price_minor: 19_900 },
      ...{ new_price_minor: 24_900, raises: true, difference_minor: 5000 },
    },
  ]);
  assert.equal(looked.created_by, 'test');
  const running = await ask('POST', `${plan}/${looked.move}/run`, {});
  assert.deepEqual([running.status, running.body.state], [202, 'running']);
  await quiet();
  const { body: done } = await ask('GET', `${plan}/${looked.move}`);
  assert.deepEqual([done.state, done.progress, done.planned, done.waiting], ['done', 1, 1, 1]);
  const url = `/v1/subscriptions/${person.subscription}`;
  const { body: told } = await ask('GET', `${url}/by-card`);
  assert.deepEqual(told.price_change, {
    ...{ version: 2, price_minor: 24_900, currency: 'RUB', from: '2026-12-20T07:00:00.000Z' },
    needs_agreement: true,
  });
  const yes = { version: 2, consent: consentTo(24_900) };
  const other = await ask('POST', `${url}/price-agreement`, { ...yes, version: 3 });
  assert.deepEqual([other.status, other.body.code], [409, 'nothing_to_agree']);
  assert.equal((await ask('POST', `${url}/price-agreement`, yes)).status, 202);
  // Before its time comes: a yes that is heard later holds later.
  await quiet();
  await until('2026-12-21');
  const { body: after } = await ask('GET', `${plan}/${looked.move}`);
  assert.deepEqual([after.moved, after.waiting], [1, 0]);
  assert.equal((await person.now()).bill, null);
  await person.stops();
});

test('a move is stopped with words for those who were told, by whose key it was, and stands in the list', async () => {
  await begin();
  const person = await buysByCard();
  const moves = `/v1/plans/${eitherWay.code}/moves`;
  const plan = await cards.plan(eitherWay.code);
  const price = { ...eitherWay.price, unitPriceMinor: 29_900n };
  await database.transaction((tx) => cards.addPlan(tx, { ...eitherWay, price }));
  const wanted = { notice_days: 10, consent: 'notice', text: '{title} {price} {date}' };
  const { body: looked } = await ask('POST', moves, wanted);
  assert.equal(looked.version, (plan?.price.version ?? 0) + 1);
  await ask('POST', `${moves}/${looked.move}/run`, {});
  await quiet();
  const url = `${moves}/${looked.move}/stop`;
  const silent = await ask('POST', url, {});
  assert.deepEqual([silent.status, silent.body.code], [422, 'move_refused']);
  assert.equal(silent.body.errors[0].field, 'text');
  const words = { text: '{title}: {price} stays' };
  assert.equal((await ask('POST', url, words, { as: readerKey })).status, 403);
  assert.equal((await ask('POST', `${moves}/mov_1/stop`, words)).status, 404);
  const once = randomUUID();
  const first = await ask('POST', url, words, { once });
  assert.equal(first.status, 202);
  assert.deepEqual(await ask('POST', url, words, { once }), first);
  await quiet();
  const { body: stopped } = await ask('GET', `${moves}/${looked.move}`);
  assert.deepEqual(
    [stopped.state, stopped.stopped_by, stopped.called_off, stopped.waiting],
    ['stopped', 'test', 1, 0],
  );
  const { body: told } = await ask('GET', `/v1/subscriptions/${person.subscription}/by-card`);
  assert.equal(told.price_change, undefined);
  const { body: list } = await ask('GET', moves, undefined, { as: readerKey });
  assert.deepEqual(
    [list.moves[0].move, list.moves[0].state, list.moves[0].called_off],
    [looked.move, 'stopped', 1],
  );
  assert.equal((await ask('GET', '/v1/plans/none/moves')).body.code, 'plan_unknown');
  await person.stops();
});
