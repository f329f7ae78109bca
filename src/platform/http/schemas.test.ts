import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageOf, readCursor, writeCursor } from '#http';

const as = { item: (row: number) => ({ row }), positionOf: (row: number) => [row, 'x'] };

test('a page is cut at its limit and tells where to go on', () => {
  const page = pageOf([1, 2, 3], 2, as);
  assert.deepEqual(page.items, [{ row: 1 }, { row: 2 }]);
  assert.deepEqual(readCursor(page.next_cursor ?? '', 2), ['2', 'x']);
});

test('the last page has no next, full or empty', () => {
  assert.equal(pageOf([1, 2], 2, as).next_cursor, null);
  assert.deepEqual(pageOf([], 2, as), { items: [], next_cursor: null });
});

test('a cursor keeps bigints whole, and what is no cursor is refused by name', () => {
  assert.deepEqual(readCursor(writeCursor([9007199254740993n]), 1), ['9007199254740993']);
  for (const cursor of [
    '',
    '!!',
    'bm8',
    writeCursor([1]),
    Buffer.from('[1,2]').toString('base64url'),
  ]) {
    assert.throws(() => readCursor(cursor, 2), { code: 'cursor_invalid', kind: 'invalid' });
  }
});
