import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLaws } from '#rules/laws';
import { createNumbers, type NumberTable, parseNumberTable } from '#rules/local-time';

const { numbers: tables } = await readLaws();
const numbers = createNumbers(tables);

function zonesOf(msisdn: string): readonly string[] {
  return numbers.placesOf(msisdn).map(({ zone }) => zone);
}

test('a country is told by the longest calling prefix', () => {
  const expected: readonly (readonly [string, string | undefined])[] = [
    ['+79161234567', 'RU'],
    ['+77011234567', 'KZ'],
    ['+76001234567', 'KZ'],
    ['+12125550100', 'US'],
    ['+14165550100', 'CA'],
    ['+18095550100', 'DO'],
    ['+18885550100', 'US'], // toll-free: nobody knows, so the strictest of its neighbours
    ['+923001234567', 'PK'],
    ['+919812345678', 'IN'],
    ['+33612345678', 'FR'],
    ['+4915112345678', 'DE'],
    ['+447700900123', 'GB'],
    ['+254712345678', 'KE'],
    ['+27821234567', 'ZA'],
    ['+87012345678', undefined],
  ];
  for (const [msisdn, country] of expected)
    assert.equal(numbers.countryOf(msisdn), country, msisdn);
});

test('countries with one time have one candidate', () => {
  const zones = (country: string) => numbers.placesOfCountry(country).map(({ zone }) => zone);
  assert.deepEqual(zones('PK'), ['Asia/Karachi']);
  assert.deepEqual(zones('IN'), ['Asia/Kolkata']);
  assert.deepEqual(zones('KZ'), ['Asia/Almaty']);
  assert.deepEqual(zones('FR'), ['Europe/Paris']);
  assert.deepEqual(zones('GB'), ['Europe/London']);
  assert.equal(zones('RU').length, 11);
});

test('an American code tells the state and all its zones', () => {
  assert.deepEqual(numbers.placesOf('+12125550100'), [
    { country: 'US', region: 'US-NY', zone: 'America/New_York' },
  ]);
  assert.deepEqual(zonesOf('+18505550100'), ['America/Chicago', 'America/New_York']);
  assert.deepEqual(zonesOf('+19155550100'), ['America/Denver']);
  const states = new Set(numbers.placesOfCountry('US').map(({ region }) => region));
  assert.equal(states.size, 51);
});

test('a Russian code tells part of the country, or nothing', () => {
  assert.deepEqual(zonesOf('+79161234567'), ['Europe/Moscow']);
  assert.deepEqual(zonesOf('+79211234567'), ['Europe/Kaliningrad', 'Europe/Moscow']);
  assert.deepEqual(zonesOf('+79001234567'), []);
});

test('Yakutia has three zones', () => {
  assert.deepEqual(
    numbers.placesOfRegion('RU-SA').map(({ zone }) => zone),
    ['Asia/Yakutsk', 'Asia/Vladivostok', 'Asia/Srednekolymsk'],
  );
});

test('a longer prefix, and a later table, go before', () => {
  const mine: NumberTable = {
    ...{ source: 'test', countries: {}, regions: {} },
    prefixes: { '7900123': ['RU-OMS Asia/Omsk'], '7916': ['RU-TVE Europe/Moscow'] },
  };
  const own = createNumbers([...tables, mine]);
  assert.deepEqual(own.placesOf('+79001234567')[0]?.region, 'RU-OMS');
  assert.deepEqual(own.placesOf('+79009999999'), []);
  assert.deepEqual(own.placesOf('+79161234567')[0]?.region, 'RU-TVE');
});

test('a table with a zone that does not exist is refused', () => {
  const table = {
    source: 'test',
    countries: {},
    regions: {},
    prefixes: { '7900': ['RU Asia/Omks'] },
  };
  assert.throws(() => parseNumberTable(table), {
    code: 'number_table_invalid',
    message: /Asia\/Omks/,
  });
  assert.throws(() => parseNumberTable({ ...table, prefixes: { '+7': ['RU Asia/Omsk'] } }), {
    code: 'number_table_invalid',
  });
});
