import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importPaths } from './import-paths.ts';
import { findIn, sampleProject } from './sample-project.ts';

function judge(path: string, specifier: string): readonly string[] {
  return findIn(importPaths, path, `import { x } from '${specifier}';\n`);
}

test('doors, neighbours, deeper files and packages are free', () => {
  assert.deepEqual(judge('src/domains/sms/a.ts', '#ledger'), []);
  assert.deepEqual(judge('src/domains/sms/a.ts', './store.ts'), []);
  assert.deepEqual(judge('src/domains/sms/a.ts', './providers/smsc.ts'), []);
  assert.deepEqual(judge('src/domains/sms/a.ts', 'pg'), []);
  assert.deepEqual(judge('src/main.ts', './cli/up.ts'), []);
  assert.deepEqual(judge('src/cli/up.ts', '#config'), []);
});

test('no way leads up', () => {
  for (const specifier of ['../ledger/index.ts', './../x.ts']) {
    assert.match(judge('src/domains/sms/a.ts', specifier).join(), /^1: no \.\.\//);
  }
});

test('another unit is entered by its door', () => {
  assert.match(judge('src/app.ts', './domains/sms/store.ts').join(), /entered by its door/);
  assert.match(judge('src/domains/sms/a.ts', '#nothing').join(), /there is no door #nothing/);
});

test('an inner door serves its own unit alone', () => {
  assert.deepEqual(judge('src/domains/payments/gateways/mobilink/a.ts', '#payments/gateway'), []);
  assert.match(
    judge('src/app.ts', '#payments/gateway').join(),
    /inner door: only src\/domains\/pay/,
  );
});

test('a room of a domain is its own, but for those that are open', () => {
  assert.deepEqual(judge('src/domains/payments/refunds/a.ts', '#payments/news'), []);
  assert.match(judge('src/domains/sms/a.ts', '#payments/news').join(), /inner door/);
  assert.match(judge('src/house.ts', '#payments/news').join(), /inner door/);
  assert.deepEqual(judge('src/house.ts', '#payments/intake'), []);
});

test('a room is entered by its door, and a stage by tests', () => {
  const enter = (path: string, specifier: string) =>
    importPaths(
      sampleProject({
        [path]: `import { x } from '${specifier}';\n`,
        'src/domains/sms/reports/index.ts': '',
      }),
    ).map(({ message }) => message);
  assert.deepEqual(enter('src/domains/sms/a.ts', './reports/index.ts'), []);
  assert.deepEqual(enter('src/domains/sms/a.ts', './reports/a.ts'), [
    './reports is entered by its door: ./reports/index.ts',
  ]);
  assert.deepEqual(enter('src/domains/sms/a.test.ts', './reports/a.ts'), []);
  assert.deepEqual(enter('src/domains/payments/a.ts', '#payments/stage'), [
    '#payments/stage is for tests only',
  ]);
  assert.deepEqual(enter('src/domains/payments/a.test.ts', '#payments/stage'), []);
});
