import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from '#database';
import { testDatabase } from '#testing';

const database = await testDatabase();
const RUNS = { numRuns: 200 };
/** What text can hold: PostgreSQL has no letter NUL. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((one) => one.replaceAll('\0', '').toWellFormed()),
  fc.constantFrom(
    '',
    'null',
    'NULL',
    'Null',
    '"',
    '\\',
    '{}',
    'a,b',
    ' ',
    "it's",
    'a\nb',
    '{"a":[1]}',
    '\\x00',
  ),
);

async function back<Value>(values: readonly Value[], type: string): Promise<readonly Value[]> {
  const { rows } = await sql<{ values: readonly Value[] }>`
    select ${values}::${sql.raw(type)}[] as values`.execute(database.pool);
  return rows[0]?.values ?? [];
}

test('texts come back from an array as they were, whatever stands in them', async () => {
  const property = fc.asyncProperty(fc.array(fc.option(text)), async (values) => {
    assert.deepEqual(await back(values, 'text'), values);
  });
  await fc.assert(property, RUNS);
});

test('moments come back from an array and alone, before Christ as well', async () => {
  const moment = fc.date({
    noInvalidDate: true,
    min: new Date('-004000-01-01'),
    max: new Date('+020000-01-01'),
  });
  const property = fc.asyncProperty(
    fc.array(fc.option(moment), { minLength: 1 }),
    async (values) => {
      const { rows } = await sql<{ ms: string[]; first: string | null }>`
      select array(select (extract(epoch from at) * 1000)::bigint::text
          from unnest(${values}::timestamptz[]) with ordinality as n (at, place) order by place) as ms,
        (extract(epoch from ${values[0] ?? null}::timestamptz) * 1000)::bigint::text as first`.execute(
        database.pool,
      );
      const expected = values.map((at) => at && String(at.getTime()));
      assert.deepEqual([rows[0]?.ms, rows[0]?.first], [expected, expected[0] ?? null]);
    },
  );
  await fc.assert(property, RUNS);
});

test('numbers, bits and bytes come back from an array', async () => {
  const whole = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const property = fc.asyncProperty(
    ...([fc.array(whole), fc.array(fc.option(fc.double({ noNaN: true })))] as const),
    ...([fc.array(fc.option(fc.boolean())), fc.array(fc.uint8Array())] as const),
    async (bigints, doubles, bits, bytes) => {
      assert.deepEqual(await back(bigints, 'bigint'), bigints);
      assert.deepEqual(
        await back(doubles, 'float8'),
        doubles.map((one) => (one === 0 ? 0 : one)),
      );
      assert.deepEqual(await back(bits, 'boolean'), bits);
      const buffers = bytes.map((one) => Buffer.from(one));
      assert.deepEqual(await back(buffers, 'bytea'), buffers);
    },
  );
  await fc.assert(property, RUNS);
});

test('arrays of arrays, and of what only pg can write', async () => {
  assert.deepEqual(
    await back(
      [
        ['a', 'b,'],
        ['"', 'd'],
      ],
      'text',
    ),
    [
      ['a', 'b,'],
      ['"', 'd'],
    ],
  );
  assert.deepEqual(await back([{ a: 1 }, { b: ['"'] }], 'jsonb'), [{ a: 1 }, { b: ['"'] }]);
});
