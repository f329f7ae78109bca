import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLaws } from '#rules/laws';
import {
  type CalendarYear,
  createCalendars,
  dateOf,
  dayOf,
  easterSunday,
  frenchHolidays,
  monthDay,
  parseCalendarXml,
} from '#rules/local-time';

const { calendars: shipped } = await readLaws();
const calendars = createCalendars(shipped);

function kinds(country: string, date: string, region?: string): string {
  const [year = 0, month = 0, dayOfMonth = 0] = date.split('-').map(Number);
  const facts = calendars.dayFacts(country, region, dayOf({ year, month, dayOfMonth }));
  return `${facts.kinds.join(' ')}${facts.known ? '' : '?'}`;
}

test('Russia’s moved days are what the government has made of them', () => {
  const expected: readonly (readonly [string, string])[] = [
    ['2025-11-01', 'work'], // a Saturday
    ['2025-11-02', 'off'],
    ['2025-11-03', 'off'],
    ['2025-05-02', 'off'],
    ['2025-05-08', 'off'],
    ['2025-06-13', 'off'],
    ['2025-12-31', 'off'],
    ['2025-03-07', 'short'],
    ['2026-01-09', 'off'],
    ['2026-03-09', 'off'],
    ['2026-03-10', 'work'],
    ['2026-05-11', 'off'],
    ['2026-06-12', 'holiday'],
    ['2026-12-31', 'off'],
    ['2027-02-20', 'short'], // a Saturday
    ['2027-02-22', 'off'],
    ['2027-11-05', 'off'],
  ];
  for (const [date, kind] of expected) assert.equal(kinds('RU', date), kind, date);
});

test('a year without a table counts as every kind of day, and says that it is not known', () => {
  assert.equal(kinds('RU', '2031-06-03'), 'work short off holiday?');
  assert.equal(kinds('RU', '2031-06-07'), 'work short off holiday?');
});

test('a region adds its days; where the region is not known the days of every region count', () => {
  const tatarstan: CalendarYear = {
    ...{ country: 'RU', region: 'RU-TA', year: 2026, version: 1, source: 'test' },
    days: { '08-31': 'holiday', '02-23': 'off' },
  };
  const both = createCalendars([...shipped, tatarstan]);
  const at = (region: string | undefined, month: number, dayOfMonth: number) =>
    both.dayFacts('RU', region, dayOf({ year: 2026, month, dayOfMonth })).kinds;
  assert.deepEqual(at('RU-TA', 8, 31), ['work', 'holiday']);
  assert.deepEqual(at(undefined, 8, 31), ['work', 'holiday']);
  assert.deepEqual(at('RU-MOW', 8, 31), ['work']);
  assert.deepEqual(at('RU', 8, 31), ['work']);
  assert.deepEqual(at('RU-TA', 2, 23), ['holiday', 'off']);
});

test('of two versions of a year the higher one holds, in whatever order they come', () => {
  const [year] = shipped.filter((one) => one.year === 2026);
  assert.ok(year);
  const newer = { ...year, version: 2, days: { ...year.days, '07-01': 'off' as const } };
  for (const list of [
    [year, newer],
    [newer, year],
  ]) {
    const day = dayOf({ year: 2026, month: 7, dayOfMonth: 1 });
    assert.deepEqual(createCalendars(list).dayFacts('RU', undefined, day).kinds, ['off']);
  }
});

test('French holidays follow Easter', () => {
  const easter = (year: number) => monthDay(dateOf(easterSunday(year)));
  const known: readonly (readonly [number, string])[] = [
    [1961, '04-02'],
    [2000, '04-23'],
    [2024, '03-31'],
    [2025, '04-20'],
    [2026, '04-05'],
    [2027, '03-28'],
    [2038, '04-25'],
  ];
  for (const [year, date] of known) assert.equal(easter(year), date);
  assert.deepEqual(Object.keys(frenchHolidays(2026)).sort(), [
    ...['01-01', '04-06', '05-01', '05-08', '05-14', '05-25', '07-14', '08-15'],
    ...['11-01', '11-11', '12-25'],
  ]);
  assert.equal(kinds('FR', '2026-07-14'), 'holiday');
  assert.equal(kinds('FR', '2026-07-15'), 'work');
});

const XML = `<?xml version="1.0" encoding="UTF-8"?>
<calendar year="2026" lang="ru" date="2025.09.30" country="ru">
  <holidays><holiday id="3" title="День защитника Отечества"/></holidays>
  <!-- <day d="07.01" t="1"/> -->
  <days>
    <day d="01.09" t="1" f="01.03"/>
    <day d="02.23" t="1" h="3"/>
    <day d="04.30" t="2"/>
    <day t="3" d="11.07" />
  </days>
</calendar>`;

test('a file of xmlcalendar is read', () => {
  const year = parseCalendarXml(XML, { country: 'RU', version: 2 });
  assert.deepEqual(year, {
    ...{ country: 'RU', version: 2, year: 2026, source: 'xmlcalendar of 2025.09.30' },
    days: { '01-09': 'off', '02-23': 'holiday', '04-30': 'short', '11-07': 'work' },
  });
});

test('a file that is something else is refused with what is wrong', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /no <calendar year/],
    ['<calendar year="abc"><day d="01.01" t="1"/></calendar>', /no <calendar year/],
    ['<calendar year="2026"></calendar>', /no <day/],
    [XML.replace('t="2"', 't="9"'), /t="9" of 04.30/],
    [XML.replace('04.30', '30 April'), /no date/],
    [XML.replace('04.30', '02.30'), /02-30 is no day of 2026/],
    [XML.replace('04.30', '01.09'), /names 01-09 twice/],
    [XML.replace('<days>', `<days>${'<day d="01.01" t="1"/>'.repeat(400)}`), /more than 366/],
  ];
  for (const [text, message] of refused)
    assert.throws(() => parseCalendarXml(text, { country: 'RU', version: 1 }), {
      code: 'calendar_invalid',
      message,
    });
});
