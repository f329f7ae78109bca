import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { sql } from '#database';
import { parseSmsId } from '#sms/message';
import type { SmsProvider, StatusReport } from '#sms/provider';
import type { Asked } from '#sms/requests';
import { rerouteMessages } from '#sms/sending';
import { askedMessage, historyOf, openSmsHouse, stateOf } from '#sms/stage';
import { claimMessages } from '#sms/work-store';
import { eventually } from '#testing';
import { createClerk } from './clerk.ts';
import { expireWaiting } from './expire-waiting.ts';
import { wakeDeferred } from './wake-deferred.ts';

const house = await openSmsHouse();
const { clock, context, database, first, second, sms } = house;

afterEach(() => {
  first.admitting = true;
});

function asked(changes: Partial<Asked> = {}): Asked {
  const expiresAt = new Date(clock.nowMs() + 3_600_000);
  return askedMessage({ expiresAt, wanted: ['first'], ...changes });
}

async function take(...messages: readonly Asked[]): Promise<readonly string[]> {
  const taken = await sms.intake.take(messages);
  return taken.map((one) => one.sms);
}

/** The first provider, which takes until `answered` to say anything. */
function slowToAnswer() {
  const asking = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<readonly StatusReport[]>();
  const slow: SmsProvider = {
    ...first,
    ask() {
      asking.resolve();
      return answered.promise;
    },
  };
  return { asking, answered, slow };
}

/** As a sender that dies before it begins. */
async function claimAndDie(id: string): Promise<void> {
  const owner = '00000000-0000-7000-8000-000000000000';
  await database.transaction((tx) =>
    claimMessages(tx, { ids: [parseSmsId(id)], provider: 'first', owner, leaseMs: -1000 }),
  );
}

test('before a provider that takes nothing for long a message ends at its time, and its PIN goes', async () => {
  first.admitting = false;
  const [id = '', held = ''] = await take(
    asked({ body: 'Your code is 481516', class: 'auth', secret: true }),
    asked(),
  );
  await claimAndDie(held);
  assert.equal(await expireWaiting(context), 0);
  clock.advanceMs(3_600_001);
  assert.equal(await expireWaiting(context), 2);
  assert.deepEqual(await historyOf(house, id), ['queued', 'expired']);
  assert.deepEqual(await historyOf(house, held), ['queued', 'expired']);
  assert.doesNotMatch((await sms.find(id))?.body ?? '', /481516/);
});

test('what a dead sender held goes another way when its provider takes none', async () => {
  const [id = ''] = await take(asked({ wanted: null }));
  await claimAndDie(id);
  first.admitting = false;
  await rerouteMessages(context, { provider: 'first', after: 0n });
  const row = await sms.find(id);
  assert.deepEqual([row?.state, row?.provider], ['queued', 'second']);
});

test('many that are due before a provider without room hold up nobody else', async () => {
  const notBefore = new Date(clock.nowMs() + 60_000);
  const many = await take(...Array.from({ length: 700 }, () => asked({ notBefore })));
  const later = new Date(clock.nowMs() + 61_000);
  const [other = ''] = await take(asked({ notBefore: later, wanted: ['second'] }));
  const [either = ''] = await take(asked({ notBefore: later, wanted: ['second', 'first'] }));
  clock.advanceMs(120_000);
  const perSecond = (name: string) => (name === 'first' ? 1 : 1000);
  const routes = { ...context.routes, perSecond };
  for (let turn = 0; turn < 3; turn += 1) await wakeDeferred({ ...context, routes });
  assert.equal(await stateOf(house, other), 'queued');
  assert.equal(await stateOf(house, either), 'queued');
  const states = await Promise.all(many.map((id) => stateOf(house, id)));
  assert.equal(states.filter((state) => state === 'queued').length, 5, 'five seconds of it');
  assert.equal(states.filter((state) => state === 'deferred').length, 695);
});

test('one that is to go through a provider without room waits among its messages, and nobody is told', async () => {
  const notBefore = new Date(clock.nowMs() + 1000);
  const [id = ''] = await take(asked({ notBefore, wanted: ['second', 'first'] }));
  clock.advanceMs(2000);
  const routes = {
    ...context.routes,
    admits: (name: string) => name === 'first',
    perSecond: (name: string) => (name === 'first' ? 1 : 1000),
  };
  await wakeDeferred({ ...context, routes });
  const row = await sms.find(id);
  assert.deepEqual([row?.state, row?.provider, row?.not_before], ['deferred', 'first', notBefore]);
  assert.deepEqual(await historyOf(house, id), ['deferred']);
});

test('the version before, which knows no rules, can send what it wrote itself and nothing else', async () => {
  const [id = ''] = await take(asked());
  const submit = (message: bigint) =>
    sql`update sms.message set state = 'submitting', attempts = attempts + 1,
      owner = gen_random_uuid(), lease_until = clock_timestamp() + interval '5 seconds'
      where id = ${message}`.execute(database.pool);
  await assert.rejects(submit(parseSmsId(id)), /message_leaves_by_the_rules/);
  await sql`insert into sms.message (id, provider, recipient, sender, body, kind, secret, priority, created_at, expires_at)
    values (1, 'mobilink', '+923001234567', '7787', 'Hello', 'welcome', false, 0, now(), now())`.execute(
    database.pool,
  );
  await submit(1n);
});

test('the clerk stops soon, also while a provider takes its time to say what became of a message', async () => {
  const [id = ''] = await take(asked());
  await sql`update sms.message set state = 'unknown', attempts = 1, sent_at = created_at,
    next_question_at = created_at where id = ${parseSmsId(id)}`.execute(database.pool);
  const { answered, asking, slow } = slowToAnswer();
  const clerk = createClerk({ context, providers: () => [slow], intervalMs: 1 });
  clerk.start();
  await asking.promise;
  const stopped = clerk.stop().then(() => 'stopped');
  const late = new Promise((done) => setTimeout(done, 15_000, 'late').unref());
  assert.equal(await Promise.race([stopped, late]), 'stopped');
  answered.resolve([]);
});

test('a provider that takes its time to answer questions keeps no message asleep, and no other from being asked', async () => {
  const notBefore = new Date(clock.nowMs() + 1000);
  const [due = '', ofFirst = '', ofSecond = ''] = await take(
    asked({ notBefore, wanted: ['second'] }),
    asked(),
    asked({ wanted: ['second'] }),
  );
  await sql`update sms.message set state = 'unknown', attempts = 1, sent_at = created_at,
    next_question_at = case when id = ${parseSmsId(ofFirst)} then created_at else ${notBefore}::timestamptz end
    where id in (${parseSmsId(ofFirst)}, ${parseSmsId(ofSecond)})`.execute(database.pool);
  const { answered, asking, slow } = slowToAnswer();
  second.reports = (questions) =>
    questions.map(({ sms: ours }) => ({
      ...{ providerMessageId: `late-${ours}`, sms: ours, state: 'delivered' },
    }));
  const clerk = createClerk({ context, providers: () => [slow, second], intervalMs: 5 });
  clerk.start();
  await asking.promise;
  clock.advanceMs(2000);
  try {
    await eventually(async () => assert.equal(await stateOf(house, due), 'queued'));
    await eventually(async () => assert.equal(await stateOf(house, ofSecond), 'delivered'));
  } finally {
    answered.resolve([]);
    await clerk.stop();
  }
});
