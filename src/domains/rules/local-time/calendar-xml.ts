import type { CalendarYear, DayKind } from './calendar.ts';
import { fail } from './errors.ts';
import { parseCalendarYear } from './parse-tables.ts';

/** A year has 366 days; a file with more elements is something else. */
const DAYS_MAX = 366;
const CALENDAR = /<calendar\b([^>]*)>/;
const DAY = /<day\b([^>]*?)\/?>/g;
const ATTRIBUTE = /([a-z]+)\s*=\s*"([^"]*)"/g;
const COMMENT = /<!--[\s\S]*?-->/g;

/**
 * Reads the format of xmlcalendar.ru: `<day d="01.09" t="1" f="01.03"/>`, where t is 1 for a day off, 2 for a short
 * working day (also on a Saturday), 3 for a working day, and h names a public holiday. The file is trusted for its days
 * only: country, region and version are the caller's. Throws `calendar_invalid`.
 */
export function parseCalendarXml(
  text: string,
  place: Pick<CalendarYear, 'country' | 'region' | 'version'>,
): CalendarYear {
  const xml = text.replace(COMMENT, '');
  const head = attributesOf(CALENDAR.exec(xml)?.[1]);
  const year = Number(head.get('year'));
  if (!Number.isInteger(year)) throw refuse('it has no <calendar year="…">');
  const found = [...xml.matchAll(DAY)];
  if (found.length === 0) throw refuse('it has no <day …/>');
  if (found.length > DAYS_MAX) throw refuse(`it has more than ${DAYS_MAX} days`);
  const days: Record<string, DayKind> = {};
  for (const [, attributes] of found) {
    const [name, kind] = readDay(attributesOf(attributes));
    if (days[name] !== undefined) throw refuse(`it names ${name} twice`);
    days[name] = kind;
  }
  const date = head.get('date');
  const source = `xmlcalendar${date === undefined ? '' : ` of ${date}`}`;
  return parseCalendarYear({ ...place, year, source, days });
}

function readDay(attributes: ReadonlyMap<string, string>): readonly [string, DayKind] {
  const date = attributes.get('d') ?? '';
  const [, month, dayOfMonth] = /^(\d\d)\.(\d\d)$/.exec(date) ?? [];
  if (month === undefined) throw refuse(`d="${date}" is no date such as 01.09`);
  const name = `${month}-${dayOfMonth}`;
  switch (attributes.get('t')) {
    case '1':
      return [name, attributes.has('h') ? 'holiday' : 'off'];
    case '2':
      return [name, 'short'];
    case '3':
      return [name, 'work'];
    default:
      throw refuse(`t="${attributes.get('t') ?? ''}" of ${date} is none of 1, 2, 3`);
  }
}

function attributesOf(text = ''): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(ATTRIBUTE)].map(([, name = '', value = '']) => [name, value]));
}

function refuse(what: string): Error {
  return fail(
    'calendar_invalid',
    `The file is no calendar in the format of xmlcalendar.ru: ${what}.`,
  );
}
