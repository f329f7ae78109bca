import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import { paymentId, paymentResponses } from '#payments';
import { userActions } from '#subscriptions';
import { eventually } from '#testing';
import { buildHouse } from './fixture.ts';
import { contentEvents } from './topics.ts';
import { startContentWorker } from './worker.ts';

const house = await buildHouse();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
await house.addService('music', { content: '%s' });
await house.content.addItems([
  {
    service: 'music',
    title: 'A <song>',
    body: 'Listen here:\nhttps://songs.test/a?b=1&c=2\n<b>not bold</b>',
  },
]);
const subscribing = house.subscriptions.worker('mobilink');
const delivering = startContentWorker(house);
subscribing.start();
after(async () => {
  await subscribing.stop();
  await delivering.stop();
});

/** A customer whose first period was paid; answers the link that came by SMS. */
async function customer(
  msisdn: string,
): Promise<{ readonly url: string; readonly subscription: string }> {
  const now = house.clock.now();
  await house.database.transaction((tx) =>
    house.subscriptions.recordConsent(tx, [
      {
        ...{ msisdn, serviceCode: 'music', termsVersion: 1, visit: `hit_${msisdn}`, method: 'pin' },
        ...{ textShown: 'x', priceShown: '5.00 PKR a day', locale: 'en', evidence: {} },
        ...{ attribution: { campaign: 'demo' }, shownAt: now, confirmedAt: now },
      },
    ]),
  );
  const subscription = await eventually(async () => {
    const [newest] = await house.subscriptions.of(msisdn, { before: null, limit: 1 });
    assert.equal(newest?.status, 'pending');
    return newest.subscription;
  });
  await answerCharge(msisdn);
  const url = await eventually(async () => {
    const [text = ''] = await house.texts(msisdn);
    assert.match(text, /\/c\//);
    return new URL(text).pathname;
  });
  return { url, subscription };
}

/** The operator's word that the first charge was paid, where no operator is. */
async function answerCharge(msisdn: string): Promise<void> {
  const { rows } = await sql<{ customer_id: bigint; reference: string; id: bigint }>`
    select customer_id, id, reference from payments.payment where msisdn = ${msisdn}`.execute(
    house.database.pool,
  );
  const { customer_id: customerId, id, reference } = rows[0] ?? {};
  assert.ok(customerId !== undefined && id !== undefined && reference !== undefined);
  await house.database.transaction((tx) =>
    house.bus.publish(tx, paymentResponses('mobilink'), [
      {
        key: customerId.toString(),
        payload: {
          ...{ payment: paymentId(customerId, id), reference, msisdn, amount_minor: 500 },
          ...{ currency: 'PKR', outcome: 'accepted', at: house.clock.now().toISOString() },
        },
      },
    ]),
  );
}

async function ask(method: 'GET' | 'POST' | 'HEAD', url: string, cookie?: string) {
  const headers = cookie ? { cookie } : {};
  const {
    statusCode,
    body,
    headers: given,
  } = await house.server.app.inject({ method, url, headers });
  const setCookie = String(given['set-cookie'] ?? '');
  return { status: statusCode, body, setCookie, cookie: setCookie.split(';')[0] ?? '' };
}

async function eventsOf(subscription: string): Promise<readonly string[]> {
  const all = await house.published(contentEvents);
  return all
    .filter((one) => one.subscription === subscription)
    .map((one) => (one.reason ? `${one.event} ${one.reason}` : one.event));
}

test('looking consumes nothing, however often; opening shows it once and says so', async () => {
  const { url, subscription } = await customer('+923009102251');
  for (const method of ['GET', 'HEAD', 'GET'] as const)
    assert.equal((await ask(method, url)).status, 200);
  const look = await ask('GET', url);
  assert.match(
    look.body,
    /The music[\s\S]*A &lt;song&gt;[\s\S]*<form[^>]*method="post"[\s\S]*<button>Open/,
  );
  assert.doesNotMatch(look.body, /songs\.test/);
  assert.match(
    look.setCookie,
    /^kopek_reader=[\w-]{27}; Path=\/c\/[\w-]{27}; Max-Age=3600; HttpOnly; SameSite=Lax$/,
  );
  assert.deepEqual(await eventsOf(subscription), ['delivered']);
  const opened = await ask('POST', url, look.cookie);
  assert.equal(opened.status, 200);
  assert.match(opened.body, /<a href="https:\/\/songs\.test\/a\?b=1&amp;c=2"/);
  assert.match(opened.body, /&lt;b&gt;not bold/);
  assert.deepEqual(await eventsOf(subscription), ['delivered', 'opened']);
  const actions = (await house.published(userActions)).filter(
    (one) => one.action === 'content_get',
  );
  assert.deepEqual(
    actions.map((one) => [one.hit, one.msisdn]),
    [[subscription, '+923009102251']],
  );
});

test('the browser that opened it may load it again for ten minutes; nobody else may', async () => {
  const { url, subscription } = await customer('+923009102252');
  const { cookie } = await ask('GET', url);
  await ask('POST', url, cookie);
  assert.match((await ask('POST', url, cookie)).body, /songs\.test/);
  assert.match((await ask('GET', url, cookie)).body, /songs\.test/);
  for (const stranger of [undefined, 'kopek_reader=x', `kopek_reader=${'a'.repeat(27)}`]) {
    for (const method of ['GET', 'POST'] as const) {
      const page = await ask(method, url, stranger);
      assert.equal(page.status, 410);
      assert.match(page.body, /opened before/);
    }
  }
  house.clock.advanceMs(10 * MINUTE + 1);
  assert.equal((await ask('GET', url, cookie)).status, 410);
  const events = await eventsOf(subscription);
  assert.deepEqual(events, ['delivered', 'opened', ...Array(3).fill('refused used')]);
});

test('an impatient browser that presses many times at once sees the content each time', async () => {
  const { url, subscription } = await customer('+923009102253');
  const { cookie } = await ask('GET', url);
  const pages = await Promise.all(Array.from({ length: 10 }, () => ask('POST', url, cookie)));
  assert.deepEqual(new Set(pages.map((page) => page.status)), new Set([200]));
  assert.deepEqual(await eventsOf(subscription), ['delivered', 'opened']);
});

test('of many strangers at once one opens it', async () => {
  const { url } = await customer('+923009102254');
  const pages = await Promise.all(Array.from({ length: 10 }, () => ask('POST', url)));
  assert.deepEqual(pages.map((page) => page.status).sort(), [200, ...Array(9).fill(410)]);
  const winner = pages.find((page) => page.status === 200);
  assert.equal((await ask('GET', url, winner?.cookie)).status, 200);
});

test('after STOP the link opens no more, also for the browser that had opened it', async () => {
  const { url, subscription } = await customer('+923009102255');
  const { cookie } = await ask('GET', url);
  await ask('POST', url, cookie);
  await house.database.transaction((tx) =>
    house.subscriptions.stop(tx, {
      ...{ msisdn: '+923009102255', channel: 'sms', evidence: 'STOP', saidAt: house.clock.now() },
    }),
  );
  for (const method of ['GET', 'POST'] as const) {
    const page = await ask(method, url, cookie);
    assert.equal(page.status, 403);
    assert.match(page.body, /not active/);
  }
  assert.deepEqual(await eventsOf(subscription), ['delivered', 'opened', 'refused no_access']);
});

test('a link that was not opened in three days is dead', async () => {
  const { url, subscription } = await customer('+923009102256');
  house.clock.advanceMs(3 * DAY);
  for (const method of ['GET', 'POST'] as const) {
    const page = await ask(method, url);
    assert.equal(page.status, 410);
    assert.match(page.body, /too old/);
  }
  assert.deepEqual(await eventsOf(subscription), ['delivered', 'refused expired']);
});

test('a link that is none is unknown, and stores nothing', async () => {
  const before = (await house.published(contentEvents)).length;
  for (const token of ['x', 'a'.repeat(27), '%00', 'a'.repeat(900)]) {
    for (const method of ['GET', 'POST'] as const)
      assert.equal((await ask(method, `/c/${token}`)).status, 404);
  }
  assert.equal((await house.published(contentEvents)).length, before);
});
