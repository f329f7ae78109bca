import type { OnHandset } from './sms-book.ts';

const DAY_MS = 86_400_000;
/** A place is counted from the moment before the call; its handset rings a little later, by a clock that runs on. */
const LATER_MS = 90_000;
const MOST = [
  [1, 2],
  [7, 4],
] as const;
const MONTH_MOST = 16;

/** Whose message it is, as its text says it. */
export const personIn = (text: string) => /\((p\d+)[-)]/.exec(text)?.[1] ?? '';

/**
 * What 230-FZ says, counted on handsets: no person gets more than 2 messages in 24 hours or a day, 4 in seven days, 16 in
 * a month; none outside of 8 to 22 on a working day and 9 to 20 on Saturday and Sunday.
 */
export function judgeCaps(received: readonly OnHandset[]): readonly string[] {
  const byPerson = Map.groupBy(received, ({ text }) => personIn(text));
  byPerson.delete('');
  return [...byPerson].flatMap(([person, all]) => {
    const times = all.flatMap(({ at }) => (at === null ? [] : [Date.parse(at)])).toSorted();
    const months = Map.groupBy(times, (at) => new Date(at).toISOString().slice(0, 7));
    return [
      ...MOST.flatMap(([days, most]) => judgeStretches(times, days, most)),
      ...judgeDays(times),
      ...[...months.values()].filter((some) => some.length > MONTH_MOST).map(() => 'a full month'),
    ].map((finding) => `${person}: ${finding}`);
  });
}

function judgeStretches(times: readonly number[], days: number, most: number): readonly string[] {
  return times.flatMap((from) => {
    const count = times.filter((at) => at >= from && at < from + days * DAY_MS - LATER_MS).length;
    return count > most
      ? [`${count} in ${days} days from ${new Date(from).toISOString()}, ${most} are allowed`]
      : [];
  });
}

function judgeDays(times: readonly number[]): readonly string[] {
  const days = Map.groupBy(times, (at) => new Date(at + 3 * 3_600_000).toISOString().slice(0, 10));
  return [...days].flatMap(([day, all]) =>
    all.length > 2 ? [`${all.length} on ${day}, 2 are allowed`] : [],
  );
}

/** Messages outside of the hours of working days and of days off, by Moscow's clock. */
export function judgeHours(received: readonly OnHandset[]): readonly string[] {
  return received.flatMap(({ at, text }) => {
    if (at === null || personIn(text) === '') return [];
    const { hour, weekday } = momentIn(new Date(at));
    const [from, to] = weekday === 6 || weekday === 0 ? [9, 20] : [8, 22];
    return hour >= from && hour < to ? [] : [`${text} reached its handset at ${at}`];
  });
}

function momentIn(at: Date): { readonly hour: number; readonly weekday: number } {
  const moved = new Date(at.getTime() + 3 * 3_600_000);
  return { hour: moved.getUTCHours(), weekday: moved.getUTCDay() };
}
