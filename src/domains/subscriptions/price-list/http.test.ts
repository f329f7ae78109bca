import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { sql } from '#database';
import { createHttpServer } from '#http';
import * as gateway from '#simulators/cloudpayments';
import { lives, openShop } from '#subscriptions/cards/stage';
import { createCouponList } from './coupon-list.ts';
import { registerPriceListRoutes } from './index.ts';
import { createPlanList } from './plan-list.ts';

const shop = await openShop(gateway);
const { clock, context, database, log } = shop;
const { buys } = lives(shop);
const server = await createHttpServer({
  ...{ log, api: { keyring: createKeyring({ database }), database, clock } },
});
registerPriceListRoutes(server.app, {
  plans: createPlanList({ clock, plans: context.plans, operators: () => ['mobilink'] }),
  ...{ coupons: createCouponList({ clock }), database },
});
after(() => server.close());
const keyOf = (name: string, scopes: string[]) =>
  createApiKey(database, { name, scopes, now: clock.now() }).then(({ text }) => text);
const admin = await keyOf('ann', ['subscriptions:admin', 'subscriptions:read']);
const reader = await keyOf('shop', ['subscriptions:read', 'subscriptions:write']);

interface Asked {
  readonly once?: string;
  readonly as?: string;
}

async function ask(method: 'GET' | 'POST', url: string, body?: unknown, asked: Asked = {}) {
  const { as = admin, once = randomUUID() } = asked;
  const answer = await server.app.inject({
    ...{ method, url, ...(body === undefined ? {} : { payload: body as object }) },
    headers: {
      authorization: `Bearer ${as}`,
      ...(method === 'POST' ? { 'idempotency-key': once } : {}),
    },
  });
  return { status: answer.statusCode, body: answer.json() };
}

const whole = (changes: Readonly<Record<string, unknown>> = {}) => ({
  ...{ title: 'News', methods: ['card'], price_minor: 9900, setup_fee_minor: 0, currency: 'RUB' },
  ...{ interval: 'month', tax: { name: 'vat22', basis_points: 2200 }, trial_days: 0 },
  ...{ time_zone: 'Europe/Moscow', pause_days_most: 30, lead_minutes: 60, precision: 'second' },
  ...{ texts: { welcome: '{title}: welcome' }, ...changes },
});

test('a plan is added, shown with all that was left out, listed, and sold', async () => {
  const body = { code: 'news', ...whole() };
  const once = randomUUID();
  const added = await ask('POST', '/v1/plans', body, { once });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  assert.deepEqual(await ask('POST', '/v1/plans', body, { once }), added, 'sent again, the same');
  const { carrier, dunning, ...told } = added.body;
  const filled = { operator: 'card', on_dispute: 'end', version: 1 };
  assert.deepEqual(told, { ...body, ...filled });
  assert.deepEqual([dunning.retry_days, dunning.ladder.hold_days], [[1, 3, 5, 8], 14]);
  assert.equal(carrier.charge_window.to_minute, 1440);
  const { body: shown } = await ask('GET', '/v1/plans/news', undefined, { as: reader });
  assert.deepEqual(
    [shown.open, shown.versions.length, shown.versions[0].subscribers],
    [true, 1, 0],
  );
  assert.deepEqual(
    shown.changes.map(({ action, actor }: Record<string, string>) => [action, actor]),
    [['add', 'ann']],
  );
  const listed = await ask('GET', '/v1/plans', undefined, { as: reader });
  assert.deepEqual(
    listed.body.items.map(({ plan }: { plan: string }) => plan),
    ['month', 'news'],
  );
  const life = await buys({ plan: 'news' });
  await life.pays();
  assert.deepEqual(await life.book(), [9900]);
});

test('a new version binds who comes later; the answer says how many keep what they agreed to', async () => {
  await ask('POST', '/v1/plans', { code: 'serial', ...whole() });
  const early = await buys({ plan: 'serial' });
  const dearer = whole({ price_minor: 14_900, on_dispute: 'keep', version: 1 });
  const added = await ask('POST', '/v1/plans/serial/versions', dearer);
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const { on_dispute, price_minor, subscribers_on_older_versions, version } = added.body;
  assert.deepEqual(
    [version, price_minor, on_dispute, subscribers_on_older_versions],
    [2, 14_900, 'keep', 1],
  );
  const late = await buys({ plan: 'serial' });
  await early.pays();
  await late.pays();
  assert.deepEqual([await early.book(), await late.book()], [[9900], [14_900]]);
  const { body } = await ask('GET', '/v1/plans/serial');
  assert.deepEqual(
    body.versions.map(({ subscribers, version: of }: Record<string, number>) => [of, subscribers]),
    [
      [2, 1],
      [1, 1],
    ],
  );
  const stale = await ask('POST', '/v1/plans/serial/versions', dearer);
  assert.deepEqual(
    [stale.status, stale.body.code, stale.body.errors[0].field],
    [409, 'plan_changed', 'version'],
  );
  const { rows } = await sql<{ action: string; price: number }>`
    select action, (after ->> 'price_minor')::integer as price from subscriptions.price_list_change
    where code = 'serial' order by id`.execute(database.pool);
  assert.deepEqual(
    rows.map(({ action, price }) => [action, price]),
    [
      ['add', 9900],
      ['add_version', 14_900],
    ],
  );
});

