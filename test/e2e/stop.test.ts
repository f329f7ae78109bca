import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { eventually } from '#testing';
import type { Phone } from './phone.ts';
import { openStage } from './stage.ts';

const stage = await openStage({ at: '2026-11-20T07:00:00Z' });

const BEGUN = ['hit.access', 'action.pull_click', 'subscription.created'];
const CHARGED = ['payment.accepted', 'subscription.charged', 'content.delivered'];

async function untilPaymentIs(phone: Phone, state: string): Promise<void> {
  await eventually(async () => {
    const { rows } = await sql<{ state: string }>`
      select state from payments.payment where msisdn = ${phone.msisdn} order by id desc limit 1`.execute(
      stage.database.pool,
    );
    assert.equal(rows[0]?.state, state);
  });
}

async function statusOf(phone: Phone) {
  const [subscription] = await stage.subscriptionsOf(phone.msisdn);
  const [bill] = await stage.bills(subscription?.subscription ?? '');
  return [subscription?.status, subscription?.end_reason, bill?.state, bill?.reason];
}

test('STOP withdraws a charge that waits for the rate: the operator never sees it', async () => {
  const phone = stage.phone('923005000001');
  await stage.changeOperator({ requestsPerSecond: 0.01 });
  await phone.subscribeByQuery();
  await untilPaymentIs(phone, 'claimed');
  await stage.moveTo(new Date(stage.house.clock.nowMs() + 60_000));
  await phone.text('STOP');
  await untilPaymentIs(phone, 'withdrawn');
  await stage.changeOperator({ requestsPerSecond: 2000 });
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, [...BEGUN, 'payment.withdrawn', 'subscription.cancelled']);
  assert.deepEqual(story.sms, ['incoming: received', 'unsubscribed: queued, sent']);
  assert.deepEqual(await statusOf(phone), ['cancelled', 'stop_by_sms', 'void', 'stopped']);
  await stage.pass({ days: 3 });
  assert.deepEqual(await phone.debits(), []);
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, story.kinds);
});

test('STOP withdraws a charge that was turned away and waits to be sent again', async () => {
  const phone = stage.phone('923005000002');
  await phone.scenario('down', { method: 'GetBalanceAndDate', times: 1 });
  await phone.subscribeByQuery();
  await untilPaymentIs(phone, 'new');
  await stage.moveTo(new Date(stage.house.clock.nowMs() + 100));
  await phone.text('STOP');
  await untilPaymentIs(phone, 'withdrawn');
  await stage.pass({ days: 1 });
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [
    ...[...BEGUN, 'payment.withdrawn', 'subscription.cancelled'],
  ]);
  assert.deepEqual(await phone.debits(), []);
});

test('a charge under way when STOP is said is told for what it is, given back, and is the last', async () => {
  const phone = stage.phone('923005000003');
  await phone.scenario('late-answer', { delayMs: 2500 });
  await phone.subscribeByQuery();
  await untilPaymentIs(phone, 'sending');
  await stage.moveTo(new Date(stage.house.clock.nowMs() + 60_000));
  await phone.text('STOP');
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, [
    ...[...BEGUN, 'subscription.cancelled', 'payment.accepted', 'payment.refund_requested'],
    // The operator answers late, so the refund is recorded when all others have heard of the charge.
    ...['subscription.charged_after_stop', 'payment.refunded'],
  ]);
  assert.deepEqual(await statusOf(phone), ['cancelled', 'stop_by_sms', 'paid', 'after_stop']);
  await stage.pass({ days: 2 });
  assert.equal((await phone.debits()).length, 1);
  assert.deepEqual(
    (await phone.credits()).map(({ amount_minor }) => amount_minor),
    [500],
  );
});

test('STOP between two periods ends it: the next one is not charged', async () => {
  const phone = stage.phone('923005000004');
  await phone.subscribeByQuery();
  await stage.pass({ hours: 5 });
  await phone.text('  unsubscribe, please');
  await stage.pass({ days: 2 });
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [
    ...[...BEGUN, ...CHARGED, 'subscription.cancelled'],
  ]);
  assert.equal((await phone.debits()).length, 1);
});

test('a consent from before the STOP that comes late is cancelled at the door', async () => {
  const phone = stage.phone('923005000005');
  const { bus, database, subscriptions } = stage.house;
  const consented = stage.house.clock.now();
  await stage.pass({ minutes: 10 });
  await phone.text('STOP');
  await stage.quiet();
  const offer = await subscriptions.offer('music');
  await database.transaction((tx) =>
    subscriptions.recordConsent(tx, [
      {
        ...{ msisdn: phone.msisdn, serviceCode: 'music', termsVersion: offer?.termsVersion ?? 1 },
        ...{ visit: 'hit_late', method: 'query', textShown: 'x', priceShown: 'x', locale: 'en' },
        ...{ evidence: {}, attribution: { campaign: 'demo' } },
        ...{ shownAt: consented, confirmedAt: consented },
      },
    ]),
  );
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, ['subscription.created', 'subscription.refused']);
  assert.deepEqual(story.sms, ['incoming: received', 'unsubscribed: queued, sent']);
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.end_reason, 'stopped_before');
  assert.deepEqual(await phone.debits(), []);
  assert.ok((await bus.depths()).every(({ dead }) => dead === 0));
});

test('who is nobody’s customer gets an answer to STOP, and one only however often it is delivered', async () => {
  const phone = stage.phone('923005000006');
  await phone.text('STOP');
  const repeated = { id: 'mo-twice', from: phone.digits, to: '7787', text: 'stop' };
  for (let times = 0; times < 3; times += 1) {
    const { status, body } = await stage.post('/v1/operators/mobilink/mo', repeated, { key: '' });
    assert.equal(status, 200);
    assert.equal(body.outcome, times === 0 ? 'received' : 'repeated');
  }
  const story = await stage.story(phone.msisdn);
  assert.deepEqual(story.kinds, []);
  assert.equal((await phone.inbox()).length, 2); // one for each of the two messages
});

test('words that are no STOP end nothing', async () => {
  const phone = stage.phone('923005000007');
  await phone.subscribeByQuery();
  await stage.quiet();
  await phone.text('do not stop, I like it');
  await stage.quiet();
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.status, 'active');
});
