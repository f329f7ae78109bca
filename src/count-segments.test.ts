import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSegments } from './count-segments.ts';

const CASES: readonly (readonly [string, number])[] = [
  ['', 1],
  ['a'.repeat(160), 1],
  ['a'.repeat(161), 2],
  ['a'.repeat(306), 2],
  ['a'.repeat(307), 3],
  ['€'.repeat(80), 1],
  ['€'.repeat(81), 2],
  // 153 is odd: the last escape of a part does not fit beside its letter.
  ['€'.repeat(153), 3],
  ['я'.repeat(70), 1],
  ['я'.repeat(71), 2],
  ['я'.repeat(135), 3],
  ['🙂'.repeat(35), 1],
  ['🙂'.repeat(66), 2],
  ['🙂'.repeat(67), 3],
  [`${'a'.repeat(70)}«`, 2],
];

test('a text is counted as the air carries it', () => {
  for (const [text, segments] of CASES)
    assert.equal(countSegments(text), segments, `${text.slice(0, 3)} ${text.length}`);
});
