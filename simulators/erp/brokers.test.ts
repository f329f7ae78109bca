import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import amqp from 'amqplib';
import { testBroker } from '#testing';
import { order, temporaryFolder } from './fixture.ts';
import { topicNames } from './transport.ts';

const mainPath = new URL('main.ts', import.meta.url).pathname;
const timeout = 90_000;
const WORDS = ['ard CONFIRMED', 'oebs INSTRUCTION_CREATED', 'oebs TRANSMITTED', 'oebs PAID'];
const [rabbit, kafka] = [testBroker('AMQP'), testBroker('KAFKA')];
const skip = ({ url }: { readonly url: string }) => (url === '' ? 'there is no broker' : false);

interface Heard {
  readonly feed: string;
  readonly erp_id: string;
  readonly status: string;
}

/** A prefix of this run: brokers remember. */
function freshPrefix(): string {
  return `erp-test-${process.pid}-${Date.now().toString(36)}`;
}

async function startProcess(
  t: TestContext,
  given: { readonly bus: string; readonly prefix: string; readonly folder: string },
): Promise<ChildProcess> {
  const { bus, folder, prefix } = given;
  const args = ['--port', '0', '--step', '0', '--bus', bus, '--prefix', prefix, '--folder', folder];
  const child = spawn(process.execPath, [mainPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout !== null);
  await once(child.stdout, 'data');
  return child;
}

async function until(heard: readonly Heard[], isEnough: () => boolean): Promise<void> {
  const endMs = Date.now() + timeout / 2;
  while (!isEnough()) {
    assert.ok(Date.now() < endMs, JSON.stringify(heard));
    await new Promise((done) => setTimeout(done, 50));
  }
}

const wordsOf = (heard: readonly Heard[], erpId: string) =>
  heard
    .filter((one) => one.erp_id === erpId)
    .map(({ feed, status }) => `${feed} ${status}`)
    .toSorted((one, other) => WORDS.indexOf(one) - WORDS.indexOf(other));

test('over RabbitMQ: an order is paid once, and what came while it was dead is made later', {
  ...{ skip: skip(rabbit), timeout },
}, async (t) => {
  const prefix = freshPrefix();
  const topics = topicNames(prefix);
  const folder = temporaryFolder();
  const connection = await amqp.connect(rabbit.url);
  t.after(() => connection.close());
  const channel = await connection.createConfirmChannel();
  const heard: Heard[] = [];
  for (const topic of Object.values(topics))
    await channel.assertExchange(topic, 'direct', { durable: true });
  for (const feed of ['ard', 'oebs'] as const) {
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, topics[feed], '');
    await channel.consume(queue, (message) => {
      if (message) heard.push({ feed, ...JSON.parse(message.content.toString()) });
    });
  }
  let returned = 0;
  channel.on('return', () => (returned += 1));
  // Until its queue is there, nothing takes a message.
  const ask = async (body: string) => {
    for (let before = -1; before !== returned; ) {
      before = returned;
      channel.publish(topics.newPayout, 'l3', Buffer.from(body), {
        ...{ persistent: true, mandatory: true, contentType: 'application/json' },
      });
      await channel.waitForConfirms();
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  const first = await startProcess(t, { bus: rabbit.url, prefix, folder });
  for (const body of ['no JSON', JSON.stringify(order('a')), JSON.stringify(order('a'))])
    await ask(body);
  await until(heard, () => wordsOf(heard, 'a').length >= 4);
  assert.deepEqual(wordsOf(heard, 'a'), WORDS);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await ask(JSON.stringify(order('b')));
  const second = await startProcess(t, { bus: rabbit.url, prefix, folder });
  await until(heard, () => wordsOf(heard, 'b').length >= 4);
  assert.deepEqual([...new Set(wordsOf(heard, 'a'))], WORDS);
  second.kill('SIGTERM');
  assert.deepEqual((await once(second, 'exit'))[0], 0);
  await channel.deleteQueue(`${topics.newPayout}.erp-simulator`);
  for (const topic of Object.values(topics)) await channel.deleteExchange(topic);
});

test('over Kafka: an order is paid once, and what came while it was dead is made later', {
  ...{ skip: skip(kafka), timeout },
}, async (t) => {
  const prefix = freshPrefix();
  const topics = topicNames(prefix);
  const folder = temporaryFolder();
  const brokers = kafka.url.replace('kafka://', '').split(',');
  const shared = { clientId: 'test', bootstrapBrokers: brokers };
  const admin = new Admin(shared);
  t.after(() => admin.close());
  await admin.createTopics({ topics: Object.values(topics), partitions: 2, replicas: 1 });
  const producer = new Producer({ ...shared, serializers: stringSerializers });
  t.after(() => producer.close());
  const consumer = new Consumer({
    ...{ ...shared, groupId: `${prefix}-test`, deserializers: stringDeserializers },
  });
  t.after(() => consumer.close(true));
  const stream = await consumer.consume({
    ...{ topics: [topics.ard, topics.oebs], mode: MessagesStreamModes.EARLIEST },
  });
  const heard: Heard[] = [];
  stream.on('data', ({ topic, value }: { topic: string; value: string }) => {
    heard.push({ feed: topic === topics.ard ? 'ard' : 'oebs', ...JSON.parse(value) });
  });
  const ask = (value: string) =>
    producer.send({ messages: [{ topic: topics.newPayout, key: 'acc_1', value }] });
  const bus = kafka.url;
  const first = await startProcess(t, { bus, prefix, folder });
  for (const value of ['no JSON', JSON.stringify(order('a')), JSON.stringify(order('a'))])
    await ask(value);
  await until(heard, () => wordsOf(heard, 'a').length >= 4);
  assert.deepEqual(wordsOf(heard, 'a'), WORDS);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await ask(JSON.stringify(order('b')));
  const second = await startProcess(t, { bus, prefix, folder });
  await until(heard, () => wordsOf(heard, 'b').length >= 4);
  assert.deepEqual([...new Set(wordsOf(heard, 'a'))], WORDS);
  second.kill('SIGTERM');
  assert.deepEqual((await once(second, 'exit'))[0], 0);
  await admin.deleteTopics({ topics: Object.values(topics) });
});
