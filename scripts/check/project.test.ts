import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readProject, readSource, resolveImport } from './project.ts';
import { rules } from './rules.ts';
import { sampleProject } from './sample-project.ts';

function imports(text: string): readonly string[] {
  return readSource('src/a.ts', text).imports.map(
    (one) => `${one.line} ${one.kind} ${one.specifier}`,
  );
}

test('every way to import is seen, with its line and kind', () => {
  const text = `
import { a } from '#bus';
import type { B } from './b.ts';
import { type C, d } from './c.ts';
import './effect.ts';
import {
  e,
  f as g,
} from "./long.ts";
import * as all from 'node:fs';
export { h } from './h.ts';
export * from './star.ts';
export type { I } from './i.ts';
const lazy = await import('./lazy.ts');
type T = typeof import('./t.ts');
`;
  assert.deepEqual(imports(text), [
    '2 value #bus',
    '3 type ./b.ts',
    '4 value ./c.ts',
    '5 value ./effect.ts',
    '6 value ./long.ts',
    '10 value node:fs',
    '11 value ./h.ts',
    '12 value ./star.ts',
    '13 type ./i.ts',
    '14 lazy ./lazy.ts',
    '15 type ./t.ts',
  ]);
});

test('what only looks like an import is none', () => {
  assert.deepEqual(imports(`// import { a } from './a.ts';\nexport const from = './b.ts';\n`), []);
  assert.deepEqual(imports(`export function f(): string {\n  return './c.ts';\n}\n`), []);
});

test('an import leads to a file by its door or its place', () => {
  const project = sampleProject({ 'src/domains/sms/a.ts': '' });
  const [file] = project.files;
  assert.ok(file);
  assert.equal(resolveImport(project, file, '#bus'), 'src/platform/bus/index.ts');
  assert.equal(resolveImport(project, file, './b/c.ts'), 'src/domains/sms/b/c.ts');
  assert.equal(resolveImport(project, file, 'pg'), undefined);
});

test('the rules read this repository without stumbling', async () => {
  const project = await readProject(join(import.meta.dirname, '../..'));
  assert.ok(project.files.some((file) => file.path === 'scripts/check/project.test.ts'));
  for (const rule of rules) rule(project);
});
