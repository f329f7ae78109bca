import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRouting, moveQueues } from '#bus';
import { numbered, range, setStage, writeEffects } from '#bus/conformance-stage';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { testDatabase } from '#testing';
import { createKafkaClient, type KafkaParts, readKafkaUrl } from './client.ts';
import { KAFKA_URL, kafkaUnderTest } from './testing.ts';

const skip = KAFKA_URL === '' ? 'KOPEK_TEST_KAFKA is not set' : false;

describe("Kafka's topics", { skip }, async () => {
  const engine = kafkaUnderTest(await testDatabase());

  async function onCluster(work: (parts: KafkaParts) => Promise<unknown>): Promise<void> {
    const client = createKafkaClient(KAFKA_URL, 'kopek/test', silentLog());
    await work(await client.parts());
    await client.close();
  }

  test('of groups that read their topics from several places each comes to its end', async (t) => {
    const stages = [await setStage(t, engine), await setStage(t, engine)] as const;
    const [{ bus, waitFor }] = stages;
    const consume = async (name: string) => {
      for (const stage of stages) {
        const group = { topic: stage.topic, name };
        stage.consume(group, { on: bus }, (tx, messages) => writeEffects(tx, messages, name));
      }
      for (const stage of stages)
        await waitFor(async () => assert.deepEqual(await stage.effects(name), range(50)));
    };
    for (const stage of stages) {
      const groups = ['ahead', 'behind'].map((name) => ({ topic: stage.topic, name }));
      await bus.declare(groups as never);
      await stage.publish(numbered(50));
      await stage.arrived();
    }
    await consume('ahead');
    await consume('behind');
  });

  test('a topic that somebody deleted keeps no other waiting', async (t) => {
    const stage = await setStage(t, engine);
    const gone = await setStage(t, engine);
    const group = await stage.group();
    const other = await gone.group();
    await stage.bus.declare([other as never]);
    stage.consume(other, {}, writeEffects);
    stage.consume(group, {}, writeEffects);
    await stage.publish(numbered(5));
    await gone.publish(numbered(5));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(5)));
    await stage.waitFor(async () => assert.deepEqual(await gone.effects(), range(5)));
    await onCluster(({ admin }) => admin.deleteTopics({ topics: [gone.topic.name] }));
    // What the client knows of a topic it believes for so long.
    await new Promise((done) => setTimeout(done, 17_000));
    await stage.publish(numbered(5, { from: 5 }));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(10)));
    await gone.publish(numbered(5, { from: 5 }));
    await stage.waitFor(async () => assert.deepEqual(await gone.effects(), range(10)));
  });

  test('a topic that the cluster refuses keeps no other waiting', async (t) => {
    const stage = await setStage(t, engine);
    const longest = 249;
    const refused = { ...stage.topic, name: `${stage.topic.name}.`.padEnd(longest + 1, 'x') };
    const groups = [stage.topic, refused].map((topic) => ({ topic, name: 'worker' }));
    await stage.bus.declare(groups as never);
    await stage.database.transaction(async (tx) => {
      await stage.bus.publish(tx, refused, numbered(5));
      await stage.bus.publish(tx, stage.topic, numbered(5));
    });
    await stage.arrived();
    await sql`delete from platform.bus_outgoing where topic = ${refused.name}`.execute(
      stage.database.pool,
    );
  });

  test('a move comes to its end also where the log ends with marks of transactions', async (t) => {
    const stage = await setStage(t, engine);
    await stage.group();
    const { clock, database, topic } = stage;
    await onCluster(async ({ kafka }) => {
      const producer = new kafka.Producer({
        ...{ clientId: 'erp', bootstrapBrokers: [...readKafkaUrl(KAFKA_URL).brokers] },
        ...{ idempotent: true, transactionalId: topic.name, serializers: kafka.stringSerializers },
      });
      for (const [n, isKept] of [true, false].entries()) {
        const transaction = await producer.beginTransaction();
        const value = JSON.stringify({ n });
        await transaction.send({ messages: [{ topic: topic.name, key: 'k', value }] });
        await (isKept ? transaction.commit() : transaction.abort());
      }
      await producer.close();
    });
    await stage.bus.close();
    const moved = moveQueues({
      ...{ database, clock, log: silentLog(), metrics: createMetrics() },
      ...{ to: createRouting('postgres:', []), from: [KAFKA_URL], topics: [topic.name] },
    });
    assert.deepEqual(
      (await moved).map(({ messages }) => messages),
      [1],
    );
  });

  test('a backlog fits also into a topic of one partition that others made', async (t) => {
    const stage = await setStage(t, engine);
    await onCluster(({ admin }) =>
      admin.createTopics({ topics: [stage.topic.name], partitions: 1, replicas: 1 }),
    );
    const group = await stage.group();
    const text = 'x'.repeat(20_000);
    const messages = numbered(300).map((one) => ({ ...one, payload: { ...one.payload, text } }));
    await stage.publish(messages);
    stage.consume(group, {}, writeEffects);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(300)));
  });

  test('what was done accuses nobody when the connection that did it is closed', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    stage.consume(group, {}, writeEffects);
    await stage.publish(numbered(5));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(5)));
    await new Promise((done) => setTimeout(done, 700));
    const client = await stage.database.connect();
    await client.query(`select pg_terminate_backend(a.pid, 5000) from pg_stat_activity a
      join platform.bus_hand h on h.backend_pid = a.pid`);
    await client.end();
    await new Promise((done) => setTimeout(done, 2500));
    const { rows } = await sql`select from platform.bus_suspected s
      join platform.bus_queue q using (queue) where q.topic = ${stage.topic.name}`.execute(
      stage.database.pool,
    );
    assert.equal(rows.length, 0);
  });
});
