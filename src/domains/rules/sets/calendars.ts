import type { Clock } from '#clock';
import type { Executor, Tx } from '#database';
import { fail } from '#rules/errors';
import { type CalendarYear, parseCalendarYear } from '#rules/local-time';
import type { Recorder } from '#rules/record-change';
import { findCalendar, insertCalendar, type SavedCalendar } from './calendar-store.ts';

export interface CalendarPlace {
  readonly country: string;
  /** ISO 3166-2; absent: the whole country. */
  readonly region?: string;
  readonly year: number;
}

/** Working days by country, region and year. */
export interface CalendarYears {
  /** Writes the next version of a year; the same days again are no new version. Throws `calendar_invalid`. */
  saveCalendar(
    tx: Tx,
    calendar: Omit<CalendarYear, 'version'>,
    actor: string,
  ): Promise<SavedCalendar>;
  /** Throws `calendar_unknown`. */
  calendar(executor: Executor, of: CalendarPlace): Promise<SavedCalendar>;
}

export function createCalendarYears(options: {
  readonly clock: Clock;
  readonly recorder: Recorder;
}): CalendarYears {
  const { clock, recorder } = options;
  return {
    async saveCalendar(tx, given, actor) {
      parseCalendarYear({ ...given, version: 1 });
      checkRegion(given);
      await recorder.begin(tx);
      const { region = '' } = given;
      const before = await findCalendar(tx, { ...given, region });
      if (before && sameDays(before.days, given.days)) return before;
      const after = {
        ...{ ...given, version: (before?.version ?? 0) + 1 },
        ...{ savedAt: clock.now(), savedBy: actor },
      };
      await insertCalendar(tx, after);
      await recorder.record(tx, {
        ...{ actor, action: 'calendar.save', before: before?.days, after: after.days },
        subject: `calendar:${region || given.country}/${given.year}`,
      });
      return after;
    },
    async calendar(executor, { country, region = '', year }) {
      const found = await findCalendar(executor, { country, region, year });
      if (found) return found;
      throw fail('calendar_unknown', `There is no calendar of ${region || country} for ${year}.`);
    },
  };
}

function checkRegion({ country, region }: Omit<CalendarYear, 'version'>): void {
  if (region === undefined || region.startsWith(`${country}-`)) return;
  const message = `must be of the country ${country}`;
  throw fail('calendar_invalid', `The calendar can't be used: region ${message}.`, {
    faults: [{ field: 'region', message }],
  });
}

function sameDays(some: CalendarYear['days'], others: CalendarYear['days']): boolean {
  const text = (days: CalendarYear['days']) => JSON.stringify(Object.entries(days).sort());
  return text(some) === text(others);
}
