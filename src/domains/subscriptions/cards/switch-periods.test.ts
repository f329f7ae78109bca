import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { periodBounds } from '#clock';
import { periodAt } from '#subscriptions/pricing';
import { eitherWay } from './phone-life.ts';
import type { Plan } from './plan.ts';
import { phonePeriods, pricedFromPhone } from './switch-periods.ts';

const moment = fc
  .integer({ min: Date.parse('2026-01-01'), max: Date.parse('2028-12-31') })
  .map((ms) => new Date(ms));

const situation = fc.record({
  now: moment,
  aheadMinutes: fc.integer({ min: 0, max: 500_000 }),
  first: fc.integer({ min: 0, max: 4000 }),
  period: fc.constantFrom('daily' as const, 'weekly' as const),
  timeZone: fc.constantFrom('Asia/Karachi', 'Europe/Berlin', 'Europe/Moscow', 'America/New_York'),
});

test('an operator’s period begins exactly where what was paid by card ends, with a number that no bill has', () => {
  fc.assert(
    fc.property(situation, ({ aheadMinutes, now, ...about }) => {
      const startsAt = new Date(now.getTime() + aheadMinutes * 60_000);
      const { anchorAt, number } = phonePeriods(startsAt, { ...about, now });
      const { start } = periodBounds(anchorAt, number, about);
      assert.equal(start.getTime(), startsAt.getTime());
      assert.ok(number >= about.first);
      assert.ok(anchorAt <= now, 'a STOP that is said from now on is younger than it');
    }),
    { numRuns: 2000 },
  );
});

const plan: Plan = {
  ...eitherWay,
  ...{ serviceId: 1, open: true, onDispute: 'end' },
  carrier: {
    ...{ chargeWindow: { fromMinute: 0, toMinute: 1440 }, retryAfterMinutes: [] },
    ...{ keepDays: 30, recentHours: 0 },
  },
  price: { ...eitherWay.price, plan: 'either', version: 1, effectiveFrom: new Date(0) },
};

test('a card’s period begins exactly where what was paid by phone ends, and asks for no set-up fee', () => {
  fc.assert(
    fc.property(moment, fc.nat(5000), (endsAt, number) => {
      const start = new Date(endsAt.getTime() - 86_400_000);
      const priced = pricedFromPhone(
        { number, start, endsAt },
        {
          ...{ id: 'sub_1', plan, before: undefined },
        },
      );
      assert.equal(periodAt(priced.anchor, number + 1).start.getTime(), endsAt.getTime());
      assert.deepEqual(
        [priced.phase, priced.period.number, priced.line],
        ['paid', number, undefined],
      );
      assert.ok(number + 1 > 0, 'only period 0 asks for one');
    }),
  );
});
