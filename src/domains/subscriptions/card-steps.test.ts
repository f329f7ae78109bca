import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accessOf,
  isAlive,
  nextStatus,
  type SubscriptionStatus,
  type SubscriptionStep,
  subscriptionSteps,
} from './subscription.ts';

/** What cards add, and nothing else: each step from each status, or `-` where it never happens. */
const added: Readonly<Record<string, Partial<Record<SubscriptionStatus, SubscriptionStatus>>>> = {
  begin_trial: { pending: 'trial' },
  pause: { active: 'paused' },
  resume: { paused: 'active' },
};

/** The table as carriers had it before. */
const carrier: Readonly<Record<string, Partial<Record<SubscriptionStep, SubscriptionStatus>>>> = {
  registered: {
    ...{ admit: 'pending', reject: 'rejected', blacklist: 'blacklisted' },
    ...{ find_postpaid: 'postpaid', cancel: 'cancelled', purge: 'purged' },
  },
  pending: { pay: 'active', miss: 'pending', park: 'pending' },
  active: { pay: 'active', miss: 'grace', park: 'hold' },
  grace: { pay: 'active', miss: 'grace', park: 'hold' },
  hold: { pay: 'active', miss: 'hold', park: 'hold' },
};
const ends = {
  ...{ expire: 'expired', cancel: 'cancelled', purge: 'purged' },
  ...{ blacklist: 'blacklisted', find_postpaid: 'postpaid' },
} as const;

const statuses = Object.keys(subscriptionSteps) as SubscriptionStatus[];

test('trials and pauses lead exactly there, and from every other status nowhere', () => {
  for (const [step, from] of Object.entries(added)) {
    for (const status of statuses) {
      const to = nextStatus(status, step as SubscriptionStep);
      assert.equal(to, from[status], `${status} after ${step}`);
    }
  }
});

test('the paths of carriers are as they were', () => {
  for (const [status, steps] of Object.entries(carrier)) {
    const expected = status === 'registered' ? steps : { ...steps, ...ends };
    const own = Object.entries(subscriptionSteps[status as SubscriptionStatus]);
    const found = Object.fromEntries(own.filter(([step]) => !(step in added)));
    assert.deepEqual(found, expected, status);
  }
});

function live(...steps: readonly SubscriptionStep[]): readonly (SubscriptionStatus | undefined)[] {
  let status: SubscriptionStatus | undefined = 'registered';
  return steps.map((step) => {
    status = status && nextStatus(status, step);
    return status;
  });
}

test('the lives of a card subscription, status by status', () => {
  assert.deepEqual(live('admit', 'begin_trial', 'pay', 'pause', 'resume', 'pay', 'cancel'), [
    ...['pending', 'trial', 'active', 'paused', 'active', 'active', 'cancelled'],
  ]);
  // A first payment that stays incomplete, and one whose card is declined until the ladder is over.
  assert.deepEqual(live('admit', 'expire'), ['pending', 'expired']);
  assert.deepEqual(live('admit', 'pay', 'miss', 'miss', 'park', 'miss', 'expire'), [
    ...['pending', 'active', 'grace', 'grace', 'hold', 'hold', 'expired'],
  ]);
  assert.deepEqual(live('admit', 'pay', 'miss', 'park', 'pay'), [
    ...['pending', 'active', 'grace', 'hold', 'active'],
  ]);
  // A trial that ends without a card.
  assert.deepEqual(live('admit', 'begin_trial', 'park'), ['pending', 'trial', 'hold']);
});

test('who owes money can not pause, and who is paused is neither charged nor let in', () => {
  for (const status of ['pending', 'trial', 'grace', 'hold'] as const) {
    assert.equal(nextStatus(status, 'pause'), undefined, status);
  }
  for (const step of ['pay', 'miss', 'park', 'pause', 'begin_trial'] as const) {
    assert.equal(nextStatus('paused', step), undefined, step);
  }
  assert.equal(accessOf('paused').open, false);
  assert.ok(isAlive('paused'));
});
