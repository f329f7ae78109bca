import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '#metrics';
import { eventually, testDatabase } from '#testing';
import { bodyOf } from './event.ts';
import { openWebhooks, SCOPE, START, startReceiver } from './fixture.ts';

const event = {
  ...{ id: 'evt_1', scope: SCOPE, type: 'message.delivered', key: 'message_1' },
  ...{ occurredAt: START, data: null },
};

test('an id that could be read as another content, odd types, keys and bodies are mistakes of the caller', () => {
  assert.equal(
    bodyOf(event),
    '{"type":"message.delivered","timestamp":"2026-03-01T10:00:00.000Z","data":null}',
  );
  const odd = [
    ...[
      { id: 'evt.1' },
      { id: '' },
      { id: 'x'.repeat(101) },
      { type: 'Message' },
      { type: 'a..b' },
    ],
    ...[{ key: '' }, { key: 'x'.repeat(201) }, { data: 'x'.repeat(300_000) }],
  ];
  for (const changes of odd) assert.throws(() => bodyOf({ ...event, ...changes }), /must hold/);
});

test('the gauges tell what waits, how long, and who is not called', async (t) => {
  const { clock, deliver, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  await endpointFor('http://127.0.0.1:1/');
  await enqueue(eventOf(), eventOf(), eventOf());
  clock.advanceMs(60_000);
  const metrics = createMetrics();
  deliver(t, { metrics, breaker: { failuresMax: 2, openMs: 600_000 } });
  await eventually(
    async () => {
      const text = await metrics.registry.metrics();
      assert.match(text, /kopek_webhook_deliveries_waiting 3/);
      assert.match(text, /kopek_webhook_oldest_waiting_seconds 60/);
      assert.match(text, /kopek_webhook_breakers_open 1/);
      assert.match(text, /kopek_webhook_attempts_total\{outcome="no_answer"\} [1-9]/);
    },
    { timeoutMs: 30_000, intervalMs: 100 },
  );
});

test('what is enqueued in this process goes out at once, not at the next look', async (t) => {
  const { deliver, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const receiver = await startReceiver(t);
  await endpointFor(receiver.url);
  deliver(t, { intervalMs: 600_000 });
  for (let count = 1; count <= 3; count += 1) {
    await enqueue(eventOf());
    await eventually(() => assert.equal(receiver.heard.length, count), { timeoutMs: 30_000 });
  }
});
