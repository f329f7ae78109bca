import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userActions } from '#subscriptions';
import { buildHouse, campaign, MSISDN, OPERATOR_ADDRESS, PROXY, tokenIn } from './fixture.ts';
import { accessCampaign } from './topics.ts';

const house = await buildHouse();
const throughProxy = {
  from: PROXY,
  headers: { 'x-forwarded-for': OPERATOR_ADDRESS, 'x-msisdn': '923009102250' },
};

async function lastHit() {
  return (await house.published(accessCampaign)).at(-1);
}

test('a page is small, whole without scripts, framed by nobody, and says price, period and STOP at its button', async () => {
  const page = await house.get('/lp/demo');
  assert.equal(page.status, 200);
  assert.ok(Buffer.byteLength(page.body) < 20_000, `${Buffer.byteLength(page.body)} bytes`);
  assert.doesNotMatch(page.body, /<script|<img|<link|javascript:/);
  assert.match(
    String(page.headers['content-security-policy']),
    /default-src 'none'.*frame-ancestors 'none'/,
  );
  assert.equal(page.headers['cache-control'], 'no-store');
  const form = /<form[\s\S]*?<\/form>/.exec(page.body)?.[0] ?? '';
  assert.match(form, /PKR.5\.00 a day[\s\S]*<button>Subscribe<\/button>[\s\S]*send STOP to 7787/);
  assert.match(form, /renewed every day until you stop/);
  assert.match(page.body, /font-size:1\.1875rem;font-weight:700;margin:0 0 \.125rem/); // price
  assert.match(page.body, /font-size:1\.1875rem;font-weight:700;cursor/); // and button: the same size
});

test('a look stores the hit and the action before it is answered, and subscribes nobody', async () => {
  const page = await house.get('/lp/demo/?aff_sub=543210&aff_pub=pub7&msisdn=923009102250', {
    headers: { 'user-agent': 'Phone/1', referer: 'https://ads.test/x' },
  });
  assert.equal(page.status, 200);
  const hit = await lastHit();
  assert.match(hit?.hit ?? '', /^hit_[0-9a-f]{32}$/);
  assert.deepEqual(hit, {
    hit: hit?.hit,
    campaign: 'demo',
    msisdn_source: 'none',
    aff_sub: '543210',
    aff_pub: 'pub7',
    user_agent: 'Phone/1',
    address: '203.0.113.5',
    referer: 'https://ads.test/x',
    path: '/lp/demo/',
    at: '2026-03-01T10:00:00.000Z',
  });
  const action = (await house.published(userActions)).at(-1);
  assert.deepEqual(action, { hit: hit?.hit, action: 'access', campaign: 'demo', at: hit?.at });
  assert.deepEqual(await house.acquisition.campaigns(10), [
    { ...campaign, locale: 'en', open: true, translations: {} },
  ]);
});

test("the operator's header counts when it came through our proxy from the operator's network", async () => {
  const page = await house.get('/lp/demo', throughProxy);
  assert.match(page.body, /\+92300···2250/);
  assert.doesNotMatch(page.body, /name="msisdn"/);
  const hit = await lastHit();
  assert.equal(hit?.msisdn, MSISDN);
  assert.equal(hit?.msisdn_source, 'operator_header');
  assert.equal(hit?.address, OPERATOR_ADDRESS);
});

test('a forged header, a forged forwarded address, and both are not believed', async () => {
  const forgeries = [
    { headers: { 'x-msisdn': '923009102250' } },
    { headers: throughProxy.headers },
    { from: OPERATOR_ADDRESS, headers: { 'x-msisdn': '923009102250' } },
    // Our proxy appends the address it really saw to what the visitor forged.
    {
      from: PROXY,
      headers: { ...throughProxy.headers, 'x-forwarded-for': `${OPERATOR_ADDRESS}, 203.0.113.9` },
    },
  ];
  for (const forged of forgeries) {
    const page = await house.get('/lp/demo', forged);
    assert.match(page.body, /name="msisdn"/);
    const hit = await lastHit();
    assert.equal(hit?.msisdn, undefined);
    assert.equal(hit?.msisdn_error, 'header_untrusted');
    assert.notEqual(forged.from === undefined && hit?.address === OPERATOR_ADDRESS, true);
  }
});

