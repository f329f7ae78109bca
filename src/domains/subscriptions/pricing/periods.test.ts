import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Anchor,
  billedPeriod,
  changeZone,
  createAnchor,
  formatInterval,
  type Interval,
  namedIntervals,
  parseInterval,
  pauseEndsAt,
  periodAt,
  periodOf,
  reanchor,
  recover,
  resume,
  startTrial,
} from '#subscriptions/pricing';
import { local, utc } from './fixture.ts';

const { month, three_months: quarter, week, year } = namedIntervals;
const days = (count: number): Interval => ({ unit: 'day', count });

function bounds(anchor: Anchor, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    local(periodAt(anchor, anchor.number + index).start, anchor.timeZone),
  );
}

test('months from the 31st end with shorter months and come back to it', () => {
  const anchor = createAnchor({
    ...{ at: utc('2026-01-31T07:00'), interval: month, timeZone: 'Europe/Moscow' },
  });
  assert.deepEqual(bounds(anchor, 6), [
    ...['2026-01-31 10:00', '2026-02-28 10:00', '2026-03-31 10:00', '2026-04-30 10:00'],
    ...['2026-05-31 10:00', '2026-06-30 10:00'],
  ]);
});

test('the 29th and 30th survive February, and a leap day comes back in the next leap year', () => {
  const from = (text: string, interval: Interval) =>
    createAnchor({ at: utc(text), interval, timeZone: 'Asia/Karachi' });
  assert.deepEqual(bounds(from('2028-01-30T05:00', month), 3), [
    ...['2028-01-30 10:00', '2028-02-29 10:00', '2028-03-30 10:00'],
  ]);
  assert.deepEqual(bounds(from('2027-01-29T05:00', month), 3), [
    ...['2027-01-29 10:00', '2027-02-28 10:00', '2027-03-29 10:00'],
  ]);
  assert.deepEqual(bounds(from('2028-02-29T05:00', year), 5), [
    ...['2028-02-29 10:00', '2029-02-28 10:00', '2030-02-28 10:00', '2031-02-28 10:00'],
    '2032-02-29 10:00',
  ]);
  assert.deepEqual(bounds(from('2026-11-30T05:00', quarter), 4), [
    ...['2026-11-30 10:00', '2027-02-28 10:00', '2027-05-30 10:00', '2027-08-30 10:00'],
  ]);
});

test('the wall clock stays when the clocks change, and the period is an hour longer or shorter', () => {
  const anchor = createAnchor({
    ...{ at: utc('2026-03-01T09:00'), interval: month, timeZone: 'Europe/Berlin' },
  });
  assert.deepEqual(bounds(anchor, 2), ['2026-03-01 10:00', '2026-04-01 10:00']);
  const { end, start } = periodAt(anchor, 0);
  assert.equal((end.getTime() - start.getTime()) / 3_600_000, 31 * 24 - 1);
  const autumn = periodAt(anchor, 7);
  assert.equal(local(autumn.start, 'Europe/Berlin'), '2026-10-01 10:00');
  assert.equal((autumn.end.getTime() - autumn.start.getTime()) / 3_600_000, 31 * 24 + 1);
});

test('a wall time that is left out is the end of the gap, and one that comes twice is the first', () => {
  const daily = createAnchor({
    ...{ at: utc('2026-03-28T01:30'), interval: days(1), timeZone: 'Europe/Berlin' },
  });
  assert.equal(periodAt(daily, 1).start.toISOString(), '2026-03-29T01:00:00.000Z');
  assert.equal(local(periodAt(daily, 2).start, 'Europe/Berlin'), '2026-03-30 02:30');
  const autumn = createAnchor({
    ...{ at: utc('2026-10-24T00:30'), interval: days(1), timeZone: 'Europe/Berlin' },
  });
  assert.equal(periodAt(autumn, 1).start.toISOString(), '2026-10-25T00:30:00.000Z');
});

test('another zone holds from the end of the period, and the day of the month is kept', () => {
  const moscow = createAnchor({
    ...{ at: utc('2026-01-31T07:00'), interval: month, timeZone: 'Europe/Moscow' },
  });
  const berlin = changeZone(moscow, 'Europe/Berlin', utc('2026-04-10'));
  // Period 2 ends on 30 April at 10:00 in Moscow, which is 09:00 in Berlin; the next goes to the 31st again.
  assert.equal(berlin.number, 3);
  assert.equal(periodAt(berlin, 3).start.getTime(), periodAt(moscow, 2).end.getTime());
  assert.deepEqual(bounds(berlin, 3), ['2026-04-30 09:00', '2026-05-31 09:00', '2026-06-30 09:00']);
});