test('versions that are added at once come one after the other, and one code is one plan', async () => {
  const taken = await Promise.all(
    [1, 2, 3].map(() => ask('POST', '/v1/plans', { code: 'raced', ...whole() })),
  );
  assert.deepEqual(taken.map(({ status }) => status).toSorted(), [201, 409, 409]);
  const refused = taken.find(({ status }) => status === 409);
  assert.deepEqual([refused?.body.code, refused?.body.errors[0].field], ['plan_taken', 'code']);
  const added = await Promise.all(
    [1, 2, 3].map(() => ask('POST', '/v1/plans/raced/versions', whole())),
  );
  assert.deepEqual(added.map(({ body }) => body.version).toSorted(), [2, 3, 4]);
  const guarded = await Promise.all(
    [1, 2].map(() => ask('POST', '/v1/plans/raced/versions', whole({ version: 4 }))),
  );
  assert.deepEqual(guarded.map(({ status }) => status).toSorted(), [201, 409]);
});

test('closed, a plan takes nobody new, and whoever is subscribed goes on; opened, it sells again', async () => {
  await ask('POST', '/v1/plans', { code: 'summer', ...whole() });
  const life = await buys({ plan: 'summer' });
  await life.pays();
  for (const times of [1, 2]) {
    const closed = await ask('POST', '/v1/plans/summer/close');
    assert.deepEqual([closed.status, closed.body.open], [200, false], `${times}`);
  }
  await assert.rejects(buys({ plan: 'summer' }), { code: 'service_closed' });
  assert.equal((await life.now()).status, 'active');
  const plansOf = async (query: string) =>
    (await ask('GET', `/v1/plans${query}`)).body.items.map(({ plan }: { plan: string }) => plan);
  assert.ok(!(await plansOf('')).includes('summer'));
  assert.ok((await plansOf('?closed=true')).includes('summer'));
  assert.equal((await ask('POST', '/v1/plans/summer/open')).body.open, true);
  await buys({ plan: 'summer' });
  const { body } = await ask('GET', '/v1/plans/summer');
  assert.deepEqual(
    body.changes.map(({ action }: { action: string }) => action),
    ['open', 'close', 'add'],
  );
});

test('pages of plans go on where the one before ended', async () => {
  const all = (await ask('GET', '/v1/plans?closed=true&limit=200')).body.items;
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await ask('GET', `/v1/plans?closed=true&limit=2${query}`);
    assert.ok(body.items.length <= 2);
    seen.push(...body.items.map(({ plan }: { plan: string }) => plan));
    cursor = body.next_cursor;
  }
  assert.deepEqual(
    seen,
    all.map(({ plan }: { plan: string }) => plan),
  );
});