test('a malformed or foreign number in the header makes the visitor unknown, and the hit says why', async () => {
  for (const [text, error] of [
    ['92300910225x', 'msisdn_invalid'],
    ['923009', 'msisdn_invalid'],
    ['+79161234567', 'msisdn_foreign'],
    ['923119102250', 'msisdn_foreign'],
  ] as const) {
    const page = await house.get('/lp/demo', {
      from: PROXY,
      headers: { ...throughProxy.headers, 'x-msisdn': text },
    });
    assert.match(page.body, /name="msisdn"/);
    const hit = await lastHit();
    assert.equal(hit?.msisdn_error, error, text);
    assert.equal(hit?.msisdn, undefined);
    assert.equal((await house.published(userActions)).at(-1)?.error, error);
  }
});

test('what partners and browsers send is clipped and cleaned before it is stored', async () => {
  await house.get(`/lp/demo?aff_sub=${'%F0%9F%8E%B5'.repeat(200)}&aff_sub=second&aff_pr=a%00b%0Ac`);
  const hit = await lastHit();
  assert.equal(hit?.aff_sub?.isWellFormed(), true);
  assert.ok((hit?.aff_sub?.length ?? 999) <= 255);
  assert.equal(hit?.aff_pub, 'abc');
});

test('an unknown campaign, a link that is none, and a HEAD store nothing', async () => {
  const before = await house.stored();
  for (const url of ['/lp/nobody', '/lp/..%2f..%2fetc', `/lp/${'x'.repeat(300)}`, '/lp/-']) {
    const page = await house.get(url, { headers: { accept: 'text/html' } });
    assert.equal(page.status, 404, url);
    assert.match(page.body, /<h1>/);
  }
  assert.equal(
    (await house.server.app.inject({ method: 'HEAD', url: '/lp/demo' })).statusCode,
    405,
  );
  assert.deepEqual(await house.stored(), before);
});

test('a closed campaign shows that it is over, takes no form, and stores nothing', async () => {
  await house.acquisition.createCampaign({ ...campaign, link: 'closing' });
  const token = tokenIn(await house.get('/lp/closing'));
  await house.acquisition.setCampaignOpen('closing', false);
  const before = await house.stored();
  const page = await house.get('/lp/closing');
  assert.equal(page.status, 410);
  assert.match(page.body, /This offer is over/);
  const posted = await house.post('/lp/closing/number', { token, msisdn: '03009102250' });
  assert.equal(posted.status, 410);
  assert.deepEqual(await house.stored(), before);
});

test("texts of a campaign can't break out of the page", async () => {
  const texts = { ...campaign.texts, headline: '<script>alert(1)</script>', button: '"><b>' };
  await house.acquisition.createCampaign({ ...campaign, link: 'hostile', texts });
  const { body } = await house.get('/lp/hostile');
  assert.doesNotMatch(body, /<script|<b>/);
});

test('a campaign that can not be shown is refused by the name of its field', async () => {
  const refused = (changes: object) =>
    house.acquisition.createCampaign({ ...campaign, ...changes });
  await assert.rejects(refused({ link: 'a/b' }), { code: 'campaign_invalid' });
  await assert.rejects(refused({ link: 'x', locale: 'xx' }), { code: 'campaign_invalid' });
  await assert.rejects(refused({ link: 'x', texts: { ...campaign.texts, button: '' } }), {
    code: 'campaign_invalid',
    faults: [{ field: 'texts.button', message: '1 to 40 letters' }],
  });
  await assert.rejects(refused({ link: 'x', serviceCode: 'none' }), {
    code: 'campaign_service_unknown',
  });
  await assert.rejects(refused({ link: 'x', operator: 'none' }), { code: 'operator_unknown' });
  await assert.rejects(refused({}), { code: 'campaign_link_taken' });
});

test('the longest texts still make a page under 20 KB', async () => {
  const texts = {
    headline: 'h'.repeat(120),
    description: 'd'.repeat(1000),
    button: 'b'.repeat(40),
    terms: '&'.repeat(2000),
  };
  await house.acquisition.createCampaign({ ...campaign, link: 'long', texts });
  const { body } = await house.get(
    `/lp/long?aff_sub=${'"'.repeat(255)}&aff_pub=${'"'.repeat(255)}`,
  );
  assert.ok(Buffer.byteLength(body) < 20_000, `${Buffer.byteLength(body)} bytes`);
});
