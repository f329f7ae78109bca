import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStage } from './stage.ts';

const stage = await openStage();

const SUBSCRIBED = [
  'subscription.created',
  'payment.accepted',
  'subscription.charged',
  'content.delivered',
];

test('a click, a PIN and a confirmation become one charge, one link, and one story in order', async () => {
  const phone = stage.phone('923001000001');
  const landing = await phone.open('/lp/demo?aff_sub=click-1&aff_pub=publisher-1');
  assert.equal(landing.status, 200);
  assert.match(landing.text, /PKR.5\.00 a day/);
  const asked = await phone.fill(landing, { msisdn: phone.local });
  await stage.quiet();
  assert.deepEqual(await phone.debits(), []);
  assert.deepEqual(await stage.subscriptionsOf(phone.msisdn), []);
  const done = await phone.fill(asked, { pin: await phone.pin() });
  assert.equal(done.status, 200);

  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, [
    ...['hit.access', 'action.msisdn_entered', 'action.pin_sent', 'action.pull_click'],
    ...SUBSCRIBED,
  ]);
  assert.deepEqual(story.sms, [
    'pin: queued, sent',
    'welcome: queued, sent',
    'content: queued, sent',
  ]);
  const [hit] = story.events;
  assert.equal(hit?.detail.aff_sub, 'click-1');
  assert.equal(hit?.detail.aff_pub, 'publisher-1');

  const [subscription] = await stage.subscriptionsOf(phone.msisdn);
  assert.equal(subscription?.status, 'active');
  const debits = await phone.debits();
  assert.deepEqual(
    debits.map((debit) => [debit.amount_minor, debit.external_data]),
    [[500, `${subscription?.subscription}/0`]],
  );
  const [bill] = await stage.bills(subscription?.subscription ?? '');
  assert.deepEqual([bill?.period, bill?.state, bill?.attempts], [0, 'paid', 1]);
});

test('neither the PIN nor the links of a customer stand in the story', async () => {
  const phone = stage.phone('923001000002');
  const asked = await phone.fill(await phone.open('/lp/demo'), { msisdn: phone.local });
  const pin = await phone.pin();
  await phone.fill(asked, { pin });
  const told = JSON.stringify((await stage.story(phone.msisdn)).events);
  const links = (await phone.inbox()).join(' ').match(/\/(?:c|stop)\/\S{12,}/g) ?? [];
  assert.equal(links.length, 2);
  assert.deepEqual(
    [`${pin} is`, ...links].filter((secret) => told.includes(secret)),
    [],
  );
});

test('the content link opens, and STOP by SMS ends everything with one answer', async () => {
  const phone = stage.phone('923001000003');
  await phone.subscribe();
  await stage.quiet();
  const link = (await phone.inbox()).join(' ').match(/http:\/\/localhost:\d+(\/c\/\S+)/)?.[1] ?? '';
  const opened = await phone.fill(await phone.open(link));
  assert.equal(opened.status, 200);
  await phone.text('Stop!');
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds.slice(8), [
    ...['content.opened', 'action.content_get', 'subscription.cancelled'],
  ]);
  assert.deepEqual(story.sms.slice(3), ['incoming: received', 'unsubscribed: queued, sent']);
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.end_reason, 'stop_by_sms');
  assert.equal((await phone.debits()).length, 1);
});

test('the link in the welcome SMS shows on GET, and ends the subscription on POST only', async () => {
  const phone = stage.phone('923001000004');
  await phone.subscribe();
  await stage.quiet();
  const link =
    (await phone.inbox()).join(' ').match(/http:\/\/localhost:\d+(\/stop\/\S+)/)?.[1] ?? '';
  const page = await phone.open(link);
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.status, 'active');
  await phone.fill(page);
  const story = await stage.story(phone.msisdn);
  // One act: which of its two lines bears the earlier millisecond is chance.
  assert.deepEqual(story.kinds.slice(8).toSorted(), ['action.unreg', 'subscription.cancelled']);
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.end_reason, 'stop_by_link');
});

test('the original URL works letter for letter, and its GET subscribes nobody', async () => {
  const phone = stage.phone('928777777777');
  const page = await phone.open(
    '/lp/cpm.k.ak0/?msisdn=928777777777&aff_sub=5432104769mb85528554321',
  );
  assert.equal(page.status, 200);
  await stage.quiet();
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, ['hit.access']);
  assert.deepEqual(await stage.subscriptionsOf(phone.msisdn), []);
  await phone.fill(page);
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, ['hit.access', 'action.pull_click', ...SUBSCRIBED]);
  assert.equal(story.events[0]?.detail.aff_sub, '5432104769mb85528554321');
  assert.equal(story.events[0]?.detail.msisdn_source, 'query');
});

test('a number is one customer in every spelling that people use', async () => {
  const phone = stage.phone('923001000005');
  const spellings = [
    ...['03001000005', '0300 1000005', '0300-100-0005', '923001000005', '+923001000005'],
    ...['00923001000005', '+92 (300) 100.0005', ' 3001000005 '],
  ];
  for (const spelling of spellings) {
    const page = await phone.open(`/lp/demo?msisdn=${encodeURIComponent(spelling)}`);
    assert.match(page.text, /confirm/, spelling);
  }
  // A plus that was not escaped is a space when it arrives.
  const page = await phone.open('/lp/demo?msisdn=+923001000005');
  await phone.fill(page);
  await stage.quiet();
  const { rows } = await stage.house.database.pool
    .selectFrom('subscriptions.customer')
    .select('msisdn')
    .where('msisdn', 'like', '%3001000005')
    .execute()
    .then((found) => ({ rows: found }));
  assert.deepEqual(rows, [{ msisdn: '+923001000005' }]);
  for (const spelling of spellings) {
    const shown = await stage.subscriptionsOf(spelling);
    assert.deepEqual(
      shown.map(({ status }) => status),
      ['active'],
      spelling,
    );
    const told = await stage.get(`/v1/timeline?msisdn=${encodeURIComponent(spelling)}`);
    assert.equal(told.status, 200, spelling);
  }
});
