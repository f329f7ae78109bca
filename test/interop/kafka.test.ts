import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
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
import { type KafkaTools, openKafkaTools } from './kafka-tools.ts';
import { testStart } from './start.ts';

// Another system on Kafka: the console tools that come with it, and asyncapi.yaml.

const skip = process.env.KOPEK_TEST_KAFKA ? false : 'KOPEK_TEST_KAFKA names no Kafka';
const timeout = 120_000;
const MO = 'mobilink_mo';
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('Kafka', { skip, timeout: 10 * timeout }, () => {
  const life = createSpan();
  let document: BusDocument;
  let broker: Broker;
  let house: House;
  let kopek: Kopek;
  let tools: KafkaTools;

  before(
    async () => {
      document = await readBusDocument();
      broker = await openOwnBroker(life, 'kafka');
      tools = openKafkaTools(life, broker);
      house = await openHouse(life, broker);
      kopek = await house.stage.start('dispatcher', 'mt-manager', 'telco', 'qlistener');
    },
    { timeout },
  );
  after(() => life.end());

  async function subscribed(n: number): Promise<string> {
    const phone = phoneOf(n);
    await subscribe(house.stage, phone);
    await untilQuiet(house.stage);
    return phone;
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

  test('the topics are what the document says', { timeout }, async () => {
    const told = await tools.tell('TopicCommand', ['--describe']);
    assert.ok(document.logs.length > 15);
    for (const { partitions, settings, topic } of document.logs) {
      const line = told.split('\n').find((one) => one.startsWith(`Topic: ${topic}\t`)) ?? '';
      assert.match(line, new RegExp(`PartitionCount: ${partitions}\\b`), topic);
      for (const name of ['max.message.bytes', 'retention.ms', 'message.timestamp.type'])
        assert.ok(line.includes(`${name}=${settings[name]}`), `${topic} ${name}`);
    }
  });

  test('a subscription and its end are read with every attribute, on every topic', {
    timeout,
  }, async () => {
    const phone = await subscribed(1);
    await sayStop(house.stage, phone);
    await untilStopped(phone);
    await untilQuiet(house.stage);
    const topics = document.logs.map(({ topic }) => topic);
    const seen = await tools.read(topics);
    const plain = topics.filter((topic) => !/\.p\d$/.test(topic) && !UNTOUCHED.test(topic));
    const expected = new Set([...plain, 'mobilink_requests', 'mobilink_sms_requests']);
    assert.deepEqual(new Set(seen.map(({ topic }) => topic)), expected);
    for (const one of seen) {
      const { headers, key, topic } = one;
      assert.deepEqual(document.judge('kafka', one), [], topic);
      assert.match(String(headers.ce_id), UUID_V7);
      assert.match(String(headers.ce_source), /^kopek\/[a-z+-]+$/);
      assert.notEqual(key, '');
      assert.equal(headers.ce_subject, key);
      assert.ok(Math.abs(Date.parse(String(headers.ce_time)) - Date.now()) < 300_000);
    }
    const urgent = await tools.read(['mobilink_requests.p2']);
    assert.equal(urgent.length, 1, 'a fresh consent is charged before all others');
    const groups = (await tools.tell('ConsumerGroupCommand', ['--list'])).split('\n');
    assert.ok(document.consumerGroups.length > 10);
    // Groups come with their processes, and those of payouts and cards do not run here.
    const ours = document.consumerGroups.filter(
      (group) => !UNTOUCHED.test(group) && !OF_CARDS.test(group),
    );
    for (const group of ours) assert.ok(groups.includes(group), group);
  });

  test('a STOP of another system with its attributes is obeyed once, however often it comes', {
    timeout,
  }, async () => {
    const phone = await subscribed(2);
    const headers = { ce_id: 'SMSC 4711/a', ce_source: 'smsc', ce_specversion: '1.0' };
    const record = { key: `+${phone}`, headers, value: stopFrom(phone, 'smsc-1') };
    await tools.write(MO, [record, record, record]);
    await untilStopped(phone);
    await untilQuiet(house.stage);
    assert.equal(await countStops(house, phone), 1);
  });

  test('a STOP that is JSON and nothing else is obeyed', { timeout }, async () => {
    const phone = await subscribed(3);
    await tools.write(MO, [{ value: stopFrom(phone, 'smsc-2') }]);
    await untilStopped(phone);
  });

  test('what nobody can read is a dead letter with its reason, and the next is obeyed', {
    timeout,
  }, async () => {
    const phone = await subscribed(4);
    const named = (id: string, value: string) => ({ headers: { ce_id: id }, key: phone, value });
    await tools.write(MO, [
      named('SMSC 1', 'STOP'),
      named('SMSC 2', stopFrom(phone, 'x').replace('+', '00')),
      { value: '{"id":1}' },
      named('SMSC 4', stopFrom(phone, 'smsc-3')),
    ]);
    await untilStopped(phone);
    await assertThreeDead(house, [
      /SMSC 1 from kafka:mobilink_mo: it is no JSON/,
      /SMSC 2 from kafka:mobilink_mo: it is not of the shape of mobilink_mo: \/msisdn must match/,
      /mobilink_mo\/\d+\/\d+ from kafka:mobilink_mo: it is not of the shape of mobilink_mo: it must/,
    ]);
  });

  // Last: with the same names on the same broker another house would take these messages for its own.
  test('its processes end', { timeout }, async () => {
    assert.equal((await kopek.stop()).code, 0);
  });
  testStart({ engine: 'kafka', broker: () => broker });
});
