import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type DailyWindow,
  insideWindow,
  nextInside,
  nextOutside,
  periodBounds,
  zonedParts,
} from '#clock';

const ZONES = ['Asia/Karachi', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'];
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const zone = fc.constantFrom(...ZONES);
/** Two years, so that every zone has changed its clocks four times. */
const instant = fc
  .integer({ min: Date.UTC(2026, 0, 1) / 1000, max: Date.UTC(2028, 0, 1) / 1000 })
  .map((second) => new Date(second * 1000));
/** Around the changes of 2026, where mistakes live. */
const nearChange = fc
  .record({
    change: fc.constantFrom(
      ...['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', '2026-03-08T07:00:00Z'],
      ...['2026-11-01T06:00:00Z', '2026-04-04T15:00:00Z', '2026-10-03T15:30:00Z'],
    ),
    minutes: fc.integer({ min: -1600, max: 200 }),
  })
  .map(({ change, minutes }) => new Date(Date.parse(change) + minutes * MINUTE_MS));
const moment = fc.oneof(instant, nearChange);
const window = fc
  .tuple(fc.integer({ min: 0, max: 1439 }), fc.integer({ min: 1, max: 1440 }))
  .filter(([from, to]) => from < to && to - from < 1440)
  .map(([fromMinute, toMinute]): DailyWindow => ({ fromMinute, toMinute }));

function wallMinute(at: Date, timeZone: string): number {
  const { hour, minute } = zonedParts(at, timeZone);
  return hour * 60 + minute;
}

function wall(at: Date, timeZone: string): string {
  const { day, hour, minute, month } = zonedParts(at, timeZone);
  return `${day}.${month}. ${hour}:${String(minute).padStart(2, '0')}`;
}

test('a window is open exactly while the wall clock stands between its minutes', () => {
  fc.assert(
    fc.property(moment, window, zone, (at, open, timeZone) => {
      const minute = wallMinute(at, timeZone);
      const expected = minute >= open.fromMinute && minute < open.toMinute;
      assert.equal(insideWindow(at, open, timeZone), expected);
    }),
    { numRuns: 500 },
  );
});

test('the next opening is open, not before now, and nothing earlier is open', () => {
  fc.assert(
    fc.property(moment, window, zone, (at, open, timeZone) => {
      const next = nextInside(at, open, timeZone);
      assert.ok(next >= at);
      assert.ok(insideWindow(next, open, timeZone), `${next.toISOString()} is outside`);
      // Quarters of an hour and the minute before it: changes of clocks happen on quarters.
      for (let ms = at.getTime(); ms < next.getTime(); ms += 15 * MINUTE_MS)
        assert.ok(!insideWindow(new Date(ms), open, timeZone));
      if (next > at) assert.ok(!insideWindow(new Date(next.getTime() - 1), open, timeZone));
    }),
    { numRuns: 500 },
  );
});

test('the next closing is closed, and everything up to it is open', () => {
  fc.assert(
    fc.property(moment, window, zone, (at, open, timeZone) => {
      const closes = nextOutside(at, open, timeZone);
      assert.ok(!insideWindow(closes, open, timeZone));
      for (let ms = at.getTime(); ms < closes.getTime(); ms += 15 * MINUTE_MS)
        assert.ok(insideWindow(new Date(ms), open, timeZone));
      if (closes > at) assert.ok(insideWindow(new Date(closes.getTime() - 1), open, timeZone));
    }),
    { numRuns: 500 },
  );
});

test('a window that opens in the hour that a spring change leaves out opens after it', () => {
  const at = new Date('2026-03-29T00:00:00Z'); // 1:00 in Berlin, where 3:00 follows 1:59
  const opening = (fromMinute: number, toMinute: number) =>
    wall(nextInside(at, { fromMinute, toMinute }, 'Europe/Berlin'), 'Europe/Berlin');
  assert.equal(opening(150, 240), '29.3. 3:00');
  // Open from 2:30 to 2:45 only, it does not open on that day at all.
  assert.equal(opening(150, 165), '30.3. 2:30');
});

test('periods follow each other without a gap, whatever the clocks do', () => {
  const period = fc.constantFrom('daily', 'weekly');
  const count = fc.integer({ min: 0, max: 800 });
  fc.assert(
    fc.property(moment, count, period, zone, (anchor, index, length, timeZone) => {
      const options = { period: length, timeZone } as const;
      const { start, end } = periodBounds(anchor, index, options);
      assert.deepEqual(periodBounds(anchor, index + 1, options).start, end);
      if (index === 0) assert.deepEqual(start, anchor);
      const days = length === 'daily' ? 1 : 7;
      const drift = Math.abs(end.getTime() - start.getTime() - days * DAY_MS);
      assert.ok(drift <= 60 * MINUTE_MS + 1000, `${drift} ms of drift`);
    }),
    { numRuns: 1000 },
  );
});

test('a period begins at the anchor’s time of the day by the wall clock, unless that hour does not exist', () => {
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 400 }), zone, (anchor, index, timeZone) => {
      const { start } = periodBounds(anchor, index, { period: 'daily', timeZone });
      const [expected, found] = [wallMinute(anchor, timeZone), wallMinute(start, timeZone)];
      if (expected === found) return;
      // In the gap: a little later on that day, and that wall time is on no clock.
      const earlier = new Date(start.getTime() - 90 * MINUTE_MS);
      const skipped = wallMinute(start, timeZone) - wallMinute(earlier, timeZone) > 90;
      assert.ok(skipped && found > expected && found - expected <= 60);
    }),
    { numRuns: 1000 },
  );
});

test('the hour before an autumn change and the one after a spring change are themselves', () => {
  const startOf = (anchor: string, index: number, timeZone: string) =>
    periodBounds(new Date(anchor), index, { period: 'daily', timeZone }).start.toISOString();
  // 1:30 in Berlin, the day on which 2:00 to 3:00 comes twice.
  assert.equal(startOf('2026-10-23T23:30:00Z', 1, 'Europe/Berlin'), '2026-10-24T23:30:00.000Z');
  // 3:30 in New York, the day on which 3:00 follows 1:59.
  assert.equal(startOf('2026-03-07T08:30:00Z', 1, 'America/New_York'), '2026-03-08T07:30:00.000Z');
});
