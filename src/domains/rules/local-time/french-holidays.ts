import { dateOf, dayOf, monthDay } from './local-date.ts';

/** The eleven days of article L3133-1 of the French labour code that are the same everywhere but in Alsace-Moselle. */
const FIXED = ['01-01', '05-01', '05-08', '07-14', '08-15', '11-01', '11-11', '12-25'];
/** Easter Monday, Ascension and Whit Monday: days after Easter Sunday. */
const AFTER_EASTER = [1, 39, 50];

export function frenchHolidays(year: number): Readonly<Record<string, 'holiday'>> {
  const easter = easterSunday(year);
  const moving = AFTER_EASTER.map((days) => monthDay(dateOf(easter + days)));
  return Object.fromEntries([...FIXED, ...moving].map((name) => [name, 'holiday']));
}

/** Day since 1970-01-01 of the Gregorian Easter Sunday, by the computation of Meeus, Jones and Butcher. */
export function easterSunday(year: number): number {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const ofCentury = year % 100;
  const correction = Math.floor((century + 8) / 25);
  const moonShift = Math.floor((century - correction + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - moonShift + 15) % 30;
  const leap = 32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4);
  const weekdayShift = leap % 7;
  const late = Math.floor((golden + 11 * epact + 22 * weekdayShift) / 451);
  const sum = epact + weekdayShift - 7 * late + 114;
  return dayOf({ year, month: Math.floor(sum / 31), dayOfMonth: (sum % 31) + 1 });
}
