import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actAsKafka, listen } from './fake-broker.ts';
import { shakeHands } from './handshake.ts';
import { placesOf } from './kafka-handshake.ts';

const { KOPEK_TEST_AMQP: amqp, KOPEK_TEST_KAFKA: kafka } = process.env;
const LIMIT_MS = 200;

test('an open port is not yet a broker', async (t) => {
  const port = await listen(t, () => {});
  for (const scheme of ['amqp', 'kafka']) {
    const hands = await shakeHands(`${scheme}://127.0.0.1:${port}`, LIMIT_MS);
    assert.deepEqual(hands, { outcome: 'silent', reason: 'no answer within 0.2 s' });
  }
});

test('who hangs up, and who speaks something else, is no broker', async (t) => {
  const rude = await listen(t, (socket) => socket.end());
  const web = await listen(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  for (const scheme of ['amqp', 'kafka']) {
    for (const port of [rude, web]) {
      const hands = await shakeHands(`${scheme}://127.0.0.1:${port}`);
      assert.equal(hands.outcome, 'silent');
    }
  }
});

test('nobody there is told by the reason of the system', async () => {
  const hands = await shakeHands('amqp://127.0.0.1:1');
  assert.ok(hands.outcome === 'silent' && hands.reason.includes('ECONNREFUSED'));
});

test('a Kafka that knows no broker yet is not ready', async (t) => {
  const port = await listen(t, actAsKafka(0));
  const hands = await shakeHands(`kafka://127.0.0.1:${port}`);
  assert.ok(hands.outcome === 'silent' && hands.reason.includes('not ready'));
});

test('of several hosts one that answers is enough', async (t) => {
  const port = await listen(t, actAsKafka(1));
  const hands = await shakeHands(`kafka://127.0.0.1:1,127.0.0.1:${port}`);
  assert.deepEqual(hands, { outcome: 'answers', software: 'Kafka' });
});

test('hosts of a Kafka may have ports, a user and what follows them', () => {
  assert.deepEqual(placesOf('kafka://me:secret@one,two:9093,[::1]:9094/x?y=1'), [
    { host: 'one', port: 9092 },
    { host: 'two', port: 9093 },
    { host: '::1', port: 9094 },
  ]);
});

test('what is no broker by its name is refused without a connection', async () => {
  const hands = await shakeHands('http://127.0.0.1:1');
  assert.ok(hands.outcome === 'silent' && hands.reason.startsWith('only amqp://'));
});

test('RabbitMQ answers with its name and version', { skip: !amqp && 'not up' }, async () => {
  const hands = await shakeHands(amqp ?? '');
  assert.ok(hands.outcome === 'answers');
  assert.match(hands.software, /^\S.* \d+\.\d+/);
});

test('RabbitMQ does not answer a stranger', { skip: !amqp && 'not up' }, async () => {
  const url = new URL(amqp ?? '');
  url.password = 'wrong';
  const hands = await shakeHands(url.href);
  assert.ok(hands.outcome === 'silent' && hands.reason.includes('was not let in'));
});

test('RabbitMQ names a virtual host that it lacks', { skip: !amqp && 'not up' }, async () => {
  const url = new URL(amqp ?? '');
  url.pathname = '/nowhere';
  const hands = await shakeHands(url.href);
  assert.ok(hands.outcome === 'silent' && hands.reason.includes('nowhere'));
});

test('Kafka answers', { skip: !kafka && 'not up' }, async () => {
  assert.deepEqual(await shakeHands(kafka ?? ''), { outcome: 'answers', software: 'Kafka' });
});
