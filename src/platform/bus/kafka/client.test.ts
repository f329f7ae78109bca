import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKafkaUrl } from './client.ts';

test('a URL names brokers, and how to be let in', () => {
  assert.deepEqual(readKafkaUrl('kafka://one:9093,two'), {
    ...{ brokers: ['one:9093', 'two:9092'], tls: false, sasl: undefined },
  });
  assert.deepEqual(readKafkaUrl('kafkas://me:p%40ss@one:1/?mechanism=scram-sha-512'), {
    ...{ brokers: ['one:1'], tls: true },
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'me', password: 'p@ss' },
  });
});

for (const url of ['kafka://', 'kafka:one', 'kafka://one:x', 'kafka://one?mechanism=KERBEROS']) {
  test(`${url} is refused`, () => assert.throws(() => readKafkaUrl(url), /kafka:\/\/host:port/));
}
