import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment } from './environment.ts';
import { findIn } from './sample-project.ts';

test('reading the environment is found in every spelling', () => {
  for (const text of [
    'process.env.A',
    'process?.env',
    "process['env']",
    'const { env } = process',
  ]) {
    const found = findIn(environment, 'src/platform/bus/a.ts', `const a =\n  ${text};\n`);
    assert.match(found.join(), /^2: process\.env is read in src\/config\.ts only/, text);
  }
  assert.equal(findIn(environment, 'src/a.ts', `import { env } from 'node:process';\n`).length, 1);
  assert.equal(findIn(environment, 'simulators/operator/a.ts', 'process.env.PORT;').length, 1);
});

test('the configuration, tests, their support and scripts may', () => {
  const text = 'const a = process.env.A;\n';
  for (const path of [
    'src/config.ts',
    'src/platform/testing/a.ts',
    'src/platform/bus/a.test.ts',
    'scripts/a.ts',
    'bench/a.ts',
    'test/e2e/a.ts',
  ]) {
    assert.deepEqual(findIn(environment, path, text), []);
  }
});

test('a comment, another property and another word are no reading', () => {
  for (const text of ['// process.env.A', 'process.environment;', 'const env = { A: 1 };']) {
    assert.deepEqual(findIn(environment, 'src/a.ts', text), []);
  }
});
