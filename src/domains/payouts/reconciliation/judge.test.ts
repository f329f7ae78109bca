import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PayoutState } from '#payouts/payout';
import { type LedgerPayout, placeOf, reconcile } from './judge.ts';
import { compareStages } from './judge-stages.ts';
import type { OurPayout } from './our-payout.ts';
import type { TheirPayout } from './their-payout.ts';

const NOW = new Date('2026-11-25T20:00:00Z');
const HOUR_MS = 3_600_000;
const options = { now: NOW, silentAfterMs: 24 * HOUR_MS };

function ours(state: PayoutState, more: Partial<OurPayout> = {}): OurPayout {
  const wasSent = ['in_flight', 'acknowledged', 'paid', 'rejected', 'returned'].includes(state);
  const isReserved = wasSent || state === 'reserved';
  return {
    ...{ payout: 'po_1', erpId: 'e1', clientId: 'music', currency: 'EUR', state },
    ...{ amountMinor: isReserved ? 500n : undefined, isMoving: false, conflict: false },
    sentAt: wasSent ? new Date(NOW.getTime() - HOUR_MS) : undefined,
    ...{ heardAt: undefined, waitsForFile: false, ...more },
  };
}

/** What the ledger has of a payout in this state when all is well. */
const well: Readonly<Record<PayoutState, LedgerPayout>> = {
  new: {},
  checking: {},
  on_hold: {},
  needs_approval: {},
  approved: {},
  cancelled: {},
  reserved: { reserve: 500n },
  in_flight: { reserve: 500n, send: 500n },
  acknowledged: { reserve: 500n, send: 500n },
  paid: { reserve: 500n, send: 500n, pay: 500n },
  rejected: { reserve: 500n, send: 500n, giveBack: 500n },
  returned: { reserve: 500n, send: 500n, pay: 500n, return: 500n },
};

function theirs(state: TheirPayout['state'], more: Partial<TheirPayout> = {}): TheirPayout {
  const isPaid = state === 'paid' || state === 'returned';
  return {
    ...{ erpId: 'e1', amountMinor: 500n, currency: 'EUR', state, word: state.toUpperCase() },
    ...{ paidMinor: isPaid ? 500n : 0n, paidTimes: isPaid ? 1 : 0, ...more },
  };
}

function differences(
  our: OurPayout | undefined,
  their: TheirPayout | undefined,
  ledger: LedgerPayout = our ? well[our.state] : {},
) {
  return reconcile(
    {
      ours: our ? [our] : [],
      ledger: new Map([['po_1', ledger]]),
      theirs: new Map(their ? [[their.erpId, their]] : []),
    },
    options,
  );
}

const long = new Date(NOW.getTime() - 48 * HOUR_MS);

const cases: readonly (readonly [
  what: string,
  our: OurPayout | undefined,
  their: TheirPayout | undefined,
  kinds: readonly string[],
  lost?: readonly string[],
  ledger?: LedgerPayout,
])[] = [
  ['nothing was sent, and they have nothing', ours('approved'), undefined, []],
  ['it was sent and they work on it', ours('in_flight'), theirs('open'), []],
  ['all say paid', ours('paid'), theirs('paid'), []],
  ['all say rejected', ours('rejected'), theirs('rejected'), []],
  ['all say returned', ours('returned'), theirs('returned'), []],
  ['they have never heard of it', ours('in_flight'), undefined, ['missing_there']],
  [
    ...(['it waits for the next file', ours('in_flight', { waitsForFile: true })] as const),
    ...([undefined, []] as const),
  ],
  ['we have never heard of it', undefined, theirs('paid'), ['unknown_here']],
  ['they have what we did not send', ours('reserved'), theirs('open'), ['state_differs']],
  ['they have what was cancelled', ours('cancelled'), theirs('paid'), ['state_differs']],
  [
    ...(['their amount is another', ours('in_flight')] as const),
    ...([theirs('open', { amountMinor: 5n }), ['amount_differs']] as const),
  ],
  [
    ...(['their currency is another', ours('paid')] as const),
    ...([theirs('paid', { currency: 'USD' }), ['amount_differs']] as const),
  ],
  ['PAID was lost', ours('in_flight'), theirs('paid'), ['state_differs'], ['PAID']],
  ['PAID was lost later', ours('acknowledged'), theirs('paid'), ['state_differs'], ['PAID']],
  ['REJECTED was lost', ours('acknowledged'), theirs('rejected'), ['state_differs'], ['REJECTED']],
  [
    ...(['both words were lost', ours('in_flight'), theirs('returned')] as const),
    ...([['state_differs'], ['PAID', 'RETURNED']] as const),
  ],
  ['RETURNED was lost', ours('paid'), theirs('returned'), ['state_differs'], ['RETURNED']],
  ['they paid what we gave back', ours('rejected'), theirs('paid'), ['state_differs']],
  ['they refused what we say is paid', ours('paid'), theirs('rejected'), ['state_differs']],
  ['their word is unknown', ours('in_flight'), theirs('unknown'), ['state_differs']],
  [
    ...(['a conflict is for people', ours('in_flight', { conflict: true })] as const),
    ...([theirs('paid'), ['state_differs']] as const),
  ],
  [
    ...(['another amount is for people, whatever the word', ours('in_flight')] as const),
    ...([
      theirs('paid', { amountMinor: 5n, paidMinor: 5n }),
      ['amount_differs', 'state_differs'],
    ] as const),
  ],
  [
    ...(['they paid it twice', ours('paid')] as const),
    ...([theirs('paid', { paidMinor: 1000n, paidTimes: 2 }), ['paid_twice']] as const),
  ],
  [
    ...(['we have it as paid twice', ours('paid'), theirs('paid'), ['paid_twice'], []] as const),
    { reserve: 500n, send: 500n, pay: 500n, giveBack: 500n, settle: 500n },
  ],
  [
    ...(['nobody spoke for two days', ours('acknowledged', { sentAt: long })] as const),
    ...([theirs('open'), ['silent']] as const),
  ],
  [
    ...([
      'somebody spoke an hour ago',
      ours('acknowledged', { sentAt: long, heardAt: NOW }),
    ] as const),
    ...([theirs('open'), []] as const),
  ],
  [
    ...(['the money was not sent', ours('in_flight'), theirs('open')] as const),
    ...([['money_elsewhere'], [], { reserve: 500n }] as const),
  ],
  [
    ...(['the money is on its way still', ours('paid'), theirs('paid')] as const),
    ...([['money_elsewhere'], [], { reserve: 500n, send: 500n }] as const),
  ],
  [
    ...(['the ledger moved another amount', ours('in_flight'), theirs('open')] as const),
    ...([['money_elsewhere'], [], { reserve: 500n, send: 499n }] as const),
  ],
  [
    ...(['the money is moving at this moment', ours('in_flight', { isMoving: true })] as const),
    ...([theirs('open'), [], [], { reserve: 500n, send: 500n, pay: 500n }] as const),
  ],
  [
    ...([
      'it was returned without having been paid',
      ours('returned'),
      theirs('returned'),
    ] as const),
    ...([['money_elsewhere'], [], { reserve: 500n, send: 500n, return: 500n }] as const),
  ],
];

