import { dateOf, wallTime, weekdayIndex } from '#rules/local-time';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August'],
  ...['September', 'October', 'November', 'December'],
];

/** `20:15 on Saturday 1 November 2025 in Asia/Kamchatka`. */
export function sayMoment(zone: string, atMs: number): string {
  const { day, ofDayMs } = wallTime(zone, atMs);
  return `${sayTime(ofDayMs)} on ${sayDay(day)} in ${zone}`;
}

/** `20:15`; `21:59:59` where the second matters. */
export function sayTime(ofDayMs: number): string {
  const seconds = Math.floor(ofDayMs / 1000);
  const [hour, minute, second] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  return [hour, minute, ...(second > 0 ? [second] : [])].map(two).join(':');
}

export function sayDay(day: number): string {
  const { year, month, dayOfMonth } = dateOf(day);
  return `${WEEKDAYS[weekdayIndex(day)]} ${dayOfMonth} ${MONTHS[month - 1]} ${year}`;
}

/** `08:00–22:00`, `10:00–12:00 and 14:00–20:00`, `no hour`. */
export function sayIntervals(intervals: readonly (readonly [number, number])[]): string {
  if (intervals.length === 0) return 'no hour';
  return intervals.map(([from, to]) => `${sayTime(from)}–${sayTime(to)}`).join(' and ');
}

/** `4 min 12 s`, `2 h 30 min`. */
export function sayDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return said.slice(0, 2).join(' ') || '0 s';
}

export function sayList(words: readonly string[]): string {
  return words.join(', ');
}

/** ` (switch ru-230fz/day: both)`, or nothing. */
export function saySwitches(switches: readonly string[]): string {
  if (switches.length === 0) return '';
  return ` (${switches.length > 1 ? 'switches' : 'switch'} ${sayList(switches)})`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
