import { formatMoney } from '#money';
import { formatInterval, type Interval } from '#subscriptions/pricing';

/** `1 990.00 RUB`, in one piece: it never breaks over two lines. */
export function sayMoney(amountMinor: bigint, currency: string): string {
  return formatMoney({ amountMinor, currency })
    .replace('-', '\u2212')
    .replace(/\d(?=(?:\d{3})+\b)(?<!\.\d*)/g, '$&\u202f')
    .replace(' ', '\u00a0');
}

/** `14 December 2026`, where the subscriber's calendar is. */
export function sayDay(at: Date, timeZone: string, locale: string): string {
  const format = { day: 'numeric', month: 'long', year: 'numeric', timeZone } as const;
  return at.toLocaleDateString(calendarOf(locale), format);
}

/** `14 December 2026, 18:05`. */
export function sayMoment(at: Date, timeZone: string, locale: string): string {
  const time = at.toLocaleTimeString(calendarOf(locale), {
    ...{ hour: '2-digit', minute: '2-digit', timeZone },
  });
  return `${sayDay(at, timeZone, locale)}, ${time}`;
}

function calendarOf(locale: string): string {
  return locale === 'en' ? 'en-GB' : locale;
}

const INTERVALS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  en: {
    ...{ day: 'a day', '1_days': 'a day', daily: 'a day', week: 'a week', weekly: 'a week' },
    ...{ month: 'a month', three_months: 'every 3 months', year: 'a year' },
  },
  ru: {
    ...{ day: 'в день', '1_days': 'в день', daily: 'в день', week: 'в неделю', weekly: 'в неделю' },
    ...{ month: 'в месяц', three_months: 'раз в 3 месяца', year: 'в год' },
  },
};

/** `a month`: behind a price. */
export function sayInterval(interval: Interval | string, locale = 'en'): string {
  const text = typeof interval === 'string' ? interval : formatInterval(interval);
  const known = INTERVALS[locale]?.[text] ?? INTERVALS.en?.[text];
  if (known !== undefined) return known;
  const count = Number.parseInt(text, 10);
  return locale === 'ru' ? `раз в ${count} дн.` : `every ${count} days`;
}

/** `•••• 4242`: enough to know one's own card. */
export function sayCard({
  brand,
  mask,
}: {
  readonly brand: string;
  readonly mask: string;
}): string {
  return `${brand} ••••\u00a0${mask.slice(-4)}`.trim();
}
