import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CardCase } from '#subscriptions/cards/card-case';
import { chargeAtOf, dueAction, renewalOf } from '#subscriptions/cards/cases';
import { laterOf } from '#subscriptions/cards/moves';
import { monthly } from '#subscriptions/cards/stage';
import { defaultPolicy } from '#subscriptions/dunning';
import { type AppliedCoupon, type Interval, type Price, quote } from '#subscriptions/pricing';
import type { Plan } from './plan.ts';
import { agreedMove, type MovePolicy, moveAhead, moveLeft, planMove } from './price-move.ts';

const NOW = new Date('2026-11-20T07:00:00Z');
const DAY_MS = 86_400_000;

const phone: Plan['carrier'] = {
  ...{ chargeWindow: { fromMinute: 0, toMinute: 1440 }, retryAfterMinutes: [] },
  ...{ keepDays: 30, recentHours: 0 },
};

function planOf(price: Partial<Price>): Plan {
  const version = price.version ?? 1;
  return {
    ...{
      ...monthly,
      serviceId: 1,
      open: true,
      dunning: defaultPolicy,
      onDispute: 'end',
      carrier: phone,
    },
    price: { ...monthly.price, plan: monthly.code, version, effectiveFrom: NOW, ...price },
  };
}

function begin(
  plan: Plan,
  options: { trialDays?: number; coupons?: readonly AppliedCoupon[]; quantity?: number } = {},
): CardCase {
  const { coupons = [], quantity = 1, trialDays = 0 } = options;
  const started = quote({
    ...{ at: NOW, precision: 'second' },
    request: {
      ...{ kind: 'start', id: 'sub_1x1', selection: { price: plan.price, quantity } },
      ...{ timeZone: plan.timeZone, trialDays, coupons, balanceMinor: 0n },
    },
  });
  assert.ok(started.outcome === 'quoted' && started.quote.after);
  const priced = started.quote.after;
  return {
    ...{ key: { customerId: 1n, id: 1n }, msisdn: '+79160000001', serviceId: 1, version: 1 },
    ...{ status: trialDays > 0 ? 'trial' : 'active', createdAt: NOW, paidUntil: null },
    ...{ dueAt: null, endedAt: null, endReason: null, priced, card: null, cardPayment: null },
    ...{ locale: 'ru', billCount: 1, noticedPeriod: null, statusSince: NOW, pausedUntil: null },
    ...{ attention: null, email: null, move: null, bill: null, asRead: null },
  };
}

const notice: MovePolicy = { noticeDays: 30, consent: 'notice', without: 'keep' };

function moved(one: CardCase, target: Plan, now = NOW, policy = notice): CardCase {
  const about = { id: 'mov_1', plan: planOf({}), price: target.price, policy, now };
  const verdict = planMove(one, about);
  return verdict.plan === 'move' ? { ...one, move: verdict.move } : one;
}

const dueOf = (one: CardCase) => renewalOf(one, planOf({}), one.priced.period.endsAt)?.dueMinor;

/** The next period, paid. */
function renewed(one: CardCase): CardCase {
  const next = renewalOf(one, planOf({}), one.priced.period.endsAt);
  assert.ok(next?.after);
  const paid = { ...one, priced: next.after, status: 'active' as const };
  return { ...paid, move: moveLeft(paid) };
}

test('a higher price waits for its notice; a lower one is there with the next period', () => {
  const dearer = planOf({ version: 2, unitPriceMinor: 24_900n });
  const before = moved(begin(planOf({})), dearer);
  assert.equal(dueOf(before), 19_900n, 'thirty days are not over by the twentieth of December');
  const after = renewed(before);
  assert.equal(dueOf(after), 24_900n);
  assert.equal(renewed(after).move, null);
  const cheaper = planOf({ version: 2, unitPriceMinor: 9900n });
  assert.equal(dueOf(moved(begin(planOf({})), cheaper)), 9900n);
});

test('a period whose charge was announced costs what was said', () => {
  const now = new Date('2026-12-18T07:00:00Z');
  const told = { ...begin(planOf({})), noticedPeriod: 1 };
  const dearer = planOf({ version: 2, unitPriceMinor: 24_900n });
  const one = moved(told, dearer, now, { ...notice, noticeDays: 1 });
  assert.equal(dueOf(one), 19_900n);
  assert.equal(dueOf(renewed(one)), 24_900n);
});

test('a trial is followed by the price that it promised, and by no other set-up fee', () => {
  const one = moved(
    begin(planOf({}), { trialDays: 60 }),
    planOf({ version: 2, unitPriceMinor: 24_900n, setupFeeMinor: 5000n }),
  );
  assert.equal(dueOf(one), 19_900n);
  assert.equal(dueOf(renewed(one)), 24_900n);
});

