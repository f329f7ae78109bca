import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importOrder } from './import-order.ts';
import { findIn } from './sample-project.ts';

function judge(path: string, specifier: string, clause = '{ x }'): readonly string[] {
  return findIn(importOrder, path, `import ${clause} from '${specifier}';\n`);
}

test('down the order, past some layers too, is free', () => {
  assert.deepEqual(judge('src/domains/payments/a.ts', '#operators'), []);
  assert.deepEqual(judge('src/domains/reports/a.ts', '#ledger'), []);
  assert.deepEqual(judge('src/domains/ledger/a.ts', '#bus'), []);
  assert.deepEqual(judge('src/platform/bus/a.ts', '#database'), []);
  assert.deepEqual(judge('src/app.ts', '#subscriptions'), []);
  assert.deepEqual(judge('test/e2e/a.ts', '#subscriptions'), []);
});

test('back and sideways are not', () => {
  assert.deepEqual(judge('src/domains/payments/a.ts', '#subscriptions'), [
    '1: imports go down the order: src/domains/payments → src/domains/subscriptions goes back',
  ]);
  assert.deepEqual(judge('src/domains/sms/a.ts', '#payments'), [
    '1: imports go down the order: src/domains/sms → src/domains/payments goes sideways',
  ]);
  assert.match(judge('src/domains/sms/a.ts', '#payments', 'type { X }').join(), /sideways/);
});

test('the platform knows no domain, and neither of them the configuration', () => {
  assert.match(judge('src/platform/bus/a.ts', '#ledger').join(), /goes back/);
  assert.match(judge('src/platform/bus/a.ts', '#config').join(), /goes back/);
  assert.match(judge('src/domains/sms/a.ts', '#config').join(), /goes back/);
});

test('a domain that the order does not have is told where to go', () => {
  assert.match(judge('src/domains/loans/a.ts', '#bus').join(), /loans has no place in the order/);
});

test('of the generated tables, types only', () => {
  assert.deepEqual(judge('src/domains/sms/a.ts', '#db/types', 'type { DB }'), []);
  assert.match(judge('src/domains/sms/a.ts', '#db/types').join(), /does not import #db\/types/);
});
