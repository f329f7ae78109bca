import { Compile } from 'typebox/compile';
import { CalendarYear } from './calendar.ts';
import { fail } from './errors.ts';
import { dateOf, dayOf, monthDay } from './local-date.ts';
import { NumberTable, readPlace } from './numbers.ts';
import { isTimeZone } from './zone-offsets.ts';

const calendarYear = Compile(CalendarYear);
const numberTable = Compile(NumberTable);

/** Reads a table of days. Throws `calendar_invalid`, naming what is wrong. */
export function parseCalendarYear(document: unknown): CalendarYear {
  const refuse = (message: string) =>
    fail('calendar_invalid', `The calendar can't be used: ${message}.`);
  const year = checked<CalendarYear>(document, { schema: calendarYear, refuse });
  for (const name of Object.keys(year.days))
    if (!isDate(year.year, name)) throw refuse(`days.${name} is no day of ${year.year}`);
  return year;
}

/** Reads a table of numbers. Throws `number_table_invalid`, naming what is wrong. */
export function parseNumberTable(document: unknown): NumberTable {
  const refuse = (message: string) =>
    fail('number_table_invalid', `The table of numbers can't be used: ${message}.`);
  const table = checked<NumberTable>(document, { schema: numberTable, refuse });
  const places = [
    ...Object.values(table.countries).flatMap((country) => country.places),
    ...Object.values(table.prefixes).flat(),
  ];
  const zones = [
    ...places.map((place) => readPlace(place).zone),
    ...Object.values(table.regions).flat(),
  ];
  const wrong = [...new Set(zones)].find((zone) => !isTimeZone(zone));
  if (wrong !== undefined) throw refuse(`${wrong} is no IANA zone`);
  return table;
}

interface Checker<Read> {
  Check(value: unknown): value is Read;
  Errors(value: unknown): readonly { readonly instancePath: string; readonly message: string }[];
}

function checked<Read>(
  document: unknown,
  parts: { readonly schema: Checker<Read>; readonly refuse: (message: string) => Error },
): Read {
  if (parts.schema.Check(document)) return document;
  const [first] = parts.schema.Errors(document);
  const path = first?.instancePath.slice(1).replaceAll('/', '.');
  throw parts.refuse(`${path} ${first?.message}`.trim());
}

function isDate(year: number, name: string): boolean {
  const [month = 0, dayOfMonth = 0] = name.split('-').map(Number);
  return monthDay(dateOf(dayOf({ year, month, dayOfMonth }))) === name;
}
