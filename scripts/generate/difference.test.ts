import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difference } from './difference.ts';

test('a changed line is shown as it was and as it will be', () => {
  assert.deepEqual(difference('a\nb\nc\n', 'a\nx\nc\n'), ['@@ line 2', '- b', '+ x']);
});

test('an added line is shown alone, also beside its equal', () => {
  assert.deepEqual(difference('a\na\n', 'a\na\na\n'), ['@@ line 3', '+ a']);
});

test('a long difference is cut', () => {
  const lines = difference('', Array.from({ length: 50 }, (_, index) => index).join('\n'));
  assert.equal(lines.at(-1), '+ … 44 more');
});
