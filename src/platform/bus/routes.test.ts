import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRouting, engineOfUrl } from './routes.ts';

test('the first route that matches decides, and the default for the rest', () => {
  const { engineOf, urls } = createRouting('amqps://one', [
    { pattern: 'billing.new', url: 'postgres:' },
    { pattern: 'billing.*', url: 'kafka://one:9092' },
    { pattern: '*_events', url: 'kafka://one:9092' },
  ]);
  const topics = ['billing.new', 'billing.old', 'billingx', 'sms_events', 'other'];
  assert.deepEqual(topics.map(engineOf), ['postgres', 'kafka', 'amqp', 'kafka', 'amqp']);
  assert.deepEqual([...urls.keys()].sort(), ['amqp', 'kafka', 'postgres']);
});

test('two brokers of one kind, and unknown schemes, are refused', () => {
  const routes = [{ pattern: 'a', url: 'kafka://two:9092' }];
  assert.throws(() => createRouting('kafka://one:9092', routes), /one broker of a kind/);
  assert.throws(() => engineOfUrl('nats://here'), /no engine for nats/);
});
