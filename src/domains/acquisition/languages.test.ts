import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import { subscriptionGroups } from '#subscriptions';
import { eventually } from '#testing';
import { buildHouse, campaign, type Reply, tokenIn } from './fixture.ts';

const house = await buildHouse({ queryMsisdn: true });
await house.bus.declare(subscriptionGroups('mobilink'));
const worker = house.subscriptions.worker('mobilink');
worker.start();
after(() => worker.stop());

const RUSSIAN = {
  headline: 'Новая песня каждый день',
  description: 'Одна песня в день.',
  button: 'Подписаться',
  terms: 'Только для совершеннолетних.',
};
await house.acquisition.createCampaign({
  ...{ ...campaign, link: 'both', translations: { ru: RUSSIAN } },
});
await house.acquisition.createCampaign({
  ...{ ...campaign, link: 'russian', locale: 'ru', texts: RUSSIAN },
});

const wishing = (language: string) => ({ headers: { 'accept-language': language } });
const langOf = ({ body }: Reply) => /<html lang="([a-z]+)"/.exec(body)?.[1];

/** All that a person can read of a page. */
const wordsOf = ({ body }: Reply) =>
  body
    .replace(/<style>.*?<\/style>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    // The names of what is sold and of who charges it are written so everywhere.
    .replaceAll(/Music of the day|Mobilink|English|SMS|PKR/g, '');

function mustBeRussian(page: Reply): void {
  assert.equal(langOf(page), 'ru');
  const left = wordsOf(page);
  assert.doesNotMatch(left, /[A-Za-z]{2,}/, left);
}

async function lastConsent() {
  const { rows } = await sql<{ locale: string; text_shown: string; price_shown: string }>`
    select locale, text_shown, price_shown from subscriptions.consent order by id desc limit 1`.execute(
    house.database.pool,
  );
  return rows[0];
}

test('a visitor is spoken to as he has chosen, else as his browser wants, else as the campaign is written', async () => {
  const languages: readonly (readonly [string, string, string])[] = [
    ['both', 'ru-RU,ru;q=0.9,en;q=0.8', 'ru'],
    ['both', 'en-GB', 'en'],
    ['both', 'ur-PK', 'en'],
    ['russian', 'ur-PK', 'ru'],
    ['russian', 'en', 'en'],
  ];
  for (const [link, wish, expected] of languages)
    assert.equal(langOf(await house.get(`/lp/${link}`, wishing(wish))), expected, link + wish);
  const chosen = { headers: { 'accept-language': 'en', cookie: 'kopek_locale=ru' } };
  const page = await house.get('/lp/both', chosen);
  mustBeRussian(page);
  assert.match(page.body, /<h1>Новая песня каждый день<\/h1>/);
});

test('the links at its foot lead back to the same page, with all that the click brought along', async () => {
  const page = await house.get("/lp/both?aff_sub=a'b%22&aff_pub=1", wishing('en'));
  const href = /href="(\/language\/ru[^"]*)"/.exec(page.body)?.[1] ?? '';
  const kept = await house.get(href.replaceAll('&amp;', '&'));
  assert.equal(kept.status, 303);
  assert.equal(kept.headers.location, '/lp/both?aff_sub=a%27b%22&aff_pub=1');
  assert.match(String(kept.headers['set-cookie']), /^kopek_locale=ru/);
  assert.ok(page.body.length < 20_000);
});

test('a campaign without texts of a language is shown in its own, and is marked as what it is', async () => {
  const page = await house.get('/lp/demo', wishing('ru'));
  assert.equal(langOf(page), 'ru');
  assert.match(page.body, /<h1 lang="en">A new song every day<\/h1>/);
  assert.match(page.body, /<button lang="en">Subscribe<\/button>/);
  assert.match(page.body, /5,00.PKR в день[\s\S]*отправьте СТОП на 7787/);
});

