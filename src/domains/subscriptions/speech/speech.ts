import { must } from '#errors';
import { type Html, html } from '#http';
import { formatDecimal } from '#money';
import { formatInterval, type Interval } from '#subscriptions/pricing';
import { catalogue, isPlainKey, type NamesOf, type PlainKey, type TextKey } from './catalogue.ts';
import type { Locale } from './locale.ts';

/** How a phone number is written so that it is read everywhere; it never breaks over two lines. */
export const NUMBER_EXAMPLE = '+7\u00a0999\u00a0123\u201145\u201167';

type Facts<Key extends TextKey, Value> = [NamesOf<Key>] extends [never]
  ? readonly []
  : readonly [facts: Readonly<Record<NamesOf<Key>, Value>>];

/** How one language says texts, money, dates and intervals. */
export interface Speech {
  readonly locale: Locale;
  say<Key extends TextKey>(key: Key, ...facts: Facts<Key, string | number>): string;
  /** With markup in the places of the facts. The text is escaped. */
  sayWith<Key extends TextKey>(key: Key, ...facts: Facts<Key, Html | string>): Html;
  /** The text of `group.word`, for words that come from elsewhere; `otherwise` where the catalogue has none. */
  sayWord(group: string, word: string, otherwise: PlainKey): string;
  /** `RUB 1,990.00`; in one piece: it never breaks over two lines. */
  money(amountMinor: bigint, currency: string): string;
  /** `14 December 2026`, where the subscriber's calendar is. */
  day(at: Date, timeZone: string): string;
  /** `18:05 UTC`. */
  time(at: Date, timeZone: string): string;
  /** `14 December 2026, 18:05 UTC`. */
  moment(at: Date, timeZone: string): string;
  /** `a month`: behind a price. */
  interval(interval: Interval | string): string;
  /** `14 days`. */
  days(count: number): string;
}

const speeches = new Map<Locale, Speech>();

/** One for each language: what `Intl` needs is made once. */
export function speechOf(locale: Locale): Speech {
  const known = speeches.get(locale) ?? createSpeech(locale);
  speeches.set(locale, known);
  return known;
}

/** Dates and numbers of the English that is written outside America: the day stands before the month. */
const FORMATS: Readonly<Record<Locale, string>> = { en: 'en-GB', ru: 'ru-RU' };

function createSpeech(locale: Locale): Speech {
  const tag = FORMATS[locale];
  const plurals = new Intl.PluralRules(tag);
  const numbers = new Intl.NumberFormat(tag);
  const daysFormat = new Intl.NumberFormat(tag, unitStyle('day'));

  function textOf(key: TextKey, facts: Readonly<Record<string, unknown>>): string {
    const text = catalogue[locale][key];
    if (typeof text === 'string') return text;
    const { count } = facts;
    must(typeof count === 'number', `${key} is told how many`);
    return text[plurals.select(count)] ?? text.other ?? '';
  }

  const say = (key: TextKey, facts: Readonly<Record<string, string | number>> = {}) =>
    fill(textOf(key, facts), (name) => {
      const fact = facts[name];
      return typeof fact === 'number' ? numbers.format(fact) : fact && isolated(fact);
    }).join('');

  const speech = {
    ...{ locale, say },
    sayWith: (key: TextKey, facts: Readonly<Record<string, Html | string>> = {}) =>
      html`${fill(textOf(key, facts), (name) => {
        const fact = facts[name];
        return typeof fact === 'string' ? isolated(fact) : fact;
      })}`,
    sayWord(group: string, word: string, otherwise: PlainKey) {
      const key = `${group}.${word}`;
      return say(isPlainKey(key) ? key : otherwise);
    },
    money: (amountMinor: bigint, currency: string) =>
      moneyFormat(tag, currency)
        .format(formatDecimal({ amountMinor, currency }) as Intl.StringNumericLiteral)
        .replaceAll(' ', '\u00a0')
        .replace('-', '\u2212'),
    day: (at: Date, timeZone: string) => sayDay(tag, at, timeZone),
    moment: (at: Date, timeZone: string) =>
      `${sayDay(tag, at, timeZone)}, ${sayTime(tag, at, timeZone)}`,
    time: (at: Date, timeZone: string) => sayTime(tag, at, timeZone),
    interval: (interval: Interval | string) => sayInterval(say, interval),
    days: (count: number) => daysFormat.format(count),
  };
  return speech as Speech;
}

/** The parts of a text, with what belongs in its braces. */
function fill<Fact>(
  text: string,
  factOf: (name: string) => Fact | undefined,
): readonly (Fact | string)[] {
  return text.split(/\{(\w+)\}/).map((part, place) => {
    if (place % 2 === 0) return part;
    const fact = factOf(part);
    must(fact !== undefined, `{${part}} is told`);
    return fact;
  });
}

const CONTROLS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Hebrew, Arabic and their neighbours, or a control of direction. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

/** What is written from right to left must not turn the sentence round that it stands in (UAX 9: FSI, PDI). */
function isolated(fact: string): string {
  return RIGHT_TO_LEFT.test(fact) ? `\u2068${fact.replaceAll(CONTROLS, '')}\u2069` : fact;
}

const CLOCK = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;
const CALENDAR = { day: 'numeric', month: 'long', year: 'numeric' } as const;

/** Without the word that some languages put behind a year: a sentence may end there. */
function sayDay(tag: string, at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat(tag, { ...CALENDAR, timeZone }).formatToParts(at);
  const year = parts.findIndex(({ type }) => type === 'year');
  return parts
    .slice(0, year + 1)
    .map(({ value }) => value)
    .join('');
}

function sayTime(tag: string, at: Date, timeZone: string): string {
  return at.toLocaleTimeString(tag, { ...CLOCK, timeZone });
}

function unitStyle(unit: string): Intl.NumberFormatOptions {
  return { style: 'unit', unit, unitDisplay: 'long' };
}

const moneyFormats = new Map<string, Intl.NumberFormat>();

function moneyFormat(tag: string, currency: string): Intl.NumberFormat {
  const key = `${tag} ${currency}`;
  const known = moneyFormats.get(key) ?? makeMoneyFormat(tag, currency);
  moneyFormats.set(key, known);
  return known;
}

/** Every digit that the amount has is said: `Intl` knows other digits of some currencies than ISO 4217. */
function makeMoneyFormat(tag: string, currency: string): Intl.NumberFormat {
  const digits = /\.(\d+)$/.exec(formatDecimal({ amountMinor: 0n, currency }))?.[1]?.length ?? 0;
  return new Intl.NumberFormat(tag, {
    ...{ style: 'currency', currency },
    ...{ minimumFractionDigits: digits, maximumFractionDigits: digits },
  });
}

const NAMED: Readonly<Record<string, TextKey>> = {
  ...{ '1_days': 'interval.each_day', daily: 'interval.each_day', day: 'interval.each_day' },
  ...{ week: 'interval.each_week', weekly: 'interval.each_week', '7_days': 'interval.each_week' },
  ...{ month: 'interval.each_month', year: 'interval.each_year' },
};
const MONTHS_OF: Readonly<Record<string, number>> = { three_months: 3 };

function sayInterval(
  say: (key: TextKey, facts?: Readonly<Record<string, number>>) => string,
  interval: Interval | string,
): string {
  const text = typeof interval === 'string' ? interval : formatInterval(interval);
  const named = NAMED[text];
  if (named) return say(named);
  const months = MONTHS_OF[text] ?? Number(/^(\d+)_months$/.exec(text)?.[1]);
  if (months > 0) return say('interval.months', { count: months });
  return say('interval.days', { count: Number.parseInt(text, 10) });
}
