import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parcel } from '#bus';
import { smsEvents } from '#sms';
import { testDatabase } from '#testing';
import { action, at, hit, kindsOf, MSISDN, payment, runReports, subscription } from './fixture.ts';
import { readPipeline } from './store-stories.ts';

const database = await testDatabase();
const running = await runReports(database);
after(() => running.stop());
const { quiet, reports, tell } = running;

test('a number that nothing is known of has an empty story', async () => {
  assert.deepEqual(await reports.story('+923000000000', { limit: 10 }), []);
});

test('a story begins with the click, though the number was learned later', async () => {
  const visit = 'hit_a1';
  await tell(hit({ hit: visit, aff_sub: '5432' }), action({ hit: visit }));
  await tell(action({ hit: visit, action: 'pull_click', msisdn: MSISDN, at: at(3) }));
  await tell(subscription('created', { at: at(4) }));
  await quiet();
  const story = await reports.story(MSISDN, { limit: 10 });
  assert.deepEqual(kindsOf(story), ['hit.access', 'action.pull_click', 'subscription.created']);
  assert.equal(story[0]?.subject, visit);
  assert.equal(story[0]?.detail.aff_sub, '5432');
});

test('it begins with the click also when the consent is written down first', async () => {
  const [visit, msisdn] = ['hit_a2', '+923000000002'];
  await tell(action({ hit: visit, action: 'pull_click', msisdn, at: at(2) }));
  await quiet();
  await tell(hit({ hit: visit, at: at(1) }));
  await quiet();
  const story = await reports.story(msisdn, { limit: 10 });
  assert.deepEqual(kindsOf(story), ['hit.access', 'action.pull_click']);
});

test('of two numbers that were typed in a visit each has its own lines, and both the click', async () => {
  const [visit, typed, proven] = ['hit_a3', '+923000000003', '+923000000004'];
  await tell(
    hit({ hit: visit }),
    action({ hit: visit, action: 'msisdn_entered', msisdn: typed, at: at(1) }),
    action({ hit: visit, action: 'msisdn_entered', msisdn: proven, at: at(2) }),
    action({ hit: visit, action: 'pull_click', msisdn: proven, at: at(3) }),
  );
  await quiet();
  assert.deepEqual(kindsOf(await reports.story(typed, { limit: 10 })), [
    'hit.access',
    'action.msisdn_entered',
  ]);
  assert.deepEqual(kindsOf(await reports.story(proven, { limit: 10 })), [
    'hit.access',
    'action.msisdn_entered',
    'action.pull_click',
  ]);
});

test('a link in a text is kept without what opens it', async () => {
  const msisdn = '+923000000008';
  const text = 'Link: https://pay.example.com/c/XGge_1faakIsqcxsD_AtWv8P-0c or STOP to 7787';
  const payload = { event: 'sent', sms: 'sms_2', kind: 'content', msisdn, text, at: at(0) };
  await tell(parcel(smsEvents, [{ key: msisdn, payload }]));
  await quiet();
  const [line] = await reports.story(msisdn, { limit: 1 });
  assert.equal(line?.detail.text, 'Link: https://pay.example.com/c/••• or STOP to 7787');
});

test('events of one instant stand in the order in which they were told', async () => {
  const msisdn = '+923000000005';
  const events = ['requested', 'sending', 'accepted'].map((event) => payment(event, { msisdn }));
  await tell(...events);
  await tell(subscription('charged', { msisdn }));
  await quiet();
  assert.deepEqual(kindsOf(await reports.story(msisdn, { limit: 10 })), [
    'payment.requested',
    'payment.sending',
    'payment.accepted',
    'subscription.charged',
  ]);
});

test('a story is read on from behind any of its events', async () => {
  const msisdn = '+923000000006';
  await tell(...[1, 2, 3, 4, 5].map((n) => payment(`step_${n}`, { msisdn, at: at(n % 3) })));
  await quiet();
  const whole = await reports.story(msisdn, { limit: 100 });
  for (const [index, event] of whole.entries()) {
    const rest = await reports.story(msisdn, { after: event.position, limit: 100 });
    assert.deepEqual(rest, whole.slice(index + 1));
  }
  assert.deepEqual(await reports.story(msisdn, { limit: 2 }), whole.slice(0, 2));
  assert.deepEqual(await reports.newest(msisdn, 2), whole.slice(-2));
});

test('a line carries its facts, and nothing that is not named', async () => {
  const msisdn = '+923000000007';
  const payload = {
    ...{ event: 'sent', sms: 'sms_1', kind: 'content', msisdn, text: 'Your "link"\n', at: at(0) },
    pin: '1234',
  };
  await tell(parcel(smsEvents, [{ key: msisdn, payload }]));
  await quiet();
  const [line] = await reports.story(msisdn, { limit: 1 });
  assert.equal(line?.kind, 'sms.sent');
  assert.deepEqual(line?.detail, { kind: 'content', text: 'Your "link"\n' });
});

test("the pipeline shows everybody's newest lines in order", async () => {
  const lines = await readPipeline(database.pool, { since: new Date(0), limit: 5 });
  assert.equal(lines.length, 5);
  const order = lines.map(({ position }) => `${position.at} ${position.messageId}`);
  assert.deepEqual(order, [...order].sort());
});
