import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blankComments } from './blank.ts';

function code(text: string): string {
  return blankComments(text).code.replace(/\s+/g, ' ').trim();
}

test('comments of both kinds go, their lines stay', () => {
  const { code, comments } = blankComments('a; // one\n/* two\n three */ b;\n');
  assert.equal(code, 'a;       \n      \n          b;\n');
  assert.equal(comments, '   // one\n/* two\n three */   \n');
});

test('what looks like a comment in a string, a template or a regular expression is code', () => {
  for (const text of [
    "'http://x';",
    '"/* x */";',
    '`//${y}//`;',
    'x = /\\/\\/[/*]/;',
    'f(/[/]/*2/g);',
  ]) {
    assert.equal(code(text), text);
  }
});

test('a template may hold code that holds a comment, a brace and a template', () => {
  assert.equal(code('`a${f({ b: `c${d /* e */}` })}//f`; // g'), '`a${f({ b: `c${d }` })}//f`;');
});

test('a slash after a value divides', () => {
  assert.equal(code('a / b; // c / d'), 'a / b;');
  assert.equal(code('(a) / b /* c */ / d'), '(a) / b / d');
});
