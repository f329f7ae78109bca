import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importPaths } from './import-paths.ts';
import { findIn } from './sample-project.ts';

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
