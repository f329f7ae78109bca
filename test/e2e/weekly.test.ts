import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStage, type ShownBill } from './stage.ts';

// The demo's weekly service asks for money from 8:00 to 21:00 in Karachi (UTC+5), again after 6, 24 and 48 hours.
const stage = await openStage({ at: '2026-11-20T17:30:00Z' });

const BEGUN = ['hit.access', 'action.pull_click', 'subscription.created'];
const CHARGED = ['payment.accepted', 'subscription.charged', 'content.delivered'];
const RENEWED = ['payment.accepted', 'subscription.renewed', 'content.delivered'];
const DECLINED = ['payment.declined', 'subscription.failed'];

function brief(bills: readonly ShownBill[]) {
  return bills.map((bill) => [bill.period, bill.state, bill.reason ?? '', bill.attempts]);
}

test('weeks are charged once each, only while the window is open on the wall clocks of the operator', async () => {
  const phone = stage.phone('923004000001');
  // 22:30 in Karachi: the customer is subscribed now and charged in the morning.
  await phone.subscribeByQuery('weekly');
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, BEGUN);
  const [waiting] = await stage.subscriptionsOf(phone.msisdn);
  assert.deepEqual([waiting?.status, waiting?.due_at], ['pending', '2026-11-21T03:00:00.000Z']);
  await stage.pass({ hours: 9, minutes: 29 });
  assert.deepEqual(await phone.debits(), []);
  await stage.pass({ minutes: 1 });
  let kinds = [...BEGUN, ...CHARGED];
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, kinds);

  for (const week of [1, 2, 3]) {
    // The period begins at 22:30, its window at 8:00 of the next day.
    await stage.pass({ days: 6, hours: 23, minutes: 59 });
    assert.equal((await phone.debits()).length, week);
    await stage.pass({ minutes: 1 });
    kinds = [...kinds, ...RENEWED];
    assert.deepEqual((await stage.story(phone.msisdn)).kinds, kinds);
  }
  const debits = await phone.debits();
  assert.deepEqual(
    debits.map((debit) => debit.origin_time),
    ['20261121', '20261128', '20261205', '20261212'].map((day) => `${day}T08:00:00+0500`),
  );
  const [subscription] = await stage.subscriptionsOf(phone.msisdn);
  assert.deepEqual(brief(await stage.bills(subscription?.subscription ?? '')), [
    ...[3, 2, 1, 0].map((period) => [period, 'paid', '', 1]),
  ]);
});

test('a retry that falls into the night waits for the morning, and one of the next week is none', async () => {
  await stage.pass({ hours: 7 }); // 15:00 in Karachi
  const phone = stage.phone('923004000090');
  await phone.subscribeByQuery('weekly');
  await stage.quiet();
  const due = async () => (await stage.subscriptionsOf(phone.msisdn))[0]?.due_at;
  assert.equal(await due(), '2026-12-13T03:00:00.000Z'); // 6 hours later is 21:00: closed
  await stage.pass({ hours: 17 });
  assert.equal(await due(), '2026-12-13T10:00:00.000Z');
  await stage.pass({ hours: 7 });
  assert.equal(await due(), '2026-12-14T10:00:00.000Z');
  await stage.pass({ hours: 24 });
  assert.equal(await due(), '2026-12-19T10:00:00.000Z'); // nothing is left on the ladder: the next week
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [
    ...[...BEGUN, ...DECLINED, ...DECLINED, ...DECLINED, ...DECLINED],
  ]);
  await phone.topUp(2500);
  await stage.pass({ days: 4, hours: 24 });
  assert.equal((await phone.debits())[0]?.external_data.endsWith('/1'), true);
});

test('after an outage the current period is billed once, and those missed are void', async () => {
  const phone = stage.phone('923004000002');
  await phone.subscribeByQuery('demo');
  await stage.quiet();
  // As if nothing of ours had run for four days and a bit.
  await stage.pass({ days: 4, hours: 3 });
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, [...BEGUN, ...CHARGED, ...RENEWED]);
  const [subscription] = await stage.subscriptionsOf(phone.msisdn);
  assert.deepEqual(brief(await stage.bills(subscription?.subscription ?? '')), [
    [4, 'paid', '', 1],
    ...[3, 2, 1].map((period) => [period, 'void', 'missed', 0]),
    [0, 'paid', '', 1],
  ]);
  assert.equal((await phone.debits()).length, 2);
});
