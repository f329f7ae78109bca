const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
/** Longer ones would need months, whose length nobody states. */
export const RELATIVE_MOST_MS = 31 * DAY_S * SECOND_MS - 1;

/** SMPP 3.4, §7.1.1.2: `000000000430000R` is four and a half minutes from now. Whole seconds, never more than asked for. */
export function relativeTime(ms: number): string {
  const seconds = Math.floor(Math.min(Math.max(ms, 0), RELATIVE_MOST_MS) / SECOND_MS);
  const parts = [
    ...[0, 0, Math.floor(seconds / DAY_S), Math.floor((seconds % DAY_S) / HOUR_S)],
    ...[Math.floor((seconds % HOUR_S) / MINUTE_S), seconds % MINUTE_S],
  ];
  return `${parts.map(two).join('')}000R`;
}

/** SMPP 3.4, §7.1.1.1, in UTC: `YYMMDDhhmmsst00+`, to the tenth of a second below. */
export function absoluteTime(at: Date): string {
  const parts = [
    ...[at.getUTCFullYear() % 100, at.getUTCMonth() + 1, at.getUTCDate()],
    ...[at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()],
  ];
  return `${parts.map(two).join('')}${Math.floor(at.getUTCMilliseconds() / 100)}00+`;
}

/**
 * `YYMMDDhhmm` or `YYMMDDhhmmss`, with `YYYY` or `YY`, and what SMPP puts behind it: tenths, quarters of an hour
 * from UTC and a sign. Without that it is read as local to a zone so many minutes ahead of UTC. Undefined when it
 * is no time, a relative one included.
 */
export function readTime(text: string, minutesAhead = 0): Date | undefined {
  const found = /^(\d{12})(\d)(\d\d)([+-])$/.exec(text) ?? /^(\d{10}|\d{12}|\d{14})$/.exec(text);
  const digits = found?.[1];
  if (!found || !digits) return undefined;
  const yearDigits = digits.length === 14 ? 4 : 2;
  const year = Number(digits.slice(0, yearDigits)) + (yearDigits === 2 ? 2000 : 0);
  const rest = digits.slice(yearDigits);
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = Array.from(
    { length: rest.length / 2 },
    (_, at) => Number(rest.slice(at * 2, at * 2 + 2)),
  );
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
    return undefined;
  const [, , , quarters, sign] = found;
  const ahead = sign === undefined ? minutesAhead : Number(`${sign}${quarters}`) * 15;
  return new Date(Date.UTC(year, month - 1, day, hour, minute - ahead, second));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
