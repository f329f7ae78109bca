import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEnds } from './open-ends.ts';
import { findIn } from './sample-project.ts';

// Put together here, so that no tool takes them for open ends of this file.
const [todo, fixme] = [['TO', 'DO'].join(''), ['FIX', 'ME'].join('')];

test('an open end without its issue is found', () => {
  assert.deepEqual(findIn(openEnds, 'src/a.ts', `a;\n// ${todo}: later\n`), [
    `2: ${todo} without the number of its issue`,
  ]);
  assert.equal(findIn(openEnds, 'src/a.ts', `/*\n * ${fixme} 12\n */`).length, 1);
});

test('one with its issue is not', () => {
  for (const text of [`${todo} #12: x`, `${todo}(#12) x`, `${fixme}: #7`, `${todo} issue #3`]) {
    assert.deepEqual(findIn(openEnds, 'src/a.ts', `// ${text}\n`), []);
  }
});

test('a string and a word that only contains it are not', () => {
  assert.deepEqual(findIn(openEnds, 'src/a.ts', `const a = '${todo}'; // ${todo}S`), []);
});
