import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkify } from './html.ts';

test('only web addresses become links, escaped', () => {
  assert.equal(
    linkify('Open https://k.test/a?b=1&c=2. Or javascript:alert(1)'),
    'Open <a href="https://k.test/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">' +
      'https://k.test/a?b=1&amp;c=2</a>. Or javascript:alert(1)',
  );
});
