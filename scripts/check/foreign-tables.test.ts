import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignTables } from './foreign-tables.ts';
import { findIn } from './sample-project.ts';

test("another domain's table is found in the builder and in SQL", () => {
  for (const text of [
    "db.selectFrom('payments.payment')",
    'sql`select 1 from payments.payment p`',
    'sql`\n  update payments.payment set a = 1`',
    'sql`select 1 from sms.message join payments.payment p on true`',
  ]) {
    const found = findIn(foreignTables, 'src/domains/sms/store.ts', text);
    assert.match(
      found.join(),
      /src\/domains\/sms names a table of another domain: payments\.payment/,
      text,
    );
    assert.equal(found.length, 1);
  }
  assert.equal(findIn(foreignTables, 'src/platform/bus/a.ts', "'sms.message'").length, 1);
});

test("one's own, properties, tests and file names are free", () => {
  const path = 'src/domains/sms/store.ts';
  for (const text of [
    "'sms.message'",
    'payments.createPayment()',
    'return payments.payment;',
    "'payments.ts'",
    "'payments.accepted'",
  ]) {
    assert.deepEqual(findIn(foreignTables, path, text), [], text);
  }
  assert.deepEqual(findIn(foreignTables, 'src/domains/sms/a.test.ts', "'payments.payment'"), []);
});
