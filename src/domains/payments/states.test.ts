import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { testDatabase } from '#testing';
import {
  nextPaymentState,
  type PaymentState,
  type PaymentStep,
  paymentSteps,
  statesBefore,
} from './payment.ts';
import { endPresented } from './presented-store.ts';
import { countConflicted } from './staff/index.ts';
import {
  type AttemptResult,
  adoptClaimed,
  claimPayments,
  closeUnsendable,
  countOpen,
  type Keys,
  markSending,
  settleAttempts,
  withdrawPayments,
} from './store.ts';

const database = await testDatabase();
const NOW = new Date('2026-11-20T07:00:00Z');
const OWNER = '019a0000-0000-7000-8000-000000000001';
const OTHER = '019a0000-0000-7000-8000-000000000002';
const states = Object.keys(paymentSteps) as PaymentState[];
const OPEN: readonly PaymentState[] = [
  'new',
  'claimed',
  'sending',
  'unknown',
  'presented',
  'authorized',
];
let made = 0n;

interface Made {
  readonly state: PaymentState;
  readonly notAfter?: Date;
  readonly leaseSeconds?: number;
  readonly stopped?: boolean;
}

async function payment({ leaseSeconds = 60, notAfter, state, stopped }: Made): Promise<Keys> {
  made += 1n;
  const closedAt = OPEN.includes(state) ? null : NOW;
  await sql`
    insert into payments.payment (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority,
      not_after, state, attempts, owner, lease_until, created_at, closed_at, stopped_at)
    values (${made}, ${made}, 'mobilink', ${`+92300${1_000_000n + made}`}, 500, 'PKR', 'sub_1x1/0', 1,
      ${notAfter ?? new Date(NOW.getTime() + 60_000)}, ${state}, 1, ${OWNER},
      clock_timestamp() + make_interval(secs => ${leaseSeconds}), ${NOW}, ${closedAt}, ${stopped ? NOW : null})`.execute(
    database.pool,
  );
  return { customers: [made], ids: [made] };
}

async function stateOf({ ids }: Keys) {
  const { rows } = await sql<{ state: PaymentState; closed: boolean; attempts: number }>`
    select state, closed_at is not null as closed, attempts from payments.payment where id = ${ids[0]}`.execute(
    database.pool,
  );
  assert.ok(rows[0]);
  assert.equal(rows[0].closed, !OPEN.includes(rows[0].state), 'closed exactly when it is final');
  return rows[0].state;
}

function settle(keys: Keys, result: Pick<AttemptResult, 'state' | 'outcome'>, attempt = 1) {
  return database.transaction((tx) =>
    settleAttempts(tx, {
      now: NOW,
      results: [
        {
          ...{ customerId: keys.customers[0] as bigint, id: keys.ids[0] as bigint, attempt },
          ...{ reason: null, gatewayReference: null, sentAt: NOW, askAfterMs: null, ...result },
          amountMinor: 500n,
        },
      ],
    }),
  );
}

function endCardPayment({ customers, ids }: Keys, step: 'expire' | 'void') {
  const key = { customerId: customers[0] as bigint, id: ids[0] as bigint };
  return database.transaction((tx) => endPresented(tx, { ...key, now: NOW, step, reason: step }));
}

const leased = { owner: OWNER, leaseMs: 60_000 };

/** The statement of each step, on a payment in any state. `give_up` has none yet. */
const statements: Readonly<
  Record<
    Exclude<PaymentStep, 'give_up'>,
    { readonly given?: Omit<Made, 'state'>; readonly take: (keys: Keys) => Promise<unknown> }
  >
> = {
  claim: {
    take: (keys) => database.transaction((tx) => claimPayments(tx, { keys, ...leased, now: NOW })),
  },
  expire: {
    given: { notAfter: NOW },
    take: async (keys) => {
      await database.transaction((tx) => claimPayments(tx, { keys, ...leased, now: NOW }));
      await database.transaction((tx) =>
        closeUnsendable(tx, { keys, owner: OWNER, now: NOW, listed: [], reasons: [] }),
      );
      await endCardPayment(keys, 'expire');
    },
  },
  lease_lost: {
    given: { leaseSeconds: -1 },
    take: () =>
      database.transaction((tx) =>
        adoptClaimed(tx, { gateway: 'mobilink', owner: OWNER, leaseMs: 60_000, most: 1000 }),
      ),
  },
  send: { take: (keys) => markSending(database.pool, { keys, ...leased, now: NOW }) },
  list: {
    take: (keys) =>
      database.transaction((tx) =>
        closeUnsendable(tx, {
          ...{ keys, owner: OWNER, now: NOW, reasons: ['blacklisted'] },
          listed: [`+92300${1_000_000n + (keys.ids[0] as bigint)}`],
        }),
      ),
  },
  count: {
    take: ({ customers, ids }) => {
      const key = { customerId: customers[0] as bigint, id: ids[0] as bigint };
      return database.transaction((tx) => countConflicted(tx, { ...key, now: NOW }));
    },
  },
  accept: { take: (keys) => settle(keys, { state: 'accepted', outcome: 'accepted' }) },
  authorize: { take: (keys) => settle(keys, { state: 'authorized', outcome: 'authorized' }) },
  conflict: { take: (keys) => settle(keys, { state: 'conflicted', outcome: 'conflicted' }) },
  void: { take: (keys) => endCardPayment(keys, 'void') },
  decline: { take: (keys) => settle(keys, { state: 'declined', outcome: 'declined' }) },
  fail: { take: (keys) => settle(keys, { state: 'failed', outcome: 'failed' }) },
  not_sent: { take: (keys) => settle(keys, { state: 'new', outcome: 'not_sent' }) },
  stop: {
    given: { stopped: true },
    take: (keys) => settle(keys, { state: 'new', outcome: 'not_sent' }),
  },
  lose_answer: { take: (keys) => settle(keys, { state: 'unknown', outcome: 'unknown' }) },
  withdraw: {
    take: (keys) =>
      database.transaction((tx) =>
        withdrawPayments(tx, {
          ...{ customerId: keys.customers[0] as bigint, references: ['sub_1x1/0'] },
          ...{ reason: 'stop_by_sms', now: NOW },
        }),
      ),
  },
};