test('a visit goes on in the language in which it began, to its PIN and its end, and the consent is kept so', async () => {
  const page = await house.get('/lp/both', wishing('ru'));
  const wrong = await house.post('/lp/both/number', { token: tokenIn(page), msisdn: 'x' });
  const foreign = await house.post('/lp/both/number', {
    ...{ token: tokenIn(page), msisdn: '+380501234567' },
  });
  const asked = await house.post('/lp/both/number', {
    ...{ token: tokenIn(page), msisdn: '03009102261' },
  });
  assert.match(
    house.sent.at(-1)?.body ?? '',
    /^\d{5} — код для подписки «Music of the day», 5,00 PKR в день\./,
  );
  const pin = house.lastPin();
  const mistyped = await house.post('/lp/both/pin', {
    ...{ token: tokenIn(asked), pin: pin === '00000' ? '00001' : '00000' },
  });
  // Chosen anew in another window: what was read is what is agreed to.
  const elsewhere = { headers: { cookie: 'kopek_locale=en' } };
  const done = await house.post('/lp/both/pin', { token: tokenIn(asked), pin }, elsewhere);
  for (const seen of [page, wrong, foreign, asked, mistyped, done]) mustBeRussian(seen);
  assert.match(done.body, /Спасибо, вы подписаны/);
  const consent = await lastConsent();
  assert.equal(consent?.locale, 'ru');
  assert.equal(consent?.price_shown, '5,00\u00a0PKR в день');
  const shown = wordsOf(page);
  for (const line of (consent?.text_shown ?? '').split('\n').slice(1))
    assert.ok(shown.includes(line.replaceAll(/SMS|PKR/g, '')), line);
});

test('what is refused, over or too old is said in the language of its reader', async () => {
  const russian = { headers: { 'accept-language': 'ru', accept: 'text/html' } };
  const page = await house.get('/lp/both', russian);
  const spoilt = await house.post('/lp/both/number', { token: 'x', msisdn: '1' }, russian);
  const missing = await house.post('/lp/both/number', { token: tokenIn(page) }, russian);
  const pages = [spoilt, missing, await house.get('/lp/nothing', russian)];
  for (const link of ['/stop/x', '/stop/%00']) pages.push(await house.get(link, russian));
  assert.match(pages.at(-1)?.body ?? '', /ответьте на SMS словом СТОП/);
  await house.acquisition.setCampaignOpen('both', false);
  pages.push(await house.get('/lp/both', russian));
  await house.acquisition.setCampaignOpen('both', true);
  for (const seen of pages) {
    const left = wordsOf(seen).replaceAll(/[0-9a-f-]{8,}/g, '');
    assert.equal(langOf(seen), 'ru');
    assert.doesNotMatch(left, /[A-Za-z]{2,}/, left);
  }
});

test('a stop link speaks what its customer has agreed in, unless he has chosen; it stops the same', async () => {
  const token = tokenIn(await house.get('/lp/both?msisdn=923009102262', wishing('ru')));
  await house.post('/lp/both/confirm', { token });
  const subscription = await eventually(
    async () => {
      const [newest] = await house.subscriptions.of('+923009102262', { before: null, limit: 1 });
      assert.equal(newest?.status, 'pending');
      return newest.subscription;
    },
    { timeoutMs: 30_000 },
  );
  const url = `/stop/${house.subscriptions.unsubscribeToken(subscription)}`;
  const page = await house.get(url, wishing('en'));
  mustBeRussian(page);
  assert.match(page.body, /Остановить «Music of the day»\?[\s\S]*5,00.PKR в день/);
  const english = await house.get(url, { headers: { cookie: 'kopek_locale=en' } });
  assert.equal(langOf(english), 'en');
  assert.match(english.body, /PKR.5\.00 a day/);
  const stopped = await house.post(url, {}, wishing('en'));
  mustBeRussian(stopped);
  assert.match(stopped.body, /<h1>Остановлена/);
  mustBeRussian(await house.post(url, {}));
  assert.equal((await house.subscriptions.find(subscription))?.status, 'cancelled');
});

test('a campaign is refused in a language that nobody speaks here, or with a translation that lacks a text', async () => {
  const { headline: _headline, ...incomplete } = RUSSIAN;
  const wrong = [
    { ...campaign, link: 'x1', locale: 'xx' },
    { ...campaign, link: 'x2', translations: { xx: RUSSIAN } },
    { ...campaign, link: 'x3', translations: { ru: { ...incomplete, headline: ' ' } } },
  ];
  for (const one of wrong)
    await assert.rejects(house.acquisition.createCampaign(one), { code: 'campaign_invalid' });
});
