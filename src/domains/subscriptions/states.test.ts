import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { beginSubscriptions } from './begin-subscriptions.ts';
import { chargeDue } from './charge-due.ts';
import { NOW, openHouse } from './fixture.ts';
import { settleBills } from './settle-bills.ts';
import { stopSubscriptions } from './stop-subscriptions.ts';
import {
  accessOf,
  aliveStatuses,
  isAlive,
  nextStatus,
  type SubscriptionStatus,
  type SubscriptionStep,
  subscriptionSteps,
} from './subscription.ts';

const house = await openHouse();
const { context, database, subscription } = house;
const statuses = Object.keys(subscriptionSteps) as SubscriptionStatus[];

type Made = Awaited<ReturnType<typeof subscription>>;

function respond({ id, msisdn }: Made, outcome: 'accepted' | 'declined', reason?: string) {
  return database.transaction((tx) =>
    settleBills(context, tx, [
      {
        ...{ payment: 'pay_1x1', reference: `${id}/0`, msisdn, amount_minor: 500, currency: 'PKR' },
        ...{ outcome, at: NOW.toISOString(), ...(reason === undefined ? {} : { reason }) },
      },
    ]),
  );
}

const stopped = ({ msisdn }: Made) =>
  database.transaction((tx) =>
    stopSubscriptions(context, tx, { msisdn, channel: 'api', evidence: 'test', saidAt: NOW }),
  );

const begin = ({ id }: Made) =>
  database.transaction((tx) => beginSubscriptions(context, tx, [{ subscription: id }]));

async function due({ key }: Made, anchorAt: Date): Promise<void> {
  await sql`update subscriptions.subscription set due_at = ${NOW}, anchor_at = ${anchorAt}
            where id = ${key.id} and customer_id = ${key.customerId}`.execute(database.pool);
  while ((await chargeDue(context, 'mobilink')) > 0);
}

const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

/** What is done for each step, whatever the status; the table says what may come of it. */
const steps: Readonly<Partial<Record<SubscriptionStep, (made: Made) => Promise<unknown>>>> = {
  admit: begin,
  cancel: stopped,
  pay: (made) => respond(made, 'accepted'),
  miss: (made) => respond(made, 'declined', 'insufficient_funds'),
  blacklist: (made) => respond(made, 'declined', 'blacklisted'),
  find_postpaid: (made) => respond(made, 'declined', 'postpaid_not_allowed'),
  expire: (made) => due(made, daysAgo(11)),
  park: (made) => due(made, daysAgo(1.5)),
};

// A paused one has no bill that could be answered; who is at the door has none either, and is never due.
const apart: Readonly<Partial<Record<SubscriptionStep, readonly SubscriptionStatus[]>>> = {
  ...{
    pay: ['paused', 'registered'],
    miss: ['paused', 'registered'],
    park: ['paused', 'registered'],
  },
  ...{ blacklist: ['paused', 'registered'], find_postpaid: ['paused', 'registered'] },
  expire: ['registered'],
};

for (const [step, take] of Object.entries(steps)) {
  test(`${step} leads exactly where the table says, and from no other status anywhere`, async () => {
    const tried = statuses.filter((status) => !apart[step as SubscriptionStep]?.includes(status));
    for (const status of tried) {
      // Those that have ended are never due: no due time stands in their rows.
      if ((step === 'expire' || step === 'park') && !isAlive(status)) continue;
      const made = await subscription(status);
      await take(made);
      const expected = nextStatus(status, step as SubscriptionStep) ?? status;
      const row = await house.rowOf(made.key);
      assert.equal(row.status, expected, `${status} after ${step}`);
      if (!isAlive(row.status) && expected !== status) assert.equal(row.due_at, null);
    }
  });
}

test('who has ended stays ended: no step leads out, and none of them is alive or has access', () => {
  const ended = statuses.filter((status) => !isAlive(status) && status !== 'registered');
  for (const status of ended) {
    assert.deepEqual(subscriptionSteps[status], {}, status);
    assert.equal(accessOf(status).open, false);
  }
  const open = statuses.filter((status) => accessOf(status).open);
  assert.deepEqual(open, ['trial', 'active', 'grace']);
});

test('whatever is alive can be cancelled and purged', () => {
  for (const status of [...aliveStatuses, 'registered'] as const) {
    assert.equal(nextStatus(status, 'cancel'), 'cancelled');
    assert.equal(nextStatus(status, 'purge'), 'purged');
  }
});

test('the statuses that the code calls alive are those of the index that allows one', async () => {
  const { rows } = await sql<{ definition: string }>`
    select pg_get_indexdef('subscriptions.subscription_one_alive_per_service'::regclass) as definition`.execute(
    database.pool,
  );
  const named = [...(rows[0]?.definition ?? '').matchAll(/'(\w+)'::text/g)].map(([, name]) => name);
  assert.deepEqual(named.toSorted(), [...aliveStatuses].toSorted());
});

test('a response that comes twice settles once', async () => {
  const made = await subscription('pending');
  await respond(made, 'accepted');
  const paid = await house.rowOf(made.key);
  await respond(made, 'accepted');
  await respond(made, 'declined', 'insufficient_funds');
  assert.deepEqual(await house.rowOf(made.key), paid);
  const { rows } = await sql`
    select state, attempts from subscriptions.bill where subscription_id = ${made.key.id}`.execute(
    database.pool,
  );
  assert.deepEqual(rows, [{ state: 'paid', attempts: 1 }]);
});

test('a STOP for a service that nobody knows is refused, and ends nothing else', async () => {
  const made = await subscription('active');
  const stop = database.transaction((tx) =>
    stopSubscriptions(context, tx, {
      ...{ msisdn: made.msisdn, serviceCode: 'nothing', channel: 'api' },
      ...{ evidence: 'test', saidAt: NOW },
    }),
  );
  await assert.rejects(stop, { code: 'service_unknown' });
  assert.equal((await house.rowOf(made.key)).status, 'active');
});

test('nothing is claimed of what another copy holds', async () => {
  const made = await subscription('active');
  await sql`update subscriptions.subscription set due_at = ${NOW} where id = ${made.key.id}`.execute(
    database.pool,
  );
  await database.transaction(async (tx) => {
    await sql`select from subscriptions.subscription where id = ${made.key.id} for update`.execute(
      tx,
    );
    assert.equal(await chargeDue(context, 'mobilink'), 0);
  });
  assert.equal(await chargeDue(context, 'mobilink'), 1);
});
