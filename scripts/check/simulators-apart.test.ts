import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findIn } from './sample-project.ts';
import { simulatorsApart } from './simulators-apart.ts';

function judge(path: string, specifier: string): readonly string[] {
  return findIn(simulatorsApart, path, `import { x } from '${specifier}';\n`);
}

test('a simulator stands on its own', () => {
  assert.deepEqual(judge('simulators/operator/a.ts', './b.ts'), []);
  assert.deepEqual(judge('simulators/operator/a.ts', 'fastify'), []);
  assert.deepEqual(judge('simulators/operator/a.ts', '#bus'), [
    '1: a simulator imports nothing of src/platform/bus',
  ]);
  assert.match(judge('simulators/erp/a.ts', '#simulators/operator').join(), /imports nothing of/);
  assert.match(judge('simulators/operator/a.ts', '#testing').join(), /imports nothing of/);
  assert.match(judge('simulators/operator/a.test.ts', '#bus').join(), /imports nothing of/);
  assert.deepEqual(judge('simulators/operator/a.test.ts', '#testing'), []);
});

test('the kit is for the simulators alone, and knows none of them', () => {
  assert.deepEqual(judge('simulators/operator/a.ts', '#simulators/kit'), []);
  assert.deepEqual(judge('simulators/erp/a.test.ts', '#simulators/kit'), []);
  assert.match(judge('simulators/kit/a.ts', '#simulators/operator').join(), /imports nothing of/);
  assert.match(judge('simulators/kit/a.ts', '#bus').join(), /imports nothing of/);
  for (const path of ['src/app.ts', 'src/domains/payments/a.ts', 'src/platform/bus/a.test.ts']) {
    assert.match(judge(path, '#simulators/kit').join(), /only simulators/);
  }
});

test('only what wires and tests know simulators', () => {
  for (const path of ['src/app.ts', 'src/app-demo.ts', 'src/main.ts', 'src/cli/up.ts']) {
    assert.deepEqual(judge(path, '#simulators/operator'), []);
  }
  assert.deepEqual(judge('src/domains/payments/a.test.ts', '#simulators/operator'), []);
  assert.deepEqual(judge('test/e2e/a.ts', '#simulators/operator'), []);
  for (const path of ['src/config.ts', 'src/domains/payments/a.ts', 'src/platform/bus/a.ts']) {
    assert.match(judge(path, '#simulators/operator').join(), /only what wires/);
  }
});
