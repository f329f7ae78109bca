import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { type Broker, type Kopek, phoneOf, sayStop, storyOf, subscribe, untilQuiet } from '#chaos';
import { createSpan, eventually } from '#testing';
import { type BusDocument, OF_CARDS, readBusDocument, UNTOUCHED } from './document.ts';
import {
  assertThreeDead,
  countStops,
  type House,
  openHouse,
  openOwnBroker,
  stopFrom,
} from './house.ts';
import { testStart } from './start.ts';

// Another system on RabbitMQ: a client that is not ours, and asyncapi.yaml. It declares and binds before Kopek does.

const skip = process.env.KOPEK_TEST_AMQP ? false : 'KOPEK_TEST_AMQP names no RabbitMQ';
const timeout = 120_000;
const MO = 'mobilink_mo';
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('RabbitMQ', { skip, timeout: 10 * timeout }, () => {
  const life = createSpan();
  const seen: ConsumeMessage[] = [];
  let document: BusDocument;
  let broker: Broker;
  let house: House;
  let erp: ChannelModel;
  let channel: ConfirmChannel;
  let kopek: Kopek;

  before(
    async () => {
      document = await readBusDocument();
      broker = await openOwnBroker(life, 'amqp');
      erp = await connect(broker.url);
      channel = await erp.createConfirmChannel();
      const { queue } = await channel.assertQueue('', { exclusive: true });
      for (const { autoDelete, durable, name, routingKeys, type } of document.exchanges) {
        await channel.assertExchange(name, type, { durable, autoDelete });
        for (const key of routingKeys) await channel.bindQueue(queue, name, key);
      }
      await channel.consume(queue, (message) => message && seen.push(message), { noAck: true });
      house = await openHouse(life, broker);
      kopek = await house.stage.start('dispatcher', 'mt-manager', 'telco', 'qlistener');
    },
    { timeout },
  );
  after(() => life.end());

  /** Sends and waits until the broker has it; throws when no queue takes it. */
  async function send(body: string, options: { key?: string; id?: string; headers?: object } = {}) {
    const { headers, id, key = '' } = options;
    const returned: unknown[] = [];
    channel.once('return', (message) => returned.push(message));
    channel.publish(MO, key, Buffer.from(body), {
      ...{ mandatory: true, persistent: true },
      ...(headers === undefined ? {} : { headers }),
      ...(id === undefined ? {} : { messageId: id }),
    });
    await channel.waitForConfirms();
    assert.deepEqual(returned, []);
  }

  async function untilStopped(phone: string): Promise<void> {
    await eventually(
      async () => {
        const story = await storyOf(house.stage, phone);
        assert.deepEqual([story?.status, story?.end_reason], ['cancelled', 'stop_by_sms']);
      },
      { timeoutMs: 20_000 },
    );
  }

  test('the exchanges and queues are what the document says', { timeout }, async () => {
    assert.ok(document.exchanges.length > 10 && document.queues.length > 10);
    for (const {
      autoDelete,
      durable,
      exclusive,
      name,
      singleActiveConsumer,
      type,
    } of document.queues.filter((queue) => !OF_CARDS.test(queue.name))) {
      await channel.checkQueue(name);
      const single = singleActiveConsumer ? { 'x-single-active-consumer': true } : {};
      const options = { autoDelete, durable, exclusive };
      await channel.assertQueue(name, {
        ...options,
        arguments: { 'x-queue-type': type, ...single },
      });
    }
  });

  test('a subscription and its end are read with every attribute, on every topic', {
    timeout,
  }, async () => {
    const phone = phoneOf(1);
    await subscribe(house.stage, phone);
    await untilQuiet(house.stage);
    await sayStop(house.stage, phone);
    await untilStopped(phone);
    await untilQuiet(house.stage);
    await eventually(() => {
      const heard = new Set(seen.map(({ fields }) => fields.exchange));
      const silent = document.exchanges.filter(({ name }) => !heard.has(name));
      assert.deepEqual(
        silent.map(({ name }) => name).filter((name) => !UNTOUCHED.test(name)),
        [],
      );
    });
    for (const { content, fields, properties } of seen) {
      const { exchange: topic, routingKey } = fields;
      const headers = properties.headers ?? {};
      const payload = JSON.parse(content.toString());
      assert.deepEqual(document.judge('amqp', { topic, headers, payload }), [], topic);
      const known = document.exchanges.find(({ name }) => name === topic);
      assert.ok(known?.routingKeys.includes(routingKey));
      assert.match(headers.cloudEvents_id, UUID_V7);
      assert.match(headers.cloudEvents_source, /^kopek\/[a-z+-]+$/);
      assert.equal(headers.cloudEvents_type, topic);
      assert.notEqual(headers.cloudEvents_subject, '');
      const seconds = Math.floor(Date.parse(headers.cloudEvents_time) / 1000);
      assert.ok(Math.abs(seconds - Date.now() / 1000) < 300);
      const { contentEncoding, contentType, deliveryMode, messageId, timestamp, type } = properties;
      assert.deepEqual(
        { contentEncoding, contentType, deliveryMode, messageId, timestamp, type },
        {
          ...{ contentEncoding: 'utf-8', contentType: 'application/json', deliveryMode: 2 },
          ...{ messageId: headers.cloudEvents_id, timestamp: seconds, type: topic },
        },
      );
    }
    const urgent = seen.find(({ fields }) => fields.exchange === 'mobilink_requests');
    assert.equal(urgent?.fields.routingKey, 'p2', 'a fresh consent is charged before all others');
  });

  test('a STOP of another system with its attributes is obeyed once, however often it comes', {
    timeout,
  }, async () => {
    const phone = phoneOf(2);
    await subscribe(house.stage, phone);
    await untilQuiet(house.stage);
    const headers = { cloudEvents_source: 'smsc one', cloudEvents_subject: `+${phone}` };
    const body = stopFrom(phone, 'smsc-1');
    for (let times = 0; times < 3; times += 1) await send(body, { id: 'SMSC 4711/a', headers });
    await untilStopped(phone);
    await untilQuiet(house.stage);
    assert.equal(await countStops(house, phone), 1);
  });

  test('a STOP that is JSON and nothing else is obeyed, with our routing key or none', {
    timeout,
  }, async () => {
    for (const [at, key] of ['', 'p0'].entries()) {
      const phone = phoneOf(3 + at);
      await subscribe(house.stage, phone);
      await untilQuiet(house.stage);
      await send(stopFrom(phone, `smsc-2-${at}`), { key });
      await untilStopped(phone);
    }
  });

  test('what nobody can read is a dead letter with its reason, and the next is obeyed', {
    timeout,
  }, async () => {
    const phone = phoneOf(5);
    await subscribe(house.stage, phone);
    await untilQuiet(house.stage);
    await send('STOP', { id: 'SMSC 1' });
    await send(stopFrom(phone, 'x').replace('+', '00'), { id: 'SMSC 2' });
    await send('{"id":"\u0000"}', { id: 'SMSC 3' });
    await send(stopFrom(phone, 'smsc-3'));
    await untilStopped(phone);
    await assertThreeDead(house, [
      /SMSC 1 from amqp:mobilink_mo: it is no JSON/,
      /SMSC 2 from amqp:mobilink_mo: it is not of the shape of mobilink_mo: \/msisdn must match/,
      /SMSC 3 from amqp:mobilink_mo: it is no/,
    ]);
  });

  // Last: with the same names on the same broker another house would take these messages for its own.
  test('its processes end', { timeout }, async () => {
    await erp.close();
    assert.equal((await kopek.stop()).code, 0);
  });
  testStart({ engine: 'amqp', broker: () => broker });
});
