import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { testDatabase } from '#testing';
import { type SmsState, type SmsStep, smsSteps } from './message.ts';
import {
  adoptClaimed,
  claimMessages,
  expireClaimed,
  markSubmitting,
  settleMessages,
} from './store.ts';

const database = await testDatabase();
const NOW = new Date('2026-11-20T07:00:00Z');
const OWNER = '019a0000-0000-7000-8000-000000000001';
const states = Object.keys(smsSteps) as SmsState[];
const OPEN: readonly SmsState[] = ['queued', 'claimed', 'submitting'];
const leased = { owner: OWNER, leaseMs: 60_000 };
let made = 0n;

async function message(state: SmsState, given: { expired?: boolean; secret?: boolean } = {}) {
  made += 1n;
  await sql`
    insert into sms.message (id, provider, recipient, sender, body, kind, secret, priority, state, attempts, owner,
      lease_until, created_at, expires_at, closed_at)
    values (${made}, 'mobilink', '+923009102250', '7787', '12345 is your PIN', 'pin', ${given.secret ?? false}, 2,
      ${state}, 1, ${OWNER}, clock_timestamp() + interval '1 minute', ${NOW},
      ${given.expired ? NOW : new Date(NOW.getTime() + 60_000)}, ${OPEN.includes(state) ? null : NOW})`.execute(
    database.pool,
  );
  return made;
}

async function rowOf(id: bigint) {
  const { rows } = await sql<{ state: SmsState; body: string; closed: boolean }>`
    select state, body, closed_at is not null as closed from sms.message where id = ${id}`.execute(
    database.pool,
  );
  assert.ok(rows[0]);
  return rows[0];
}

function settle(id: bigint, state: SmsState, attempt = 1) {
  const result = { id, attempt, state, providerMessageId: null, error: null };
  return database.transaction((tx) => settleMessages(tx, { results: [result], now: NOW }));
}

const statements: Readonly<
  Record<SmsStep, { readonly expired?: true; readonly take: (id: bigint) => Promise<unknown> }>
> = {
  claim: {
    // From claimed it is taken over, once its lease has ended.
    take: async (id) => {
      await database.transaction((tx) => claimMessages(tx, { ids: [id], ...leased, now: NOW }));
      await database.transaction((tx) =>
        adoptClaimed(tx, { provider: 'mobilink', ...leased, most: 100 }),
      );
    },
  },
  submit: { take: (id) => markSubmitting(database.pool, { ids: [id], ...leased, now: NOW }) },
  expire: {
    expired: true,
    take: async (id) => {
      await database.transaction((tx) => claimMessages(tx, { ids: [id], ...leased, now: NOW }));
      await database.transaction((tx) => expireClaimed(tx, { ids: [id], owner: OWNER, now: NOW }));
    },
  },
  accept: { take: (id) => settle(id, 'sent') },
  not_sent: { take: (id) => settle(id, 'queued') },
  refuse: { take: (id) => settle(id, 'failed') },
  lose_answer: { take: (id) => settle(id, 'unknown') },
};

for (const [step, { expired = false, take }] of Object.entries(statements)) {
  test(`the statement of ${step} moves exactly the states from which the table lets it`, async () => {
    for (const state of states) {
      const id = await message(state, { expired });
      await take(id);
      const row = await rowOf(id);
      const expected = smsSteps[state][step as SmsStep] ?? state;
      assert.equal(row.state, expected, `${state} after ${step}`);
      assert.equal(row.closed, !OPEN.includes(expected));
    }
  });
}

test('from unknown and from every end no way leads back to sending', () => {
  const onward = (state: SmsState): Set<SmsState> => {
    const reached = new Set(Object.values(smsSteps[state]));
    for (const next of reached) for (const one of Object.values(smsSteps[next])) reached.add(one);
    return reached;
  };
  for (const state of ['sent', 'failed', 'expired', 'unknown'] as const)
    for (const again of ['queued', 'claimed', 'submitting'] as const)
      assert.ok(!onward(state).has(again), `${state} leads to ${again}`);
});

test('a PIN is blotted out as soon as it is of no more use, and not before', async () => {
  const sent = await message('submitting', { secret: true });
  await settle(sent, 'queued');
  assert.match((await rowOf(sent)).body, /12345/);
  for (const end of ['sent', 'failed', 'unknown'] as const) {
    const id = await message('submitting', { secret: true });
    await settle(id, end);
    assert.doesNotMatch((await rowOf(id)).body, /\d/, end);
  }
  const late = await message('claimed', { secret: true, expired: true });
  await statements.expire.take(late);
  assert.doesNotMatch((await rowOf(late)).body, /\d/);
  const never = await message('queued', { secret: true, expired: true });
  await statements.expire.take(never);
  assert.doesNotMatch((await rowOf(never)).body, /\d/);
});

test('an answer to an earlier attempt changes nothing', async () => {
  const id = await message('submitting');
  assert.deepEqual(await settle(id, 'sent', 0), []);
  assert.equal((await rowOf(id)).state, 'submitting');
});
