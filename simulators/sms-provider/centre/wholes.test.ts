import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Message } from './message.ts';
import { countParts } from './segments.ts';
import { joinParts } from './wholes.ts';

function part(text: string, reference: number, place: string): Message {
  const [number = 1, total = 1] = place.split('/').map(Number);
  return {
    ...{ provider: 'smpp', to: '7', from: 'K', text, parts: 1, part: { reference, number, total } },
    ...{ sequence: 1, providerId: '1', acceptedMs: 0, costMinor: 0, steps: [] },
    ...{ state: 'delivered', stateMs: 0, code: undefined, receivedMs: 0 },
  };
}

test('parts are joined by their number, in whatever order they come', () => {
  const parts = [
    part('c', 1, '3/3'),
    part('x', 2, '1/2'),
    part('a', 1, '1/3'),
    part('b', 1, '2/3'),
  ];
  assert.deepEqual(
    joinParts(parts).map(({ isComplete, text }) => [text, isComplete]),
    [
      ['abc', true],
      ['x', false],
    ],
  );
});

test('the same parts once more are the same text once more', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 2, max: 5 }),
      fc.infiniteStream(fc.nat()),
      (times, total, keys) => {
        const all = Array.from({ length: times * total }, (_, n) =>
          part(`${n % total};`, 7, `${(n % total) + 1}/${total}`),
        );
        const mixed = all
          .map((one) => [keys.next().value as number, one] as const)
          .sort(([left], [right]) => left - right)
          .map(([, one]) => one);
        const wholes = joinParts(mixed);
        const text = Array.from({ length: total }, (_, n) => `${n};`).join('');
        assert.deepEqual(
          wholes.map((whole) => [whole.text, whole.isComplete]),
          Array.from({ length: times }, () => [text, true]),
        );
      },
    ),
  );
});

test('the limits of one message and of parts', () => {
  const wanted = [
    ['a'.repeat(160), 1],
    ['a'.repeat(161), 2],
    ['a'.repeat(306), 2],
    ['a'.repeat(307), 3],
    ['€'.repeat(80), 1],
    [`${'a'.repeat(152)}€${'a'.repeat(152)}`, 3],
    ['я'.repeat(70), 1],
    ['я'.repeat(71), 2],
    ['я'.repeat(134), 2],
    [`${'я'.repeat(66)}😀${'я'.repeat(66)}`, 3],
  ] as const;
  for (const [text, parts] of wanted) assert.equal(countParts(text), parts, text);
});