test('where the other zone has another date already, that date is the new day', () => {
  const berlin = createAnchor({
    ...{ at: utc('2026-01-31T21:30'), interval: month, timeZone: 'Europe/Berlin' },
  });
  const karachi = changeZone(berlin, 'Asia/Karachi', utc('2026-03-10'));
  assert.deepEqual(bounds(karachi, 3), [
    '2026-04-01 01:30',
    '2026-05-01 01:30',
    '2026-06-01 01:30',
  ]);
});

test('a trial lasts its days on the wall clock, and the paid periods are counted from its end', () => {
  const { anchor, trial } = startTrial(utc('2026-03-22T09:00'), {
    ...{ days: 14, interval: month, timeZone: 'Europe/Berlin' },
  });
  assert.equal(local(trial.end, 'Europe/Berlin'), '2026-04-05 10:00');
  assert.equal(trial.number, -1);
  assert.equal(periodAt(anchor, 0).start.getTime(), trial.end.getTime());
  assert.throws(
    () => startTrial(utc('2026-03-22'), { days: 0, interval: month, timeZone: 'Europe/Berlin' }),
    { code: 'anchor_invalid', faults: [{ field: 'trialDays', message: 'must be 1 to 366' }] },
  );
});

test('a pause moves the end by exactly its time, at most its longest, and the next are counted from there', () => {
  const anchor = createAnchor({
    ...{ at: utc('2026-01-31T07:00'), interval: month, timeZone: 'Europe/Moscow' },
  });
  const period = billedPeriod(periodAt(anchor, 1));
  const pausedAt = utc('2026-03-10T12:00');
  const after = resume(
    { anchor, period },
    { pausedAt, resumedAt: utc('2026-03-20T12:00'), maxDays: 90 },
  );
  assert.equal(local(after.period.endsAt, 'Europe/Moscow'), '2026-04-10 10:00');
  assert.equal(
    after.period.end.getTime(),
    period.end.getTime(),
    'its length stays the original one',
  );
  assert.deepEqual(bounds(after.anchor, 3), [
    ...['2026-04-10 10:00', '2026-05-10 10:00', '2026-06-10 10:00'],
  ]);
  assert.equal(after.anchor.number, 2);
  const late = resume({ anchor, period }, { pausedAt, resumedAt: utc('2027-01-01'), maxDays: 30 });
  assert.equal(local(late.period.endsAt, 'Europe/Moscow'), '2026-04-30 10:00');
  assert.equal(pauseEndsAt(pausedAt, 30).toISOString(), '2026-04-09T12:00:00.000Z');
  const none = resume({ anchor, period }, { pausedAt, resumedAt: pausedAt, maxDays: 30 });
  assert.deepEqual(none, { anchor, period });
  assert.throws(
    () => resume({ anchor, period }, { pausedAt: period.end, resumedAt: period.end, maxDays: 1 }),
    { code: 'pause_invalid' },
  );
});

test('paid out of hold the period begins anew, or keeps its bounds while something of it is left', () => {
  const anchor = createAnchor({
    ...{ at: utc('2026-01-31T07:00'), interval: month, timeZone: 'Europe/Moscow' },
  });
  const current = { anchor, period: billedPeriod(periodAt(anchor, 1)) };
  const paidAt = utc('2026-03-18T09:00');
  assert.deepEqual(recover(current, { paidAt, how: 'keep' }), current);
  const anew = recover(current, { paidAt, how: 'restart' });
  assert.equal(anew.period.number, 1, 'it is the same bill');
  assert.deepEqual(bounds(anew.anchor, 2), ['2026-03-18 12:00', '2026-04-18 12:00']);
  assert.equal(anew.period.start.getTime(), paidAt.getTime());
  const late = recover(current, { paidAt: current.period.endsAt, how: 'keep' });
  assert.equal(local(late.period.end, 'Europe/Moscow'), '2026-04-30 10:00');
});

test('another interval after the period keeps the 31st; from any other moment the date is new', () => {
  const anchor = createAnchor({
    ...{ at: utc('2026-01-31T07:00'), interval: month, timeZone: 'Europe/Moscow' },
  });
  const { end } = periodAt(anchor, 0);
  const quarterly = reanchor(anchor, { at: end, number: 1, interval: quarter });
  assert.deepEqual(bounds(quarterly, 3), [
    ...['2026-02-28 10:00', '2026-05-31 10:00', '2026-08-31 10:00'],
  ]);
  const earlier = reanchor(anchor, { at: utc('2026-02-28T06:00'), number: 1, interval: quarter });
  assert.deepEqual(bounds(earlier, 2), ['2026-02-28 09:00', '2026-05-28 09:00']);
});

