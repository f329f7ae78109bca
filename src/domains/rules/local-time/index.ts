/** Where a recipient may be, and what clocks and calendars show there. Pure, but for what Intl knows of zones. */
export {
  type Calendars,
  CalendarYear,
  createCalendars,
  type DayFacts,
  DayKind,
  weekdayFacts,
} from './calendar.ts';
export { parseCalendarXml } from './calendar-xml.ts';
export { easterSunday, frenchHolidays } from './french-holidays.ts';
export {
  type CalendarDate,
  dateOf,
  dayOf,
  instantOf,
  monthDay,
  startOfDay,
  type WallTime,
  WEEKDAYS,
  type Weekday,
  wallTime,
  weekdayIndex,
  weekdayOf,
} from './local-date.ts';
export {
  createNumbers,
  type Numbers,
  NumberTable,
  type Place,
  readPlace,
} from './numbers.ts';
export { parseCalendarYear, parseNumberTable } from './parse-tables.ts';
export { isTimeZone, type OffsetStretch, offsetStretch } from './zone-offsets.ts';
