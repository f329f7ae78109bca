import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  approvalHash,
  nextPayoutState,
  type PayoutState,
  type PayoutStep,
  parsePayoutId,
  payoutId,
  payoutStatesBefore,
  payoutSteps,
  wasSent,
} from './payout.ts';

const STATES = Object.keys(payoutSteps) as PayoutState[];

/** Every legal pair, written down a second time: a slip in the table shows here. */
const LEGAL: Readonly<Record<PayoutStep, string>> = {
  check: 'new>checking',
  hold: 'checking>on_hold needs_approval>on_hold approved>on_hold',
  release: 'on_hold>checking',
  require_approval: 'checking>needs_approval',
  approve: 'checking>approved needs_approval>approved',
  refuse: 'needs_approval>cancelled',
  expire: 'needs_approval>cancelled',
  reserve: 'approved>reserved',
  find_empty: 'approved>cancelled',
  send: 'reserved>in_flight',
  acknowledge: 'in_flight>acknowledged',
  pay: 'in_flight>paid acknowledged>paid',
  reject: 'in_flight>rejected acknowledged>rejected',
  return: 'paid>returned',
  settle: 'rejected>paid',
  cancel:
    'new>cancelled checking>cancelled on_hold>cancelled needs_approval>cancelled approved>cancelled reserved>cancelled',
  resolve:
    'in_flight>in_flight acknowledged>acknowledged paid>paid cancelled>cancelled rejected>rejected returned>returned',
};

test('exactly these steps are legal, and every other pair leads nowhere', () => {
  for (const [step, pairs] of Object.entries(LEGAL) as [PayoutStep, string][]) {
    const legal = new Map(pairs.split(' ').map((pair) => pair.split('>') as [string, string]));
    for (const state of STATES) {
      assert.equal(nextPayoutState(state, step), legal.get(state), `${state} ${step}`);
    }
    assert.deepEqual([...legal.keys()].sort(), [...payoutStatesBefore(step)].sort());
  }
});

test('every state is reached from new, and every open one has a way to its end', () => {
  const reachedFrom = (first: PayoutState) => {
    const reached = new Set<PayoutState>([first]);
    for (const from of reached) for (const to of Object.values(payoutSteps[from])) reached.add(to);
    return reached;
  };
  assert.deepEqual(reachedFrom('new'), new Set(STATES));
  const ends: readonly PayoutState[] = ['paid', 'cancelled', 'rejected', 'returned'];
  for (const state of STATES)
    assert.ok(
      ends.some((end) => reachedFrom(state).has(end)),
      state,
    );
});

test('what was sent can not be cancelled, held or sent again', () => {
  for (const state of STATES.filter(wasSent)) {
    for (const step of ['cancel', 'hold', 'reserve', 'send', 'refuse', 'expire'] as const) {
      assert.equal(nextPayoutState(state, step), undefined, `${state} ${step}`);
    }
  }
  assert.deepEqual(STATES.filter(wasSent), [
    'in_flight',
    'acknowledged',
    'paid',
    'rejected',
    'returned',
  ]);
});

test('a public id is read back, and what is none names its field', () => {
  for (const id of [0n, 1n, 987_654_321_012_345_678n, 0x7fff_ffff_ffff_ffffn]) {
    assert.equal(parsePayoutId(payoutId(id)), id);
  }
  for (const text of ['', 'po_', 'po_w', 'pay_1', 'po_1x2', 'po_vvvvvvvvvvvvv', 'PO_1']) {
    assert.throws(() => parsePayoutId(text, 'cursor'), {
      code: 'payout_id_malformed',
      faults: [{ field: 'cursor', message: 'an id that begins with po_' }],
    });
  }
});

test('what is approved is the amount, the currency, the account and the client', () => {
  const of = { amountMinor: 1000n, currency: 'RUB', account: 'acc_1', clientId: 'demo' };
  const others = [
    { ...of, amountMinor: 1001n },
    { ...of, currency: 'PKR' },
    { ...of, account: 'acc_2' },
    { ...of, clientId: 'demo2' },
  ];
  assert.equal(approvalHash(of), approvalHash({ ...of }));
  assert.equal(new Set([of, ...others].map(approvalHash)).size, 5);
});