test('what is wrong with a plan is told with its field, and nothing is stored', async () => {
  const ladder = { last_chance_days: 10, hold_days: 9, end_days: 21 };
  const { body: good } = await ask('GET', '/v1/plans/month');
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, number, string])[] = [
    [{ code: 'UPPER' }, 400, 'code'],
    [{ title: '' }, 400, 'title'],
    [{ title: 'a\u0000' }, 400, 'title'],
    [{ methods: [] }, 400, 'methods'],
    [{ methods: ['phone'] }, 400, 'methods'],
    [{ methods: ['cash'] }, 400, 'methods.0'],
    [{ methods: ['card', 'phone'] }, 400, 'operator'],
    [{ methods: ['card', 'phone'], operator: 'mobilink' }, 400, 'interval'],
    [{ operator: 'nobody' }, 400, 'operator'],
    [{ price_minor: 0 }, 400, 'price_minor'],
    [{ price_minor: 1.5 }, 400, 'price_minor'],
    [{ price_minor: '9900' }, 400, 'price_minor'],
    [{ price_minor: undefined }, 400, 'price_minor'],
    [{ setup_fee_minor: -1 }, 400, 'setup_fee_minor'],
    [{ currency: 'rub' }, 400, 'currency'],
    [{ interval: 'fortnight' }, 400, 'interval'],
    [{ interval: '367_days' }, 400, 'interval'],
    [{ tax: { name: 'vat22', basis_points: 10_001 } }, 400, 'tax.basis_points'],
    [{ tax: { name: 'VAT', basis_points: 0 } }, 400, 'tax.name'],
    [{ time_zone: 'Mars/Olympus' }, 400, 'time_zone'],
    [{ trial_days: 367 }, 400, 'trial_days'],
    [{ lead_minutes: -1 }, 400, 'lead_minutes'],
    [{ precision: 'hour' }, 400, 'precision'],
    [{ on_dispute: 'pay' }, 400, 'on_dispute'],
    [{ texts: undefined }, 400, 'texts'],
    [{ texts: { welcome: 5 } }, 400, 'texts.welcome'],
    [{ colour: 'red' }, 400, 'colour'],
    [{ dunning: {} }, 400, 'dunning.retry_days'],
    [{ dunning: { ...good.dunning, retry_days: [3, 1] } }, 400, 'dunning.retry_days'],
    [{ dunning: { ...good.dunning, ladder } }, 400, 'dunning.ladder.last_chance_days'],
    [{ dunning: { ...good.dunning, mood: 1 } }, 400, 'dunning.mood'],
    [{ carrier: { keep_days: 0 } }, 400, 'carrier.keep_days'],
  ];
  for (const [changes, status, field] of cases) {
    const answer = await ask('POST', '/v1/plans', { code: 'wrong', ...whole(changes) });
    const said = `${JSON.stringify(changes)}: ${JSON.stringify(answer.body)}`;
    assert.equal(answer.status, status, said);
    const fields = answer.body.errors.map((fault: { field: string }) => fault.field);
    assert.ok(fields.includes(field), said);
  }
  assert.equal((await ask('GET', '/v1/plans/wrong')).status, 404);
  assert.equal((await ask('POST', '/v1/plans/wrong/versions', whole())).body.code, 'plan_unknown');
  assert.equal((await ask('POST', '/v1/plans/wrong/close')).body.code, 'plan_unknown');
  const moved = await ask('POST', '/v1/plans/month/versions', whole({ operator: 'mobilink' }));
  assert.deepEqual([moved.status, moved.body.errors[0].field], [400, 'operator']);
});

test('a policy of dunning that was read is taken again as it was', async () => {
  const { body: month } = await ask('GET', '/v1/plans/month');
  const { carrier, dunning } = month;
  const added = await ask('POST', '/v1/plans', { code: 'same', ...whole({ carrier, dunning }) });
  assert.deepEqual([added.body.dunning, added.body.carrier], [dunning, carrier]);
});

test('a plan of a day may be charged by its operator too', async () => {
  const daily = { methods: ['card', 'phone'], operator: 'mobilink', interval: '1_days' };
  const added = await ask('POST', '/v1/plans', { code: 'daily', ...whole(daily) });
  assert.deepEqual(
    [added.status, added.body.interval],
    [201, '1_days'],
    JSON.stringify(added.body),
  );
});

test('by phone it may have a price of its own, whatever the interval by card', async () => {
  const carrier = { price: { price_minor: 500, currency: 'PKR', period: 'daily' } };
  const either = { methods: ['card', 'phone'], operator: 'mobilink', carrier };
  const added = await ask('POST', '/v1/plans', { code: 'either', ...whole(either) });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const { carrier: kept, interval, price_minor: priceMinor } = added.body;
  assert.deepEqual([interval, priceMinor, kept.price], ['month', 9900, carrier.price]);
  const again = { ...either, carrier: kept, version: 1 };
  const next = await ask('POST', '/v1/plans/either/versions', whole(again));
  assert.deepEqual([next.status, next.body.carrier], [201, kept], 'what was read is taken again');
  const without = whole({ ...either, carrier: {} });
  const refused = await ask('POST', '/v1/plans', { code: 'neither', ...without });
  assert.deepEqual([refused.status, refused.body.errors[0].field], [400, 'interval']);
});

const half = (changes: Readonly<Record<string, unknown>> = {}) => ({
  ...{ code: 'HALF', discount: { kind: 'percent', basis_points: 5000 } },
  ...{ duration: { kind: 'once' }, redemptions_most: 10, plans: ['month'], ...changes },
});

