import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStage } from './stage.ts';

const stage = await openStage({ at: '2026-11-20T07:00:00Z' });
const { acquisition, database, operators, subscriptions } = stage.house;

const BEGUN = ['hit.access', 'action.pull_click', 'subscription.created'];
const CHARGED = ['payment.accepted', 'subscription.charged', 'content.delivered'];

test('a number found postpaid in the answer is listed, and its next consent is refused at the door', async () => {
  const phone = stage.phone('923003000091');
  await phone.subscribeByQuery();
  const first = [...BEGUN, 'payment.declined', 'subscription.ended'];
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, first);
  assert.deepEqual(story.sms, ['postpaid: queued, sent']);
  assert.equal(
    story.events.find(({ kind }) => kind === 'payment.declined')?.detail.reason,
    'postpaid_not_allowed',
  );
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.status, 'postpaid');
  const listed = await database.transaction((tx) => operators.listed(tx, [phone.msisdn]));
  assert.equal(listed.get(phone.msisdn), 'postpaid');

  // Even were it prepaid by now: who is listed is not asked.
  await phone.put({ postpaid: false });
  await stage.pass({ minutes: 5 });
  await phone.subscribeByQuery();
  const again = await stage.story(phone.msisdn);
  assert.deepEqual(again.kinds, [...first, ...BEGUN, 'subscription.refused']);
  assert.equal(again.events.at(-1)?.detail.kind ?? again.events.at(-1)?.detail.status, 'postpaid');
  assert.deepEqual(await phone.debits(), []);
});

test('a blacklisted number is refused at the door and the operator is never asked', async () => {
  const phone = stage.phone('923003000001');
  await database.transaction((tx) =>
    operators.addToNumberList(tx, {
      ...{ list: 'blacklist', msisdns: [phone.msisdn], reason: 'test', at: new Date() },
    }),
  );
  await phone.subscribeByQuery();
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, [...BEGUN, 'subscription.refused']);
  assert.deepEqual(story.sms, ['blacklisted: queued, sent']);
  const [subscription] = await stage.subscriptionsOf(phone.msisdn);
  assert.deepEqual(
    [subscription?.status, subscription?.end_reason],
    ['blacklisted', 'blacklisted'],
  );
  assert.deepEqual(await stage.bills(subscription?.subscription ?? ''), []);
  assert.deepEqual(await phone.debits(), []);
});

test('a number that is listed while its renewal is due is not charged, and its subscription ends', async () => {
  const phone = stage.phone('923003000002');
  await phone.subscribeByQuery();
  await stage.quiet();
  await database.transaction((tx) =>
    operators.addToNumberList(tx, {
      ...{ list: 'blacklist', msisdns: [phone.msisdn], reason: 'test', at: new Date() },
    }),
  );
  await stage.pass({ days: 1 });
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [
    ...[...BEGUN, ...CHARGED, 'payment.declined', 'subscription.ended'],
  ]);
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.status, 'blacklisted');
  assert.equal((await phone.debits()).length, 1);
});

test('a second consent is rejected while the first is alive, and nothing is charged twice', async () => {
  const phone = stage.phone('923003000003');
  await phone.subscribeByQuery();
  await stage.quiet();
  await stage.pass({ minutes: 1 });
  await phone.subscribeByQuery();
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, [...BEGUN, ...CHARGED, ...BEGUN, 'subscription.refused']);
  assert.equal(story.sms.at(-1), 'rejected: queued, sent');
  const shown = await stage.subscriptionsOf(phone.msisdn);
  assert.deepEqual(
    shown.map((one) => [one.status, one.end_reason]),
    [
      ['rejected', 'already_subscribed'],
      ['active', undefined],
    ],
  );
  assert.equal((await phone.debits()).length, 1);
});

test('where the terms say so, whoever left is rejected for some hours and welcome after them', async () => {
  await database.transaction((tx) =>
    subscriptions.addTerms(tx, {
      ...{ serviceCode: 'news', title: 'News', operator: 'mobilink', priceMinor: 300n },
      ...{ currency: 'PKR', period: 'daily', chargeWindow: { fromMinute: 0, toMinute: 1440 } },
      ...{ retryAfterMinutes: [60], keepDays: 10, recentHours: 24, texts: {} },
    }),
  );
  await acquisition.createCampaign({
    ...{ link: 'news', title: 'News', serviceCode: 'news', operator: 'mobilink' },
    texts: { headline: 'News', description: 'Every day.', button: 'Go', terms: 'Prepaid only.' },
  });
  const phone = stage.phone('923003000004');
  await phone.subscribeByQuery('news');
  await stage.quiet();
  await stage.pass({ minutes: 1 });
  await phone.text('STOP');
  await stage.pass({ hours: 23 });
  await phone.subscribeByQuery('news');
  await stage.quiet();
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.end_reason, 'too_recent');
  await stage.pass({ hours: 1 });
  await phone.subscribeByQuery('news');
  const paid = ['payment.accepted', 'subscription.charged'];
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [
    ...[...BEGUN, ...paid, 'subscription.cancelled'],
    ...[...BEGUN, 'subscription.refused', ...BEGUN, ...paid],
  ]);
  assert.equal((await phone.debits()).length, 2);
});

test('a hundred equal consents at once give one charge', async () => {
  const phone = stage.phone('923003000005');
  const page = await phone.open(`/lp/demo?msisdn=${phone.digits}`);
  const pages = await Promise.all(
    Array.from({ length: 50 }, () => phone.open(`/lp/demo?msisdn=${phone.digits}`)),
  );
  await Promise.all([...pages, ...pages.map(() => page)].map((one) => phone.fill(one)));
  await stage.quiet();
  const shown = (await stage.get(`/v1/subscriptions?limit=100&msisdn=${phone.digits}`)).body.items;
  const statuses = (shown as { status: string }[]).map(({ status }) => status);
  assert.equal(statuses.length, 51);
  assert.equal(statuses.filter((status) => status === 'active').length, 1);
  assert.equal(statuses.filter((status) => status === 'rejected').length, 50);
  assert.equal((await phone.debits()).length, 1);
});
