import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStage } from './stage.ts';

// Noon in Karachi. The demo's daily service tries again 1, 4 and 12 hours after a period's first attempt.
const stage = await openStage({ at: '2026-11-20T07:00:00Z' });

const ENTERED = ['hit.access', 'action.msisdn_entered', 'action.pin_sent', 'action.pull_click'];
const DECLINED = ['payment.declined', 'subscription.failed'];
const CHARGED = ['payment.accepted', 'subscription.charged', 'content.delivered'];
const RENEWED = ['payment.accepted', 'subscription.renewed', 'content.delivered'];

test('without money it is tried again by the ladder, charged after a top-up, and renewed a day later', async () => {
  const phone = stage.phone('923002000090');
  await phone.subscribe();
  const begun = [...ENTERED, 'subscription.created', ...DECLINED];
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, begun);
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.status, 'pending');

  await stage.pass({ minutes: 59 });
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, begun);
  await stage.pass({ minutes: 1 });
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [...begun, ...DECLINED]);

  await phone.topUp(1000);
  await stage.pass({ hours: 2, minutes: 59 });
  assert.deepEqual(await phone.debits(), []);
  await stage.pass({ minutes: 1 });
  const paid = [...begun, ...DECLINED, ...CHARGED];
  const charged = await stage.story(phone.msisdn);
  assert.deepEqual(charged.kinds, paid);
  assert.deepEqual(charged.sms, [
    ...[
      'pin: queued, sent',
      'failed: queued, sent',
      'welcome: queued, sent',
      'content: queued, sent',
    ],
  ]);
  const [subscription] = await stage.subscriptionsOf(phone.msisdn);
  assert.equal(subscription?.status, 'active');
  // Counted from the consent, not from the attempt that succeeded.
  assert.equal(subscription?.paid_until, '2026-11-21T07:00:00.000Z');

  await stage.pass({ hours: 19, minutes: 59 });
  assert.equal((await phone.debits()).length, 1);
  await stage.pass({ minutes: 1 });
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [...paid, ...RENEWED]);

  await stage.pass({ days: 1 });
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [...paid, ...RENEWED, ...DECLINED]);
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.status, 'grace');
  const debits = await phone.debits();
  assert.deepEqual(
    debits.map((debit) => debit.external_data),
    [`${subscription?.subscription}/0`, `${subscription?.subscription}/1`],
  );
  assert.deepEqual(
    (await stage.bills(subscription?.subscription ?? '')).map((bill) => [
      ...[bill.period, bill.state, bill.attempts],
    ]),
    [
      [2, 'open', 1],
      [1, 'paid', 1],
      [0, 'paid', 3],
    ],
  );
});

test('a period that ends unpaid closes its bill, and ten unpaid days end the subscription', async () => {
  const phone = stage.phone('923002000190');
  await phone.subscribeByQuery();
  const begun = ['hit.access', 'action.pull_click', 'subscription.created'];
  for (const hours of [1, 3, 8, 12]) await stage.pass({ hours });
  const tried = [...DECLINED, ...DECLINED, ...DECLINED, ...DECLINED];
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, [...begun, ...tried, ...DECLINED]);
  const [subscription] = await stage.subscriptionsOf(phone.msisdn);
  const bills = await stage.bills(subscription?.subscription ?? '');
  assert.deepEqual(
    bills.map((bill) => [bill.period, bill.state, bill.reason, bill.attempts]),
    [
      [1, 'open', undefined, 1],
      [0, 'uncollectible', 'period_over', 4],
    ],
  );
  await stage.pass({ days: 9 });
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [...story.kinds, 'subscription.ended']);
  const [ended] = await stage.subscriptionsOf(phone.msisdn);
  assert.deepEqual(
    [ended?.status, ended?.end_reason, ended?.due_at],
    ['expired', 'not_paid', undefined],
  );
  await phone.topUp(5000);
  await stage.pass({ days: 2 });
  assert.deepEqual(await phone.debits(), []);
});