test('a coupon goes on to lower what it was given for', () => {
  const half: AppliedCoupon = {
    ...{ code: 'HALF', fromPeriod: 0, untilPeriod: 3 },
    discount: { kind: 'percent', basisPoints: 5000 },
  };
  const dearer = planOf({ version: 2, unitPriceMinor: 24_900n });
  let one = renewed(moved(begin(planOf({}), { coupons: [half] }), dearer));
  const dues = [];
  for (let index = 0; index < 3; index += 1) {
    dues.push(dueOf(one));
    one = renewed(one);
  }
  assert.deepEqual(dues, [12_450n, 24_900n, 24_900n]);
});

test('who has chosen another plan, or is to end, or has the version, is left alone', () => {
  const dearer = planOf({ version: 2, unitPriceMinor: 24_900n });
  const one = begin(planOf({}));
  const why = (changed: CardCase) => {
    const about = { id: 'mov_1', plan: planOf({}), price: dearer.price, policy: notice, now: NOW };
    const verdict = planMove(changed, about);
    return verdict.plan === 'skip' ? verdict.why : 'moved';
  };
  const { priced } = one;
  const other = { price: { ...planOf({}).price, plan: 'other' }, quantity: 1 };
  assert.equal(why(one), 'moved');
  assert.equal(why({ ...one, status: 'pending' }), 'first_payment');
  assert.equal(why({ ...one, priced: { ...priced, endsWithPeriod: true } }), 'ending');
  assert.equal(why({ ...one, priced: { ...priced, scheduled: other } }), 'changes_plan');
  assert.equal(why(begin(dearer)), 'newer');
  const after = { ...moved(one, dearer), priced: { ...priced, selection: other } };
  assert.equal(moveLeft(after), null);
});

test('what was told holds: a second move before it is left out, unless it costs less than all that was said', () => {
  const lower = planOf({ version: 2, unitPriceMinor: 9900n });
  const one = moved(begin(planOf({})), lower);
  const dearer = moved(one, planOf({ version: 3, unitPriceMinor: 14_900n }));
  assert.equal(dueOf(dearer), 9900n);
  assert.equal(dueOf(moved(one, planOf({ version: 3, unitPriceMinor: 4900n }))), 4900n);
});

test('without the yes that it needs the old price stays, or it ends, by choice', () => {
  const dearer = planOf({ version: 2, unitPriceMinor: 24_900n });
  const required: MovePolicy = { ...notice, noticeDays: 1, consent: 'required' };
  const kept = moved(begin(planOf({})), dearer, NOW, required);
  assert.deepEqual([moveAhead(kept), dueOf(kept)], ['keep', 19_900n]);
  const ending: MovePolicy = { ...required, without: 'end' };
  const ended = moved(begin(planOf({})), dearer, NOW, ending);
  assert.deepEqual([moveAhead(ended), dueOf(ended)], ['end', undefined]);
  assert.ok(kept.move);
  const agreed = { ...kept, move: agreedMove(kept, kept.move) };
  assert.deepEqual([moveAhead(agreed), dueOf(agreed)], ['move', 24_900n]);
  const announced = { ...kept, noticedPeriod: 1 };
  const late = { ...announced, move: agreedMove(announced, kept.move) };
  assert.equal(dueOf(late), 19_900n, 'what was announced is what is charged');
});

const intervals: readonly Interval[] = [
  ...[{ unit: 'month', count: 1 } as const, { unit: 'day', count: 7 } as const],
  ...[{ unit: 'day', count: 1 } as const, { unit: 'month', count: 12 } as const],
];

const version = fc.record({
  unitPriceMinor: fc.bigInt({ min: 1n, max: 100_000n }),
  setupFeeMinor: fc.constantFrom(0n, 7000n),
  interval: fc.constantFrom(...intervals),
});

