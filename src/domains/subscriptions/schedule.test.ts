import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { insideWindow, nextOutside, periodBounds } from '#clock';
import {
  type BillNow,
  type Circumstances,
  currentPeriod,
  dueAtStartOf,
  endOfPeriod,
  planAfterDecline,
  planDue,
  type SubscriptionNow,
} from './schedule.ts';
import { isAlive, nextStatus } from './subscription.ts';
import { carrierPeriod, type Terms } from './terms.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ALL_DAY = { fromMinute: 0, toMinute: 1440 };

function termsOf(changes: Partial<Terms> = {}): Terms {
  return {
    ...{ serviceId: 1, serviceCode: 'music', title: 'Music', operator: 'mobilink', version: 1 },
    ...{ priceMinor: 500n, currency: 'PKR', period: 'daily', chargeWindow: ALL_DAY },
    ...{ retryAfterMinutes: [60, 240, 720], keepDays: 10, recentHours: 0, texts: {} },
    ...changes,
  };
}

/** What the operator says, and how long it all takes: a charge, a worker that sleeps, an outage of days. */
interface Turn {
  readonly lateMinutes: number;
  readonly answerMinutes: number;
  readonly answer: 'accepted' | 'no_money' | 'next_period' | 'never_sent';
}

interface Charge {
  readonly at: Date;
  readonly period: number;
  readonly retry: boolean;
  readonly notAfter: Date;
  readonly bill: BillNow;
}

interface History {
  readonly charges: readonly Charge[];
  readonly missed: readonly number[];
  readonly expiredAt: Date | undefined;
  readonly last: SubscriptionNow;
}

interface Life {
  readonly anchorAt: Date;
  readonly timeZone: string;
  readonly terms: Terms;
  readonly turns: readonly Turn[];
}

/** Lives a subscription turn by turn, as charge-due and settle-bills do with rows. */
function live({ anchorAt, terms, timeZone, turns }: Life): History {
  const charges: Charge[] = [];
  const missed: number[] = [];
  let state: SubscriptionNow = {
    ...{ status: 'pending', anchorAt, period: -1, paidUntil: undefined, openBill: undefined },
  };
  let dueAt = anchorAt;
  for (const turn of turns) {
    const now = new Date(dueAt.getTime() + turn.lateMinutes * MINUTE_MS);
    const about: Circumstances = { terms, timeZone, now };
    const plan = planDue(state, about);
    if (plan.plan === 'expire') return { charges, missed, expiredAt: now, last: state };
    if (plan.plan === 'wait') {
      assert.ok(plan.until > now, 'who waits, waits for something to come');
      dueAt = plan.until;
      continue;
    }
    if (state.openBill?.period !== plan.period) {
      const over = state.openBill ? state.openBill.period : undefined;
      assert.equal(plan.closes?.period, over, 'a bill whose time is over is closed');
    }
    missed.push(...plan.missed);
    const bill: BillNow =
      state.openBill?.period === plan.period
        ? state.openBill
        : { period: plan.period, attempts: 0, openedAt: now };
    charges.push({ at: now, bill, ...plan });
    const answered = new Date(now.getTime() + turn.answerMinutes * MINUTE_MS);
    state = { ...state, status: plan.status, period: plan.period, openBill: bill };
    ({ dueAt, state } = settle(state, bill, { ...about, now: answered, answer: turn.answer }));
  }
  return { charges, missed, expiredAt: undefined, last: state };
}

function settle(
  state: SubscriptionNow,
  bill: BillNow,
  about: Circumstances & { readonly answer: Turn['answer'] },
): { readonly state: SubscriptionNow; readonly dueAt: Date } {
  const { answer, now } = about;
  const { anchorAt } = state;
  if (answer === 'never_sent') return { state, dueAt: new Date(now.getTime() + MINUTE_MS) };
  if (answer === 'accepted') {
    const status = nextStatus(state.status, 'pay') ?? state.status;
    const paidUntil = endOfPeriod(bill.period, anchorAt, about);
    const dueAt = dueAtStartOf(bill.period + 1, anchorAt, about);
    return { state: { ...state, status, paidUntil, openBill: undefined }, dueAt };
  }
  const after = planAfterDecline(
    { ...state, openBill: bill },
    { ...about, again: answer === 'no_money' },
  );
  const openBill = { ...bill, attempts: bill.attempts + 1 };
  return { state: { ...state, status: after.status, openBill }, dueAt: after.dueAt };
}

const turn: fc.Arbitrary<Turn> = fc.record({
  lateMinutes: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 90 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 * 1440 }) },
  ),
  answerMinutes: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 1500 }) },
  ),
  answer: fc.constantFrom(
    'accepted',
    'accepted',
    'no_money',
    'no_money',
    'next_period',
    'never_sent',
  ),
});
const window = fc.oneof(
  fc.constant(ALL_DAY),
  fc
    .tuple(fc.integer({ min: 0, max: 1380 }), fc.integer({ min: 60, max: 1440 }))
    .filter(([from, to]) => from + 30 <= to)
    .map(([fromMinute, toMinute]) => ({ fromMinute, toMinute })),
);
const life: fc.Arbitrary<Life> = fc.record({
  // Around the changes of the clocks of spring and autumn, too.
  anchorAt: fc
    .integer({ min: Date.UTC(2026, 1, 1) / 1000, max: Date.UTC(2026, 10, 5) / 1000 })
    .map((second) => new Date(second * 1000)),
  timeZone: fc.constantFrom('Asia/Karachi', 'Europe/Berlin', 'America/New_York'),
  terms: fc
    .record({
      period: fc.constantFrom('daily', 'weekly'),
      chargeWindow: window,
      retryAfterMinutes: fc
        .uniqueArray(fc.integer({ min: 1, max: 3000 }), { maxLength: 5 })
        .map((steps) => steps.toSorted((a, b) => a - b)),
      keepDays: fc.integer({ min: 1, max: 30 }),
    })
    .map(termsOf),
  turns: fc.array(turn, { minLength: 1, maxLength: 60 }),
});

