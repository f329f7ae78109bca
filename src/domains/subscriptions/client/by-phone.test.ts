import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as gateway from '#simulators/cloudpayments';
import { subscriptionGroups } from '#subscriptions';
import { eventually } from '#testing';
import { openCabinet } from './fixture.ts';

const MSISDN = '+923009102250';

const cabinet = await openCabinet(gateway);
const { bus, clock, database, operators, signsIn, subscriptions } = cabinet;

await database.transaction((tx) =>
  operators.save(tx, {
    ...{ name: 'mobilink', title: 'Mobilink', msisdnFormat: 'international', currency: 'PKR' },
    plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] },
    ...{ timeZone: 'Asia/Karachi', shortCode: '7787', baseUrl: 'http://127.0.0.1:1' },
    ...{ requestsPerSecond: 1000, timeoutMs: 1000, inquiry: 'none', settleMs: 1000 },
    ...{ refunds: true, msisdnHeader: '', queryMsisdn: false, addressRanges: [] },
  }),
);
await operators.refresh();
await bus.declare(subscriptionGroups('mobilink'));

/** Somebody who pays by phone, as his operator's consents are carried out. */
async function subscribe(): Promise<string> {
  await database.transaction((tx) =>
    subscriptions.addTerms(tx, {
      ...{ serviceCode: 'music', title: 'Music', operator: 'mobilink', priceMinor: 500n },
      ...{ currency: 'PKR', period: 'daily', chargeWindow: { fromMinute: 0, toMinute: 1440 } },
      ...{ retryAfterMinutes: [60], keepDays: 10, recentHours: 0, texts: {} },
    }),
  );
  const worker = subscriptions.worker('mobilink');
  await worker.start();
  await database.transaction((tx) =>
    subscriptions.recordConsent(tx, [
      {
        ...{ msisdn: MSISDN, serviceCode: 'music', termsVersion: 1, visit: 'hit_1' },
        ...{ method: 'pin', textShown: 'Music', priceShown: '5.00 PKR a day', locale: 'en' },
        ...{ evidence: {}, attribution: { campaign: 'demo' } },
        ...{ shownAt: clock.now(), confirmedAt: clock.now() },
      },
    ]),
  );
  const subscription = await eventually(
    async () => {
      const [view] = await subscriptions.of(MSISDN, { before: null, limit: 1 });
      assert.equal(view?.alive, true);
      return view.subscription;
    },
    { timeoutMs: 30_000 },
  );
  await worker.stop();
  return subscription;
}

test('what an operator charges is shown with its price, and ends by a button, once', async () => {
  const subscription = await subscribe();
  const browser = await signsIn(MSISDN);
  const home = await browser.get('/me');
  for (const said of ['Music', 'PKR\u00a05.00', 'a day', 'phone balance'])
    assert.ok(home.text.includes(said), said);
  const path = `/me/s/${subscription}`;
  const one = await browser.get(path);
  assert.doesNotMatch(one.text, /Change the plan|Use another card/);
  // What only cards have is not there, whatever address is typed.
  for (const part of ['cancel', 'change', 'pause'])
    assert.equal((await browser.get(`${path}/${part}`)).status, 404, part);
  const asked = await browser.get(`${path}/stop`);
  assert.equal((await subscriptions.find(subscription))?.alive, true);
  const pressed = await Promise.all([1, 2].map(() => browser.submit(asked, `${path}/stop`)));
  assert.deepEqual(
    pressed.map(({ status }) => status),
    [200, 200],
  );
  assert.match(pressed[1]?.text ?? '', /Cancelled/);
  assert.equal((await subscriptions.find(subscription))?.status, 'cancelled');
  const over = await browser.get('/me');
  assert.match(over.text, /You have no subscription now/);
  assert.match(over.text, /Ended/);
});
