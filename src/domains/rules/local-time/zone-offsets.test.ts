import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { zonedParts } from '#clock';
import {
  dayOf,
  instantOf,
  isTimeZone,
  offsetStretch,
  startOfDay,
  wallTime,
} from '#rules/local-time';

const zone = fc.constantFrom(
  ...['Europe/Moscow', 'Asia/Kamchatka', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata'],
  ...['Africa/Casablanca', 'Australia/Lord_Howe', 'America/Santiago', 'Africa/Cairo', 'Etc/GMT+12'],
);
const instantMs = fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2030, 0, 1) });

/** What Intl shows, asked anew each time. */
function shownMs(timeZone: string, atMs: number): number {
  const { year, month, day, hour, minute, second } = zonedParts(new Date(atMs), timeZone);
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((atMs % 1000) + 1000) % 1000);
}

test('the cached offset is what Intl shows, at both ends of its stretch too', () => {
  fc.assert(
    fc.property(zone, instantMs, (timeZone, atMs) => {
      const { offsetMs, fromMs, untilMs } = offsetStretch(timeZone, atMs);
      assert.ok(fromMs <= atMs && atMs < untilMs);
      for (const moment of [atMs, fromMs, untilMs - 1])
        assert.equal(moment + offsetMs, shownMs(timeZone, moment));
    }),
    { numRuns: 400 },
  );
});

test('a day begins at the first moment at which its date is shown', () => {
  fc.assert(
    fc.property(zone, instantMs, (timeZone, atMs) => {
      const { day } = wallTime(timeZone, atMs);
      const startMs = startOfDay(timeZone, day);
      assert.ok(startMs <= atMs);
      assert.equal(wallTime(timeZone, startMs).day, day);
      assert.ok(wallTime(timeZone, startMs - 1).day < day);
    }),
    { numRuns: 400 },
  );
});

test('a midnight that the clocks leave out is the moment of the change', () => {
  // Cairo goes from 23:59:59 on Thursday 24 April 2025 to 01:00 on Friday.
  const day = dayOf({ year: 2025, month: 4, dayOfMonth: 25 });
  assert.equal(new Date(startOfDay('Africa/Cairo', day)).toISOString(), '2025-04-24T22:00:00.000Z');
  assert.equal(wallTime('Africa/Cairo', startOfDay('Africa/Cairo', day)).ofDayMs, 3_600_000);
});

test('an hour that does not exist is the moment after it, one that comes twice is the first', () => {
  const at = (month: number, dayOfMonth: number, hour: number) =>
    new Date(
      instantOf('America/New_York', {
        day: dayOf({ year: 2026, month, dayOfMonth }),
        ofDayMs: hour * 3_600_000,
      }),
    ).toISOString();
  assert.equal(at(3, 8, 2), '2026-03-08T07:00:00.000Z');
  assert.equal(at(3, 8, 9), '2026-03-08T13:00:00.000Z');
  assert.equal(at(11, 1, 1), '2026-11-01T05:00:00.000Z');
  assert.equal(at(11, 1, 9), '2026-11-01T14:00:00.000Z');
});

test('what is no zone is told', () => {
  assert.ok(isTimeZone('Europe/Moscow'));
  for (const name of ['', 'Moscow', 'Europe/Moskow', '../../etc', 'MSK+3'])
    assert.ok(!isTimeZone(name), name);
});
