/** The languages that customers are spoken to in, each by the name that its speakers know. */
export const localeNames = { en: 'English', ru: 'Русский' } as const;

/** BCP 47, a language alone. */
export type Locale = keyof typeof localeNames;

export const locales = Object.keys(localeNames) as readonly Locale[];

const HEADER_MOST = 200;

/** The language of `ru` or `ru-RU`; undefined for one that nobody speaks here. */
export function localeOf(text: string | undefined | null): Locale | undefined {
  const [language = ''] = (text ?? '').toLowerCase().split(/[-_]/);
  return locales.find((locale) => locale === language);
}

/** What a browser likes best of what there is, by its `Accept-Language` (RFC 9110, 12.5.4). */
export function readAcceptLanguage(header: string | undefined): Locale | undefined {
  const wishes = (header ?? '').slice(0, HEADER_MOST).split(',');
  const known = wishes.flatMap((wish, place) => {
    const [tag = '', ...parameters] = wish.split(';').map((part) => part.trim());
    const locale = localeOf(tag);
    const weight = Number(/^q=([01](?:\.\d{0,3})?)$/.exec(parameters.join(''))?.[1] ?? 1);
    return locale && weight > 0 ? [{ locale, weight, place }] : [];
  });
  const [best] = known.toSorted(
    (one, other) => other.weight - one.weight || one.place - other.place,
  );
  return best?.locale;
}
