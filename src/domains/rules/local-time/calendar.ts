import { type Static, Type } from 'typebox';
import { frenchHolidays } from './french-holidays.ts';
import { type CalendarDate, dateOf, monthDay, weekdayIndex } from './local-date.ts';

const closed = { additionalProperties: false } as const;

export const DayKind = Type.Enum(['work', 'short', 'off', 'holiday']);
/** `short`: a working day with fewer hours; `off`: a weekend or a day moved to; `holiday`: a public holiday. */
export type DayKind = Static<typeof DayKind>;

/**
 * One year of a country's working calendar, or of what a region adds to it. Days that are not named are working days
 * from Monday to Friday; in a region they are as in the country.
 */
export const CalendarYear = Type.Object(
  {
    country: Type.String({ pattern: '^[A-Z]{2}$' }),
    /** ISO 3166-2, such as `RU-TA`. */
    region: Type.Optional(Type.String({ pattern: '^[A-Z]{2}-[A-Z0-9]{1,3}$' })),
    year: Type.Integer({ minimum: 1990, maximum: 2200 }),
    version: Type.Integer({ minimum: 1 }),
    source: Type.String({ minLength: 1, maxLength: 1000 }),
    /** By date: `01-09` → `off`. */
    days: Type.Record(Type.String({ pattern: '^[01][0-9]-[0-3][0-9]$' }), DayKind, closed),
  },
  closed,
);
export type CalendarYear = Static<typeof CalendarYear>;

/** What a day is. Of several kinds each counts: whoever asks takes what all of them allow. */
export interface DayFacts {
  readonly kinds: readonly DayKind[];
  /** False where nobody has a table of that year: the day counts as every kind there is. */
  readonly known: boolean;
}

/** Answers what a day is, by country and region; made once per change of the tables. */
export interface Calendars {
  /** Without a region the days of every region count: the recipient may live in any of them. */
  dayFacts(country: string, region: string | undefined, day: number): DayFacts;
}

const WORK: DayFacts = { kinds: ['work'], known: true };
const OFF: DayFacts = { kinds: ['off'], known: true };
const UNKNOWN: DayFacts = { kinds: ['work', 'short', 'off', 'holiday'], known: false };

/** Of two tables of one year and place the higher version holds. */
export function createCalendars(years: readonly CalendarYear[]): Calendars {
  const tables = new Map<string, CalendarYear>();
  const regions = new Map<string, readonly string[]>();
  for (const year of [...years].sort((one, other) => one.version - other.version)) {
    const place = year.region ?? year.country;
    tables.set(`${place}/${year.year}`, year);
    if (year.region && !regions.get(year.country)?.includes(year.region))
      regions.set(year.country, [...(regions.get(year.country) ?? []), year.region]);
  }
  const known = new Map<string, Map<number, DayFacts>>();
  return {
    dayFacts(country, region, day) {
      const asker = `${country} ${region ?? '*'}`;
      let days = known.get(asker);
      if (!days) {
        days = new Map();
        known.set(asker, days);
      }
      let facts = days.get(day);
      if (!facts) {
        const asked = region ? [region] : (regions.get(country) ?? []);
        facts = readDay(tables, { country, regions: asked, day });
        days.set(day, facts);
      }
      return facts;
    },
  };
}

function readDay(
  tables: ReadonlyMap<string, CalendarYear>,
  asked: { readonly country: string; readonly regions: readonly string[]; readonly day: number },
): DayFacts {
  const date = dateOf(asked.day);
  const days = countryDays(tables, asked.country, date.year);
  if (!days) return UNKNOWN;
  const name = monthDay(date);
  const own = days[name] ?? weekdayFacts(asked.day).kinds[0] ?? 'off';
  const added = asked.regions.flatMap(
    (region) => tables.get(`${region}/${date.year}`)?.days[name] ?? [],
  );
  return { kinds: [...new Set([own, ...added])], known: true };
}

/** France's holidays follow from the date of Easter, so that no year lacks its table. */
function countryDays(
  tables: ReadonlyMap<string, CalendarYear>,
  country: string,
  year: CalendarDate['year'],
): Readonly<Record<string, DayKind>> | undefined {
  const table = tables.get(`${country}/${year}`);
  if (table) return table.days;
  return country === 'FR' ? frenchHolidays(year) : undefined;
}

/** Where no calendar is asked: Monday to Friday are working days. */
export function weekdayFacts(day: number): DayFacts {
  return weekdayIndex(day) < 5 ? WORK : OFF;
}
