import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { newSubscriptions, userActions } from '#subscriptions';
import { buildHouse, campaign, type House, OPERATOR_ADDRESS, PROXY, tokenIn } from './fixture.ts';
import { accessCampaign } from './topics.ts';

const demo = await buildHouse({ queryMsisdn: true });
await demo.acquisition.createCampaign({ ...campaign, link: 'cpm.k.ak0' });
const ORIGINAL = '/lp/cpm.k.ak0/?msisdn=928777777777&aff_sub=5432104769mb85528554321';

async function consents(house: House): Promise<bigint> {
  const { rows } = await sql<{ count: bigint }>`select count(*) from subscriptions.consent`.execute(
    house.database.pool,
  );
  return rows[0]?.count ?? -1n;
}

test('the known URL, letter for letter: a look, then one button', async () => {
  const page = await demo.get(ORIGINAL);
  assert.equal(page.status, 200);
  assert.match(page.body, /\+92877···7777[\s\S]*<button>Subscribe/);
  assert.equal(await consents(demo), 0n);
  const token = Buffer.from(tokenIn(page).split('.')[0] ?? '', 'base64url').toString();
  assert.doesNotMatch(token, /8777777/); // the page's source tells no more than the page
  const hit = (await demo.published(accessCampaign)).at(-1);
  assert.equal(hit?.msisdn, '+928777777777');
  assert.equal(hit?.msisdn_source, 'query');
  assert.equal(hit?.aff_sub, '5432104769mb85528554321');
  const done = await demo.post('/lp/cpm.k.ak0/confirm', { token: tokenIn(page) });
  assert.equal(done.status, 200);
  assert.match(done.body, /you are subscribed/);
  const { rows } = await sql`select method, attribution, visit from subscriptions.consent`.execute(
    demo.database.pool,
  );
  assert.deepEqual(rows, [
    {
      method: 'query',
      attribution: { affSub: '5432104769mb85528554321', campaign: 'cpm.k.ak0' },
      visit: hit?.hit,
    },
  ]);
  const [order] = await demo.published(newSubscriptions('mobilink'));
  assert.equal(order?.msisdn, '+928777777777');
  assert.deepEqual(
    (await demo.published(userActions)).map((one) => one.action),
    ['access', 'pull_click'],
  );
});

test('a hundred equal confirmations at once give one consent', async () => {
  const token = tokenIn(await demo.get('/lp/demo?msisdn=%2B92%20300%20910%202251'));
  const before = await consents(demo);
  const pages = await Promise.all(
    Array.from({ length: 100 }, () => demo.post('/lp/demo/confirm', { token })),
  );
  assert.deepEqual(new Set(pages.map((page) => page.status)), new Set([200]));
  assert.equal(await consents(demo), before + 1n);
});

test('a malformed or foreign number in the query is asked for, and the hit says why', async () => {
  for (const [text, error] of [
    ['92877777777', 'msisdn_invalid'],
    ['hello', 'msisdn_invalid'],
    ['%2B380501234567', 'msisdn_foreign'],
  ] as const) {
    const page = await demo.get(`/lp/demo?msisdn=${text}`);
    assert.match(page.body, /name="msisdn"/);
    assert.equal((await demo.published(accessCampaign)).at(-1)?.msisdn_error, error);
  }
});

test('the form of an unknown visitor does not confirm, and a known one sends no PIN', async () => {
  const before = await consents(demo);
  const unknown = tokenIn(await demo.get('/lp/demo'));
  assert.equal((await demo.post('/lp/demo/confirm', { token: unknown })).status, 400);
  const known = tokenIn(await demo.get('/lp/demo?msisdn=923009102252'));
  assert.equal(
    (await demo.post('/lp/demo/number', { token: known, msisdn: '03009102252' })).status,
    400,
  );
  assert.equal(await consents(demo), before);
});

test('a price that changes between the look and the button is shown first', async () => {
  const token = tokenIn(await demo.get('/lp/demo?msisdn=923009102253'));
  await demo.addTerms({ priceMinor: 900n });
  const before = await demo.stored();
  const page = await demo.post('/lp/demo/confirm', { token });
  assert.equal(page.status, 409);
  assert.match(page.body, /has changed[\s\S]*PKR.9\.00 a day/);
  assert.deepEqual(await demo.stored(), before);
  assert.equal((await demo.post('/lp/demo/confirm', { token: tokenIn(page) })).status, 200);
  const { rows } = await sql<{ price_shown: string }>`
    select price_shown from subscriptions.consent order by id desc limit 1`.execute(
    demo.database.pool,
  );
  assert.equal(rows[0]?.price_shown, 'PKR\u00a09.00 a day');
  // The form from before the change answers what became of its visit.
  assert.match((await demo.post('/lp/demo/confirm', { token })).body, /you are subscribed/);
});

test("the operator's header is evidence of its own kind", async () => {
  const asked = {
    from: PROXY,
    headers: { 'x-forwarded-for': OPERATOR_ADDRESS, 'x-msisdn': '923009102254' },
  };
  const token = tokenIn(await demo.get('/lp/demo?msisdn=923009102259', asked));
  await demo.post('/lp/demo/confirm', { token }, asked);
  const { rows } = await sql`
    select s.method, s.evidence->>'address' as address, c.msisdn
    from subscriptions.consent s join subscriptions.customer c on c.id = s.customer_id
    order by s.id desc limit 1`.execute(demo.database.pool);
  assert.deepEqual(rows, [
    { method: 'operator_header', address: OPERATOR_ADDRESS, msisdn: '+923009102254' },
  ]);
});

test('a price that changes while the page is still remembered is not agreed to unseen', async () => {
  const house = await buildHouse({ queryMsisdn: true }, 600_000);
  const token = tokenIn(await house.get('/lp/demo?msisdn=923009102253'));
  await house.addTerms({ priceMinor: 900n });
  const before = await house.stored();
  const page = await house.post('/lp/demo/confirm', { token });
  assert.equal(page.status, 409);
  assert.match(page.body, /PKR.9\.00 a day/);
  assert.deepEqual(await house.stored(), before);
});
