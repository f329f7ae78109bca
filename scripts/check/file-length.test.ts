import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileLength } from './file-length.ts';
import { findIn } from './sample-project.ts';

test('five hundred lines fit, one more does not', () => {
  assert.deepEqual(findIn(fileLength, 'src/a.ts', 'a;\n'.repeat(500)), []);
  assert.deepEqual(findIn(fileLength, 'src/a.ts', 'a;\n'.repeat(501)), [
    '501: 501 lines, 500 at most',
  ]);
});
