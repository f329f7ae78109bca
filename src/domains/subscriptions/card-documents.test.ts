import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { workedExamples } from './card-examples.ts';

const PAGES = join(import.meta.dirname, '../../../docs/concepts');

for (const [page, examples] of Object.entries(workedExamples)) {
  test(`the figures of ${page}.md are those that the code produces`, async () => {
    const text = await readFile(join(PAGES, `${page}.md`), 'utf8');
    const marks = [...text.matchAll(/<!-- worked: (.+) -->\n\n((?:\|.*\n)+)/g)];
    const shown = Object.fromEntries(
      marks.map(([, name = '', rows = '']) => [name, rows.trimEnd()]),
    );
    const produced = Object.entries(examples).map(([name, produce]) => [name, produce()]);
    assert.deepEqual(shown, Object.fromEntries(produced));
  });
}
