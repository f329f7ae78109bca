import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { numbered, range, setStage, writeEffects } from '#bus/conformance-stage';
import { sql } from '#database';
import { silentLog } from '#log';
import { eventually, testDatabase } from '#testing';
import { type Channel, createAmqpClient } from './client.ts';
import { createJanitor } from './janitor.ts';
import { forgetTaken } from './store.ts';
import { AMQP_URL, amqpUnderTest } from './testing.ts';

const skip = AMQP_URL === '' ? 'KOPEK_TEST_AMQP is not set' : false;

describe("RabbitMQ's queues", { skip }, async () => {
  const engine = amqpUnderTest(await testDatabase());

  async function onChannel(work: (channel: Channel) => Promise<unknown>): Promise<void> {
    const client = createAmqpClient(AMQP_URL, 'kopek/test', silentLog());
    await eventually(client.ready);
    const channel = await client.channel();
    await work(channel);
    await channel.close();
    await client.close();
  }

  test('a queue that somebody deleted is made again, and what no queue took goes out then', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    await stage.publish(numbered(5));
    await stage.arrived();
    const queue = `${stage.topic.name}.worker`;
    stage.consume(group, {}, writeEffects);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(5)));
    await onChannel((channel) => channel.queueDelete(queue));
    await stage.publish(numbered(5, { from: 5 }));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(10)));
  });

  test('a message that no queue takes counts as not sent, and waits', async (t) => {
    const stage = await setStage(t, engine);
    await stage.group();
    const queue = `${stage.topic.name}.worker`;
    await onChannel((channel) =>
      channel.queueUnbind({ exchange: stage.topic.name, queue, routingKey: 'p0' }),
    );
    await stage.publish(numbered(3));
    // It came back, its queue was bound again, and it went out.
    await stage.arrived();
    await onChannel(async (channel) => {
      const { messageCount } = await channel.queueDeclare({ queue, passive: true });
      assert.equal(messageCount, 3);
      const message = await channel.basicGet(queue);
      assert.ok(message, 'a message is there');
      assert.equal(message.durable, true);
      assert.equal(message.contentType, 'application/json');
      assert.equal(message.type, stage.topic.name);
      assert.match(String(message.messageId), /^[0-9a-f-]{36}$/);
    });
  });

  test('a topic that the broker refuses keeps no other waiting, and goes out when it is mended', async (t) => {
    const stage = await setStage(t, engine);
    const refused = await setStage(t, engine);
    const exchange = refused.topic.name;
    await onChannel((channel) => channel.exchangeDeclare({ exchange, type: 'fanout' }));
    await stage.bus.declare(
      [stage, refused].map(({ topic }) => ({ topic, name: 'worker' })) as never,
    );
    const messages = numbered(5);
    await stage.database.transaction(async (tx) => {
      await stage.bus.publish(tx, refused.topic, messages);
      await stage.bus.publish(tx, stage.topic, messages);
    });
    await stage.arrived();
    await onChannel((channel) => channel.exchangeDelete({ exchange }));
    await refused.arrived();
  });

  test('what the broker is told to forget is on the disk first', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    const settings = new Set<string>();
    stage.consume(group, { batchSize: 1 }, async (tx, messages) => {
      const { rows } = await sql<{ value: string }>`
        select current_setting('synchronous_commit') as value`.execute(tx);
      if (messages[0]?.attempts === 0) settings.add(rows[0]?.value ?? '');
      if (messages[0]?.payload.n === 3) throw new Error('later');
    });
    await stage.publish(numbered(20));
    await stage.waitFor(async () => {
      const { rows } =
        await sql`select from platform.bus_inbox i join platform.bus_queue q using (queue)
        where q.topic = ${stage.topic.name}`.execute(stage.database.pool);
      assert.equal(rows.length, 20);
    });
    assert.deepEqual([...settings], ['on']);
  });

  test('the inbox forgets what is old, but for what a relay may send again', async (t) => {
    const stage = await setStage(t, engine);
    const group = await stage.group();
    stage.consume(group, {}, writeEffects);
    await stage.publish(numbered(3));
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), range(3)));
    await stage.arrived();
    const { pool } = stage.database;
    const { rows } = await sql<{ queue: number; message_id: string }>`
      update platform.bus_inbox set taken_at = taken_at - interval '25 hours'
      where queue = (select queue from platform.bus_queue where topic = ${stage.topic.name})
      returning queue, message_id`.execute(pool);
    const [first] = rows;
    const forget = () =>
      stage.database.transaction((tx) =>
        forgetTaken(tx, { queue: first?.queue ?? 0, hours: 24, most: 100 }),
      );
    await sql`insert into platform.bus_outgoing
        (engine, lane, topic, class, message_id, key, published_at, source, payload, bytes)
      values ('nobody', 0, 'elsewhere', 0, ${first?.message_id}, 'k', now(), 's', '{}', 2)`.execute(
      pool,
    );
    const { database } = stage;
    let isEmpty = false;
    const janitor = createJanitor({
      ...{ core: { database, log: silentLog() }, queue: { queue: first?.queue ?? 0 } },
      ...{ idle: () => true, isEmpty: async () => isEmpty },
    });
    t.after(() => janitor.close());
    const count = async () => {
      const { rows: kept } =
        await sql`select from platform.bus_inbox where queue = ${first?.queue}`.execute(pool);
      return kept.length;
    };
    await janitor.tidy();
    assert.equal(
      await count(),
      3,
      'a copy of an old message may still wait in a lane of another process',
    );
    isEmpty = true;
    await janitor.tidy();
    assert.equal(await count(), 1);
    await sql`delete from platform.bus_outgoing where engine = 'nobody'`.execute(pool);
    assert.equal(await forget(), 1);
  });
});