for (const [step, { given, take }] of Object.entries(statements)) {
  test(`the statement of ${step} moves exactly the states from which the table lets it`, async () => {
    for (const state of states) {
      const keys = await payment({ state, ...given });
      await take(keys);
      const expected = nextPaymentState(state, step as PaymentStep) ?? state;
      assert.equal(await stateOf(keys), expected, `${state} after ${step}`);
    }
  });
}

test('final states lead nowhere, and every other state has a way to its end', () => {
  const final = states.filter((state) => !OPEN.includes(state));
  // Of a conflict people may say that it counts after all.
  for (const state of final)
    assert.deepEqual(paymentSteps[state], state === 'conflicted' ? { count: 'accepted' } : {});
  const reached = new Set<PaymentState>(['new', 'presented']);
  for (let size = 0; size !== reached.size; ) {
    size = reached.size;
    for (const from of [...reached])
      for (const to of Object.values(paymentSteps[from])) reached.add(to);
  }
  assert.deepEqual(new Set(states), reached);
});

test('what is sending or unknown can not be withdrawn, listed, expired or claimed', () => {
  for (const step of ['withdraw', 'list', 'expire', 'claim', 'send'] as const) {
    assert.ok(!statesBefore(step).includes('sending'), step);
    assert.ok(!statesBefore(step).includes('unknown'), step);
  }
});

test('nothing is sent for another worker, after its lease, or past its time', async () => {
  const cases = [
    { made: { state: 'claimed' }, by: OTHER, now: NOW },
    { made: { state: 'claimed', leaseSeconds: -1 }, by: OWNER, now: NOW },
    { made: { state: 'claimed', notAfter: NOW }, by: OWNER, now: NOW },
  ] as const;
  for (const { by, made: given, now } of cases) {
    const keys = await payment(given);
    const begun = await markSending(database.pool, { keys, owner: by, leaseMs: 60_000, now });
    assert.deepEqual(begun, []);
    assert.equal(await stateOf(keys), 'claimed');
  }
});

test('an answer to an earlier attempt changes nothing', async () => {
  const keys = await payment({ state: 'sending' });
  assert.deepEqual(await settle(keys, { state: 'accepted', outcome: 'accepted' }, 0), []);
  assert.equal(await stateOf(keys), 'sending');
});

test('a STOP marks what is under way, so that its end is judged by it', async () => {
  const keys = await payment({ state: 'sending' });
  await statements.withdraw.take(keys);
  const { rows } = await sql<{ stopped: boolean }>`
    select stopped_at is not null as stopped from payments.payment where id = ${keys.ids[0]}`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.stopped, true);
});

test('at most one payment of a reference is open', async () => {
  const keys = await payment({ state: 'new' });
  const insert = sql`
    insert into payments.payment (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority,
      not_after, created_at)
    select customer_id, id + 1000000, gateway, msisdn, amount_minor, currency, reference, priority, not_after, created_at
    from payments.payment where id = ${keys.ids[0]}`;
  await assert.rejects(insert.execute(database.pool), /payment_one_open_per_reference/);
});

test('what nobody knows the end of takes no room from what waits', async () => {
  const before = await countOpen(database.pool, 'mobilink', 1000);
  await payment({ state: 'unknown' });
  assert.equal(await countOpen(database.pool, 'mobilink', 1000), before);
  await payment({ state: 'claimed' });
  assert.equal(await countOpen(database.pool, 'mobilink', 1000), before + 1);
  assert.equal(
    await countOpen(database.pool, 'mobilink', 1),
    1,
    'it counts no further than it must',
  );
});

test('no index knows what each attempt changes, so that its steps are made in place', async () => {
  const { rows } = await sql<{ definition: string }>`
    select pg_get_indexdef(indexrelid) as definition from pg_index where indrelid = 'payments.payment'::regclass`.execute(
    database.pool,
  );
  const changing = /\b(?:state|attempts|calls|owner|lease_until|sent_at|next_inquiry_at)\b/;
  assert.deepEqual(
    rows.map(({ definition }) => definition).filter((text) => changing.test(text)),
    [],
  );
});