for (const [what, our, their, kinds, lost = [], ledger] of cases) {
  test(`${what}: ${kinds.join(', ') || 'no difference'}`, () => {
    const found = differences(our, their, ledger);
    assert.deepEqual(
      found.map(({ kind }) => kind),
      kinds,
    );
    assert.deepEqual(
      found.flatMap((one) => one.lost ?? []),
      lost,
    );
    for (const { message } of found) assert.match(message, /\w{3}/);
  });
}

test('in every state, what the ledger has when all is well is no difference', () => {
  for (const state of Object.keys(well) as PayoutState[]) {
    const found = differences(ours(state, { waitsForFile: true }), undefined);
    assert.deepEqual(found, [], state);
  }
});

test('of all sets of transfers, only those that a life leads to have a place', () => {
  const names = ['reserve', 'send', 'pay', 'giveBack', 'return', 'settle'] as const;
  fc.assert(
    fc.property(fc.subarray([...names]), (some) => {
      const ledger = Object.fromEntries(some.map((name) => [name, 1n]));
      const place = placeOf(ledger);
      if (!some.includes('reserve')) assert.equal(place, some.length === 0 ? 'partner' : 'nowhere');
      if (some.includes('pay') && !some.includes('send')) assert.equal(place, 'nowhere');
      if (some.includes('pay') && some.includes('giveBack')) assert.equal(place, 'nowhere');
    }),
  );
});

const sums = [{ currency: 'EUR', reservedMinor: 100n, sentMinor: 500n, movingMinor: 0n }];
const balance = (stage: 'reserved' | 'sent', balanceMinor: bigint, currency = 'EUR') => ({
  ...{ stage, balanceMinor, currency },
});

test('stage accounts that hold what our payouts say are no difference', () => {
  assert.deepEqual(compareStages(sums, [balance('reserved', 100n), balance('sent', 500n)]), []);
  assert.deepEqual(compareStages([], [balance('sent', 0n, 'USD')]), []);
});

test('money on a stage account that no payout accounts for is told', () => {
  const found = compareStages(sums, [
    balance('reserved', 99n),
    balance('sent', 500n),
    balance('sent', 1n, 'USD'),
  ]);
  assert.deepEqual(
    found.map(({ message }) => message),
    [
      'payout-reserved accounts hold 99 EUR, our payouts say 100',
      'payout-sent accounts hold 1 USD, our payouts say 0',
    ],
  );
});

test('what is being moved may be on either side', () => {
  const moving = [{ currency: 'EUR', reservedMinor: 0n, sentMinor: 0n, movingMinor: 50n }];
  for (const amount of [0n, 50n])
    assert.deepEqual(compareStages(moving, [balance('sent', amount)]), []);
  assert.equal(compareStages(moving, [balance('sent', 51n)]).length, 1);
});
