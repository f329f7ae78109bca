import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createIdSource, formatId, parseId, uuidV7 } from '#ids';

const KEY_MAX = 0x7fff_ffff_ffff_ffffn;
const key = fc.bigInt({ min: 0n, max: KEY_MAX });
const NOW_MS = Date.UTC(2026, 10, 20);

test('a public id says its two keys, and is read back as it was', () => {
  fc.assert(
    fc.property(key, key, (customerId, id) => {
      const text = formatId('sub', { customerId, id });
      assert.match(text, /^sub_[0-9a-v]{1,13}x[0-9a-v]{1,13}$/);
      assert.deepEqual(parseId('sub', text), { customerId, id });
    }),
    {
      numRuns: 1000,
      examples: [
        [0n, KEY_MAX],
        [KEY_MAX, 0n],
        [1n << 50n, (1n << 50n) - 1n],
      ],
    },
  );
});

test('what is no id of that kind is a clear error that names its field', () => {
  const odd = [
    ...['', 'sub', 'sub_', 'sub_1', 'sub_x', 'sub_1x', 'sub_x1', 'pay_1x1', 'SUB_1x1', 'sub_1x1x1'],
    ...[
      'sub_1X1',
      'sub_wx1',
      'sub_1xw',
      ' sub_1x1',
      'sub_1x1 ',
      'sub_1x1\n',
      'sub_-1x1',
      'sub_1.5x1',
    ],
    ...[
      'sub_vvvvvvvvvvvvvx1',
      'sub_1xvvvvvvvvvvvvv',
      `sub_${'1'.repeat(14)}x1`,
      'sub_1x1;drop table',
    ],
  ];
  for (const text of odd) {
    assert.throws(
      () => parseId('sub', text, 'subscription'),
      (error: { code: string; faults: { field: string }[] }) =>
        error.code === 'id_malformed' && error.faults[0]?.field === 'subscription',
      JSON.stringify(text),
    );
  }
});

test('any text is either an id or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.throws(() => parseId('sub', `sub_${text}y`), { code: 'id_malformed' });
    }),
  );
});

test('ids of one process grow, whatever its clock does, and fit a bigint column', () => {
  const source = createIdSource(1023);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 300 }), (steps) => {
      let nowMs = NOW_MS;
      let last = source.next(nowMs);
      for (const step of steps) {
        nowMs += step;
        const next = source.next(nowMs);
        assert.ok(next > last && next <= KEY_MAX);
        last = next;
      }
    }),
  );
});

test('ids of processes that run at once never meet, also beyond 4096 in a millisecond', () => {
  const sources = [0, 1, 2, 1023].map(createIdSource);
  const made = new Set<bigint>();
  for (let turn = 0; turn < 10_000; turn += 1)
    for (const source of sources) made.add(source.next(NOW_MS));
  assert.equal(made.size, 40_000);
  assert.ok(
    [...made].every((id) => id.toString().length <= 20),
    'an operator takes 20 digits',
  );
});

test('a UUID of version 7 is well formed, and later ones sort behind', () => {
  const made = Array.from({ length: 10_000 }, (_, index) =>
    uuidV7(NOW_MS + Math.floor(index / 6000)),
  );
  assert.deepEqual(made.toSorted(), made);
  assert.equal(new Set(made).size, made.length);
  for (const one of made)
    assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