test('a coupon is given out, redeemed, shown with who has redeemed it, and ended: who has it keeps it', async () => {
  const added = await ask('POST', '/v1/coupons', half({ duration: { kind: 'forever' } }));
  assert.equal(added.status, 201, JSON.stringify(added.body));
  assert.equal(added.body.redemptions, 0);
  const lifes = [await buys({ coupon: 'HALF' }), await buys({ coupon: 'HALF' })];
  for (const life of lifes) await life.pays();
  const page = await ask('GET', '/v1/coupons/HALF?limit=1');
  assert.deepEqual([page.body.coupon.redemptions, page.body.items.length], [2, 1]);
  const rest = await ask('GET', `/v1/coupons/HALF?limit=1&cursor=${page.body.next_cursor}`);
  assert.equal(rest.body.next_cursor, null);
  assert.deepEqual(
    [...page.body.items, ...rest.body.items].map(({ subscription }) => subscription),
    lifes.map(({ subscription }) => subscription).toReversed(),
  );
  const once = randomUUID();
  const ended = await ask('POST', '/v1/coupons/HALF/end', undefined, { once });
  assert.equal(ended.body.ended_at, clock.now().toISOString());
  assert.deepEqual((await ask('POST', '/v1/coupons/HALF/end')).body, ended.body, 'harmless again');
  await assert.rejects(buys({ coupon: 'HALF' }), { code: 'coupon_refused' });
  const [first] = lifes;
  assert.deepEqual(await first?.book(), [9950]);
  assert.equal((await first?.now())?.priced.coupons.length, 1, 'its promise stands');
  const { body } = await ask('GET', '/v1/coupons/HALF');
  assert.deepEqual(
    body.changes.map(({ action, actor }: Record<string, string>) => [action, actor]),
    [
      ['end', 'ann'],
      ['add', 'ann'],
    ],
  );
});

test('coupons are listed by code, in pages', async () => {
  for (const code of ['AA', 'BB', 'CC']) await ask('POST', '/v1/coupons', half({ code }));
  const first = await ask('GET', '/v1/coupons?limit=2');
  const rest = await ask('GET', `/v1/coupons?limit=200&cursor=${first.body.next_cursor}`);
  assert.deepEqual(
    [...first.body.items, ...rest.body.items].map(({ code }) => code),
    ['AA', 'BB', 'CC', 'HALF'],
  );
});

test('a coupon that is ended while it is redeemed was redeemed before, or is not', async () => {
  await ask('POST', '/v1/coupons', half({ code: 'RACED' }));
  const results = await Promise.allSettled([
    ...[buys({ coupon: 'RACED' }), buys({ coupon: 'RACED' })],
    ask('POST', '/v1/coupons/RACED/end'),
    ...[buys({ coupon: 'RACED' }), buys({ coupon: 'RACED' })],
  ]);
  const bought = results.filter(({ status }) => status === 'fulfilled').length - 1;
  const { body } = await ask('GET', '/v1/coupons/RACED');
  assert.deepEqual([body.coupon.redemptions, body.items.length], [bought, bought]);
});

test('what is wrong with a coupon is told with its field, and nothing is stored', async () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, number, string])[] = [
    [{ code: 'half' }, 400, 'code'],
    [{ code: 'AA' }, 409, 'code'],
    [{ discount: { kind: 'percent', basis_points: 0 } }, 400, 'discount.basis_points'],
    [{ discount: { kind: 'percent', basis_points: 10_001 } }, 400, 'discount.basis_points'],
    [{ discount: { kind: 'amount', amount_minor: 100 } }, 400, 'discount.currency'],
    [{ duration: { kind: 'periods', count: 0 } }, 400, 'duration.count'],
    [{ redemptions_most: 0 }, 400, 'redemptions_most'],
    [{ redeem_before: 'soon' }, 400, 'redeem_before'],
    [{ plans: [] }, 400, 'plans'],
    [{ plans: ['month', 'nothing'] }, 400, 'plans.1'],
    [{ colour: 'red' }, 400, 'colour'],
  ];
  for (const [changes, status, field] of cases) {
    const answer = await ask('POST', '/v1/coupons', half({ code: 'WRONG', ...changes }));
    const said = `${JSON.stringify(changes)}: ${JSON.stringify(answer.body)}`;
    assert.equal(answer.status, status, said);
    const fields = answer.body.errors.map((fault: { field: string }) => fault.field);
    assert.ok(fields.includes(field), said);
  }
  assert.equal((await ask('GET', '/v1/coupons/WRONG')).body.code, 'coupon_unknown');
  assert.equal((await ask('POST', '/v1/coupons/WRONG/end')).body.code, 'coupon_unknown');
});

test('without the scope nothing is changed, and no coupon is shown', async () => {
  const as = { as: reader };
  assert.equal((await ask('POST', '/v1/plans', { code: 'mine', ...whole() }, as)).status, 403);
  assert.equal((await ask('POST', '/v1/plans/month/versions', whole(), as)).status, 403);
  assert.equal((await ask('POST', '/v1/plans/month/close', undefined, as)).status, 403);
  for (const url of ['/v1/coupons', '/v1/coupons/AA'])
    assert.equal((await ask('GET', url, undefined, as)).status, 403);
  assert.equal((await ask('POST', '/v1/coupons', half({ code: 'MINE' }), as)).status, 403);
  assert.equal((await ask('POST', '/v1/coupons/AA/end', undefined, as)).status, 403);
});
