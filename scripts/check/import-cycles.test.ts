import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importCycles } from './import-cycles.ts';
import { sampleProject } from './sample-project.ts';

function judge(texts: Readonly<Record<string, string>>): readonly string[] {
  return importCycles(sampleProject(texts)).map((finding) => finding.message);
}

test('a file that needs itself is found, through doors too', () => {
  const cycle = judge({
    'src/platform/bus/index.ts': `export { b } from './b.ts';\n`,
    'src/platform/bus/b.ts': `import { c } from './c.ts';\n`,
    'src/platform/bus/c.ts': `import { d } from '#bus';\n`,
  });
  assert.deepEqual(cycle, [
    'import cycle: src/platform/bus/index.ts → src/platform/bus/b.ts → ' +
      'src/platform/bus/c.ts → src/platform/bus/index.ts',
  ]);
});

test('two ways to one file are no cycle', () => {
  const texts = {
    'src/a.ts': `import './b.ts';\nimport './c.ts';\n`,
    'src/b.ts': `import './c.ts';\n`,
    'src/c.ts': '',
  };
  assert.deepEqual(judge(texts), []);
});

test('types and late imports make no cycle', () => {
  assert.deepEqual(
    judge({
      'src/a.ts': `import { b } from './b.ts';\n`,
      'src/b.ts': `import type { A } from './a.ts';\nawait import('./a.ts');\n`,
    }),
    [],
  );
});
