import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from './answer.ts';

/** The same, said the slow way. */
const texts = (value: unknown): unknown => {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(texts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, texts(one)]));
};

test('every number is the text that stood there, wherever it stands', () => {
  const value = fc.jsonValue({ maxDepth: 3 }).filter((one) => {
    const text = JSON.stringify(one);
    return !text.includes('__proto__') && !/[\d.]e[+-]?\d/.test(text) && !text.includes('-0');
  });
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 2), (one, space) => {
      assert.deepEqual(readJson(JSON.stringify(one, null, space)), texts(one));
    }),
  );
  const ids = '{"id": 12345678901234567890, "at": "10:00", "sums": [ 1.50,-2 ]}';
  assert.deepEqual(readJson(ids), {
    ...{ id: '12345678901234567890', at: '10:00', sums: ['1.50', '-2'] },
  });
  assert.deepEqual(readJson(' 17'), '17');
});

test('what is no JSON is nothing', () => {
  for (const text of ['', '{', 'id=1', '{"a":1,}']) assert.equal(readJson(text), undefined);
});