function everyHistory(holds: (history: History, of: Life) => void): void {
  fc.assert(
    fc.property(life, (one) => holds(live(one), one)),
    { numRuns: 400 },
  );
}

test('money is asked for only while the window is open, and no charge outlives it', () => {
  everyHistory(({ charges }, { terms, timeZone }) => {
    const { chargeWindow } = terms;
    for (const { at, notAfter } of charges) {
      assert.ok(insideWindow(at, chargeWindow, timeZone), `${at.toISOString()} is outside`);
      assert.ok(notAfter > at);
      const allDay = chargeWindow.toMinute - chargeWindow.fromMinute === 1440;
      if (!allDay) assert.ok(notAfter <= nextOutside(at, chargeWindow, timeZone));
    }
  });
});

test('a charge is for the period that it is made in, counted from the anchor, and ends with it', () => {
  everyHistory(({ charges }, { anchorAt, terms, timeZone }) => {
    for (const { at, notAfter, period } of charges) {
      const bounds = periodBounds(anchorAt, period, { period: carrierPeriod(terms), timeZone });
      assert.ok(bounds.start <= at && at < bounds.end);
      assert.ok(notAfter <= bounds.end);
      assert.equal(currentPeriod(anchorAt, { terms, timeZone, now: at }), period);
    }
  });
});

test('no period is billed twice, none is skipped in silence, and none is asked for after it was paid', () => {
  everyHistory(({ charges, missed }) => {
    const billed = [...new Set(charges.map(({ period }) => period))];
    assert.deepEqual(
      billed,
      billed.toSorted((a, b) => a - b),
    );
    const all = [...billed, ...missed].toSorted((a, b) => a - b);
    assert.deepEqual(
      all,
      Array.from({ length: all.length }, (_, index) => index),
    );
  });
});

test('a retry comes never before the ladder says, and no oftener', () => {
  everyHistory(({ charges }, { terms }) => {
    for (const { at, bill, retry } of charges) {
      assert.equal(retry, bill.attempts > 0);
      assert.ok(bill.attempts <= terms.retryAfterMinutes.length);
      if (!retry) continue;
      const minutes = terms.retryAfterMinutes[bill.attempts - 1] ?? Number.NaN;
      assert.ok(at.getTime() >= bill.openedAt.getTime() + minutes * MINUTE_MS);
    }
  });
});

test('a subscription expires as soon as it is looked at after keepDays without payment, never before', () => {
  everyHistory(({ charges, expiredAt, last }, { anchorAt, terms }) => {
    const unpaidMs = (now: Date, since: Date | undefined) =>
      now.getTime() - (since ?? anchorAt).getTime();
    if (expiredAt) assert.ok(unpaidMs(expiredAt, last.paidUntil) >= terms.keepDays * DAY_MS);
    const lastCharge = charges.at(-1);
    if (lastCharge && !expiredAt && last.paidUntil === undefined)
      assert.ok(unpaidMs(lastCharge.at, undefined) < terms.keepDays * DAY_MS);
  });
});

test('as long as it lives it has a status that lives', () => {
  everyHistory(({ last }) => assert.ok(isAlive(last.status), last.status));
});

test('an outage of years is told by the sixty newest missed periods', () => {
  const anchorAt = new Date('2026-01-31T10:00:00Z');
  const plan = planDue(
    {
      status: 'active',
      anchorAt,
      period: 0,
      paidUntil: new Date('2028-01-01'),
      openBill: undefined,
    },
    { terms: termsOf(), timeZone: 'Europe/Berlin', now: new Date('2028-01-02T12:00:00Z') },
  );
  assert.equal(plan.plan, 'charge');
  if (plan.plan !== 'charge') return;
  assert.equal(plan.missed.length, 60);
  assert.equal(plan.missed.at(-1), plan.period - 1);
});

test('a day of 23 or 25 hours is one period, and its neighbours keep their hour', () => {
  for (const [timeZone, anchor] of [
    ['Europe/Berlin', '2026-10-20T16:00:00Z'], // 18:00
    ['America/New_York', '2026-10-27T22:00:00Z'],
    ['Europe/Berlin', '2026-03-25T17:00:00Z'],
  ] as const) {
    const anchorAt = new Date(anchor);
    const about = { terms: termsOf(), timeZone, now: anchorAt };
    const hours = Array.from({ length: 10 }, (_, index) => {
      const start = dueAtStartOf(index, anchorAt, about);
      return start.toLocaleTimeString('en-GB', { timeZone });
    });
    assert.deepEqual(new Set(hours), new Set(['18:00:00']), timeZone);
  }
});

test('a period that ended unpaid closes the access; paying opens it again', () => {
  const anchorAt = new Date('2026-06-01T10:00:00Z');
  const about = {
    terms: termsOf(),
    timeZone: 'Asia/Karachi',
    now: new Date('2026-06-03T10:00:00Z'),
  };
  const openBill = { period: 1, attempts: 4, openedAt: new Date('2026-06-02T10:00:00Z') };
  const paidUntil = new Date('2026-06-02T10:00:00Z');
  const plan = planDue({ status: 'grace', anchorAt, period: 1, paidUntil, openBill }, about);
  assert.equal(plan.plan === 'charge' && plan.status, 'hold');
  assert.equal(nextStatus('hold', 'pay'), 'active');
});
