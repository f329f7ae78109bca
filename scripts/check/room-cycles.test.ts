import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roomCycles } from './room-cycles.ts';
import { sampleProject } from './sample-project.ts';

const PAYMENTS = 'src/domains/payments';

function judge(texts: Readonly<Record<string, string>>): readonly string[] {
  return roomCycles(sampleProject(texts)).map(({ message }) => message);
}

test('rooms that need each other in one direction are free', () => {
  const texts = {
    [`${PAYMENTS}/news/a.ts`]: `import { x } from '#payments/intake';\n`,
    [`${PAYMENTS}/news/b.ts`]: `import { x } from './a.ts';\nimport { y } from '#payments/gateway';\n`,
    [`${PAYMENTS}/intake/index.ts`]: `import { x } from './c.ts';\n`,
    [`${PAYMENTS}/x.ts`]: `import { x } from './news/index.ts';\n`,
  };
  assert.deepEqual(judge(texts), []);
});

test('a circle of rooms is told with its way, for types too', () => {
  const texts = {
    [`${PAYMENTS}/news/a.ts`]: `import { x } from '#payments/intake';\n`,
    [`${PAYMENTS}/intake/c.ts`]: `import type { X } from '#payments/news';\n`,
  };
  assert.deepEqual(judge(texts), [
    `rooms need each other in a circle: ${PAYMENTS}/news → ${PAYMENTS}/intake → ${PAYMENTS}/news`,
  ]);
});

test('tests and what only they need may look everywhere', () => {
  const texts = {
    [`${PAYMENTS}/news/a.ts`]: `import { x } from '#payments/intake';\n`,
    [`${PAYMENTS}/intake/c.test.ts`]: `import { x } from '#payments/news';\n`,
  };
  assert.deepEqual(judge(texts), []);
});
