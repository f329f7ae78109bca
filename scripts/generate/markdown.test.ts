import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code, table } from './markdown.ts';

test('a cell keeps its row, whatever stands in it', () => {
  const text = table(
    ['A', 'B'],
    [
      ['x|y', 'two\nlines'],
      [1, code('')],
    ],
  );
  assert.equal(text, '| A | B |\n|---|---|\n| x\\|y | two lines |\n| 1 |  |');
});
