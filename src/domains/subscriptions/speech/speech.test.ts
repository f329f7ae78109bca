import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDecimal, minorDigits } from '#money';
import { catalogue, type TextKey } from './catalogue.ts';
import { type Locale, localeOf, locales, readAcceptLanguage } from './locale.ts';
import { speechOf } from './speech.ts';

const keys = Object.keys(catalogue.en) as TextKey[];
const NOON = new Date('2026-12-20T12:00:00Z');

function formsOf(locale: Locale, key: TextKey): readonly string[] {
  const text = catalogue[locale][key];
  return typeof text === 'string' ? [text] : Object.values(text);
}

const bracesOf = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');

test('each language has every text, with the same things in its braces, and none that the others lack', () => {
  for (const locale of locales) {
    assert.deepEqual(Object.keys(catalogue[locale]).toSorted(), keys.toSorted(), locale);
    for (const key of keys) {
      const expected = new Set(formsOf('en', key).flatMap(bracesOf));
      for (const form of formsOf(locale, key)) {
        assert.ok(form.trim() !== '' && form === form.trim(), `${locale} ${key}`);
        assert.doesNotMatch(form.replaceAll(/\{\w+\}/g, ''), /[{}<>&]/, `${locale} ${key}`);
        assert.deepEqual(new Set(bracesOf(form)), expected, `${locale} ${key}: ${form}`);
      }
    }
  }
});

test('what is counted has a form for each number that its language tells apart', () => {
  for (const locale of locales) {
    const { pluralCategories } = new Intl.PluralRules(locale).resolvedOptions();
    for (const key of keys) {
      const text = catalogue[locale][key];
      const isCounted = typeof catalogue.en[key] !== 'string';
      assert.equal(typeof text !== 'string', isCounted, `${locale} ${key}`);
      if (typeof text === 'string') continue;
      assert.deepEqual(Object.keys(text).toSorted(), pluralCategories.toSorted(), key);
    }
  }
});

test('Russian is Russian: no letter of it is Latin but in names that are written so', () => {
  const NAMES = /\b(SMS|JavaScript)\b/g;
  for (const key of keys)
    for (const form of formsOf('ru', key))
      assert.doesNotMatch(form.replaceAll(/\{\w+\}/g, '').replaceAll(NAMES, ''), /[A-Za-z]/, key);
});

test('money, days, moments and intervals are said as their language writes them', () => {
  const [en, ru] = [speechOf('en'), speechOf('ru')];
  assert.equal(en.money(199_000n, 'RUB'), 'RUB\u00a01,990.00');
  assert.equal(ru.money(199_000n, 'RUB'), '1\u00a0990,00\u00a0₽');
  assert.equal(en.money(500n, 'PKR'), 'PKR\u00a05.00');
  assert.equal(en.money(-5n, 'KWD'), '\u2212KWD\u00a00.005');
  assert.equal(ru.money(7n, 'JPY'), '7\u00a0¥');
  assert.equal(en.day(NOON, 'Europe/Moscow'), '20 December 2026');
  assert.equal(ru.day(NOON, 'Europe/Moscow'), '20 декабря 2026');
  assert.equal(en.moment(NOON, 'UTC'), '20 December 2026, 12:00 UTC');
  assert.match(ru.moment(NOON, 'Europe/Moscow'), /^20 декабря 2026, 15:00 /);
  assert.deepEqual(
    ['month', 'three_months', 'week', '1_days', '30_days', '22_days', 'year'].map(ru.interval),
    [
      ...['в месяц', 'раз в 3 месяца', 'в неделю', 'в день', 'раз в 30 дней', 'раз в 22 дня'],
      'в год',
    ],
  );
  assert.equal(en.interval({ unit: 'month', count: 6 }), 'every 6 months');
  assert.equal(en.interval('weekly'), 'a week');
  assert.deepEqual([1, 2, 5, 21].map(ru.days), ['1 день', '2 дня', '5 дней', '21 день']);
});

test('no digit of an amount is lost or rounded, however large it is', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
      fc.constantFrom('RUB', 'USD', 'JPY', 'KWD', 'ISK', 'UGX'),
      fc.constantFrom(...locales),
      (amountMinor, currency, locale) => {
        const said = speechOf(locale).money(amountMinor, currency);
        const digits = said.replaceAll(/\D/g, '');
        assert.equal(digits, formatDecimal({ amountMinor, currency }).replaceAll(/\D/g, ''));
        assert.equal(said.includes(' '), false);
        assert.ok(minorDigits(currency) >= 0);
      },
    ),
  );
});

test('words from elsewhere have their text where there is one, and never one of another group', () => {
  const { say, sayWord } = speechOf('en');
  assert.equal(sayWord('status', 'grace', 'status.expired'), 'Payment failed');
  for (const strange of ['toString', '__proto__', 'new', '', 'active.x'])
    assert.equal(sayWord('status', strange, 'status.expired'), say('status.expired'), strange);
});

test('what stands in braces is never read as a text, and with markup it is escaped', () => {
  const { say, sayWith } = speechOf('en');
  assert.equal(say('stop.title', { title: '{day} <b>' }), 'Stop {day} <b>?');
  assert.equal(sayWith('stop.title', { title: '<b>' }).text, 'Stop &lt;b&gt;?');
});

test('a fact that is written from right to left does not turn its sentence round', () => {
  const { say, sayWith } = speechOf('en');
  assert.equal(say('stop.title', { title: 'סרטים' }), 'Stop \u2068סרטים\u2069?');
  assert.equal(say('stop.title', { title: '\u202eevil' }), 'Stop \u2068evil\u2069?');
  assert.match(sayWith('stop.title', { title: '\u2067x' }).text, /Stop \u2068x\u2069\?/);
});

test('a browser’s wishes are weighed; what it does not want, or nobody speaks, is no choice', () => {
  const cases: readonly (readonly [string | undefined, Locale | undefined])[] = [
    ['ru', 'ru'],
    ['ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7', 'ru'],
    ['de,fr;q=0.9,en;q=0.1', 'en'],
    ['en;q=0.2, ru;q=0.9', 'ru'],
    ['ru;q=0, en;q=0.001', 'en'],
    ['*', undefined],
    ['', undefined],
    [undefined, undefined],
    ['fr-CH, fr;q=0.9', undefined],
    [`${'x,'.repeat(500)}ru`, undefined],
  ];
  for (const [header, expected] of cases)
    assert.equal(readAcceptLanguage(header), expected, header);
  fc.assert(
    fc.property(fc.string(), (header) => {
      const read = readAcceptLanguage(header);
      assert.ok(read === undefined || locales.includes(read));
    }),
  );
  assert.deepEqual(
    ['ru_RU', 'EN', 'deu', '__proto__', null].map((text) => localeOf(text)),
    ['ru', 'en', undefined, undefined, undefined],
  );
});