const turn = fc.oneof(
  { weight: 6, arbitrary: fc.record({ days: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      version,
      noticeDays: fc.integer({ min: 1, max: 60 }),
      consent: fc.constantFrom('notice' as const, 'required' as const),
      without: fc.constantFrom('keep' as const, 'end' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ agrees: true as const }) },
  { weight: 1, arbitrary: fc.record({ quantity: fc.integer({ min: 1, max: 4 }) }) },
);
type Turn = typeof turn extends fc.Arbitrary<infer One> ? One : never;

/** What was said of a price, and from when on: a period costs no more than the dearest that was said of it in time. */
interface Said {
  readonly unitMinor: bigint;
  readonly interval: Interval;
  readonly from: number;
  readonly at: number;
  readonly noticeMs: number;
  needsYes: boolean;
}

class Customer {
  one: CardCase;
  now = NOW.getTime();
  readonly plan: Plan;
  readonly said: Said[];
  readonly announced = new Map<number, bigint>();
  versions = 1;
  #moves = 0;

  constructor(
    first: typeof version extends fc.Arbitrary<infer One> ? One : never,
    trialDays: number,
  ) {
    this.plan = planOf(first);
    this.one = begin(this.plan, { trialDays });
    const { interval, unitPriceMinor: unitMinor } = this.plan.price;
    this.said = [{ unitMinor, interval, from: 0, at: 0, noticeMs: 0, needsYes: false }];
  }

  take(one: Turn): void {
    if ('days' in one) this.pass(this.now + one.days * DAY_MS);
    else if ('quantity' in one) this.choose(one.quantity);
    else if ('agrees' in one) this.agree();
    else this.hear(one);
  }

  hear({ version: changes, ...policy }: Extract<Turn, { version: unknown }>): void {
    this.versions += 1;
    this.#moves += 1;
    const price: Price = {
      ...{ ...this.plan.price, ...changes, version: this.versions },
      effectiveFrom: new Date(this.now),
    };
    const about = { id: `mov_${this.#moves}`, plan: this.plan, price, policy };
    const verdict = planMove(this.one, { ...about, now: new Date(this.now) });
    if (verdict.plan === 'skip') return;
    this.one = { ...this.one, move: verdict.move };
    const before = this.one.priced.selection.price;
    const isCheaper =
      price.unitPriceMinor <= before.unitPriceMinor &&
      price.interval.unit === before.interval.unit &&
      price.interval.count === before.interval.count;
    this.said.push({
      ...{ unitMinor: price.unitPriceMinor, interval: price.interval, at: this.now },
      from: laterOf(this.one, verdict.move).from.getTime(),
      noticeMs: isCheaper ? 0 : policy.noticeDays * DAY_MS,
      needsYes: policy.consent === 'required',
    });
  }

  agree(): void {
    const { move } = this.one;
    if (move?.consent !== 'required' || move.agreed) return;
    this.one = { ...this.one, move: agreedMove(this.one, move) };
    const last = this.said.at(-1);
    if (last) last.needsYes = false;
  }

  choose(quantity: number): void {
    const { priced } = this.one;
    const selection = { ...priced.selection, quantity };
    if (this.one.noticedPeriod !== null && this.one.noticedPeriod > priced.period.number) return;
    this.one = { ...this.one, priced: { ...priced, selection } };
  }

  pass(target: number): void {
    for (let step = 0; step < 200; step += 1) {
      const action = dueAction(this.one, this.plan, new Date(target));
      if (action.do === 'announce') {
        const covers = this.one.priced.period.number + 1;
        this.announced.set(covers, action.dueMinor);
        this.one = { ...this.one, noticedPeriod: covers };
      } else if (action.do === 'renew') this.renew();
      else break;
    }
    this.now = target;
  }

  renew(): void {
    const ahead = moveAhead(this.one);
    if (ahead === 'end') {
      this.one = { ...this.one, priced: { ...this.one.priced, endsWithPeriod: true } };
      return;
    }
    if (ahead === 'keep') this.one = { ...this.one, move: null };
    const chargedAt = chargeAtOf(this.one, this.plan).getTime();
    const next = renewalOf(this.one, this.plan, this.one.priced.period.endsAt);
    assert.ok(next?.after);
    this.check(next.dueMinor, next.after, chargedAt);
    const paid = { ...this.one, priced: next.after, status: 'active' as const };
    this.one = { ...paid, move: moveLeft(paid) };
  }

  check(dueMinor: bigint, after: CardCase['priced'], chargedAt: number): void {
    const { number, start } = after.period;
    const announced = this.announced.get(number);
    assert.ok(announced === undefined || dueMinor <= announced, 'never more than was announced');
    const { interval, unitPriceMinor } = after.selection.price;
    const fee = number === 0 ? this.plan.price.setupFeeMinor : 0n;
    assert.equal(dueMinor, unitPriceMinor * BigInt(after.selection.quantity) + fee);
    assert.ok(
      this.said.some(
        (one) =>
          one.unitMinor === unitPriceMinor &&
          one.interval === interval &&
          !one.needsYes &&
          one.from <= start.getTime() &&
          one.at + one.noticeMs <= chargedAt,
      ),
      'it was told, in time, and agreed to where that is needed',
    );
  }
}

test('over any history nobody pays more than he was told, in time', () => {
  fc.assert(
    fc.property(
      version,
      fc.constantFrom(0, 0, 14),
      fc.array(turn, { minLength: 3, maxLength: 25 }),
      (first, trialDays, turns) => {
        const customer = new Customer(first, trialDays);
        for (const one of turns) customer.take(one);
        customer.pass(customer.now + 400 * DAY_MS);
      },
    ),
    { numRuns: 500 },
  );
});