test('intervals are read as they are written, and what is none is told', () => {
  for (const text of ['week', 'month', 'three_months', 'year', '1_days', '30_days', '366_days'])
    assert.equal(formatInterval(parseInterval(text)), text);
  assert.deepEqual(parseInterval('7_days'), week);
  for (const text of ['', 'day', '0_days', '367_days', '1000_days', '30_days ', 'Month'])
    assert.throws(() => parseInterval(text), { code: 'interval_invalid', kind: 'invalid' }, text);
  const wrong = { at: new Date(Number.NaN), interval: days(0), timeZone: 'Mars/Base' };
  assert.throws(
    () => createAnchor(wrong),
    (error: { faults: { field: string }[] }) => {
      assert.deepEqual(
        error.faults.map(({ field }) => field),
        ['at', 'interval', 'timeZone'],
      );
      return true;
    },
  );
});

const zone = fc.constantFrom('Europe/Moscow', 'Europe/Berlin', 'Asia/Karachi', 'America/New_York');
const interval = fc.oneof(
  fc.constantFrom<Interval>(week, month, quarter, year),
  fc.integer({ min: 1, max: 366 }).map(days),
);
const someAnchor: fc.Arbitrary<Anchor> = fc
  .record({
    at: fc
      .integer({ min: Date.UTC(2024, 0, 1) / 1000, max: Date.UTC(2029, 0, 1) / 1000 })
      .map((second) => new Date(second * 1000)),
    interval,
    timeZone: zone,
  })
  .map(createAnchor);

test('periods touch, never overlap, and each instant lies in the one that is said', () => {
  fc.assert(
    fc.property(
      someAnchor,
      fc.nat({ max: 40 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (anchor, number, part) => {
        const { end, start } = periodAt(anchor, number);
        assert.ok(start < end);
        assert.equal(periodAt(anchor, number + 1).start.getTime(), end.getTime());
        const within = new Date(
          start.getTime() + Math.floor(part * (end.getTime() - start.getTime())),
        );
        assert.equal(periodOf(anchor, within).number, number);
        assert.equal(periodOf(anchor, new Date(end.getTime() - 1)).number, number);
        assert.equal(periodOf(anchor, end).number, number + 1);
      },
    ),
    { numRuns: 500 },
  );
});

test('bounds have the time of day of the anchor, and its day of the month or the last one', () => {
  fc.assert(
    fc.property(someAnchor, fc.nat({ max: 60 }), (anchor, number) => {
      const text = local(periodAt(anchor, number).start, anchor.timeZone);
      const first = local(anchor.at, anchor.timeZone);
      // Between two and three at night a bound may have been moved by a change of the clocks.
      if (!/ 0[1-3]:/.test(first)) assert.equal(text.slice(11), first.slice(11));
      if (anchor.interval.unit === 'day') return;
      const [yearOf = 0, monthOf = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
      const last = new Date(Date.UTC(yearOf, monthOf, 0)).getUTCDate();
      assert.equal(day, Math.min(anchor.dayOfMonth, last));
    }),
    { numRuns: 500 },
  );
});

test('changes of zone and pauses in any order leave no gap and no overlap, and numbers go on', () => {
  const event = fc.record({
    what: fc.constantFrom('zone', 'pause'),
    zone,
    part: fc.double({ min: 0, max: 0.999, noNaN: true }),
    pausedHours: fc.integer({ min: 0, max: 24 * 100 }),
  });
  fc.assert(
    fc.property(someAnchor, fc.array(event, { maxLength: 12 }), (first, events) => {
      let anchor = first;
      let period = billedPeriod(periodAt(anchor, 0));
      for (const { part, pausedHours, what, zone: timeZone } of events) {
        const lengthMs = period.endsAt.getTime() - period.start.getTime();
        const at = new Date(period.start.getTime() + Math.floor(part * lengthMs));
        if (what === 'zone')
          anchor = changeZoneAtEnd(anchor, timeZone, period.endsAt, period.number);
        else {
          const resumedAt = new Date(at.getTime() + pausedHours * 3_600_000);
          ({ anchor, period } = resume(
            { anchor, period },
            { pausedAt: at, resumedAt, maxDays: 90 },
          ));
        }
        const next = billedPeriod(periodAt(anchor, period.number + 1));
        assert.equal(next.start.getTime(), period.endsAt.getTime());
        const longest = anchor.interval.unit === 'day' ? 1.1 : 31.1;
        assert.ok(
          next.end.getTime() - next.start.getTime() <= longest * anchor.interval.count * 86_400_000,
        );
        period = next;
      }
    }),
    { numRuns: 300 },
  );
});

const changeZoneAtEnd = (anchor: Anchor, timeZone: string, at: Date, number: number) =>
  reanchor(anchor, { at, number: number + 1, timeZone });
