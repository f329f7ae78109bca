import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { periodBounds } from '#clock';
import type { Plan } from '#subscriptions/cards/plans';
import { eitherWay } from '#subscriptions/cards/stage';
import { periodAt } from '#subscriptions/pricing';
import { phonePeriods, pricedFromPhone } from './switch-periods.ts';

const HOUR_MS = 3_600_000;

/** Whether the clocks show it again an hour later: by them it can't be told from that. */
function isRepeated(at: Date, timeZone: string): boolean {
  const format = new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short', timeStyle: 'long' });
  const shown = (one: Date) => format.format(one).replace(/ [^ ]+$/, '');
  return shown(at) === shown(new Date(at.getTime() + HOUR_MS));
}

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
      const lateMs = start.getTime() - startsAt.getTime();
      assert.ok(lateMs === 0 || (lateMs === HOUR_MS && isRepeated(startsAt, about.timeZone)));
      assert.ok(number >= about.first);
      assert.ok(anchorAt <= now, 'a STOP that is said from now on is younger than it');
    }),
    {
      numRuns: 2000,
      examples: [
        [
          {
            ...{ now: new Date('2026-12-06T17:06:00.000Z'), aheadMinutes: 472_734, first: 0 },
            ...{ period: 'daily', timeZone: 'Europe/Berlin' },
          },
        ],
      ],
    },
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
