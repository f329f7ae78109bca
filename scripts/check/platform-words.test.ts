import assert from 'node:assert/strict';
import { test } from 'node:test';
import { platformWords } from './platform-words.ts';
import { findIn } from './sample-project.ts';

test('a business word in the platform is found inside names, strings and SQL', () => {
  for (const text of [
    'const paymentId = 1;',
    'function lockBills() {}',
    "const topic = 'mobilink_requests';",
    'sql`select from sms.message`;',
    'const SMS_MAX = 1;',
  ]) {
    const found = findIn(platformWords, 'src/platform/bus/a.ts', text);
    assert.equal(found.length, 1, text);
    assert.match(found.join(), /^1: src\/platform knows no business word: /);
  }
});

test('comments, tests, and words that only contain one are free', () => {
  const path = 'src/platform/bus/a.ts';
  assert.deepEqual(findIn(platformWords, path, '// for instance a payment\n'), []);
  assert.deepEqual(findIn(platformWords, path, 'const billion = discharge(resubscribe);'), []);
  assert.deepEqual(findIn(platformWords, 'src/platform/bus/a.test.ts', 'const payment = 1;'), []);
  assert.deepEqual(findIn(platformWords, 'src/domains/sms/a.ts', 'const sms = 1;'), []);
});
