import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { subscriptionEvents } from '#subscriptions';
import { eventually } from '#testing';
import { buildHouse, paid } from './fixture.ts';
import { hashOf } from './link-secret.ts';
import { contentEvents } from './topics.ts';
import { startContentWorker } from './worker.ts';

const house = await buildHouse();
await house.addService('music', { content: 'Your song: %s Enjoy.' });
await house.addService('silent');
await house.addService('empty', { content: '%s' });
await house.content.addItems(
  ['A', 'B', 'C'].map((title) => ({ service: 'music', title, body: title })),
);
await house.content.addItems([{ service: 'silent', title: 'S', body: 'S' }]);

function deliver(...events: Parameters<typeof house.content.deliver>[1]) {
  return house.database.transaction((tx) => house.content.deliver(tx, events));
}

test('a paid period delivers: an SMS with a link whose secret is not stored, and an event', async () => {
  const event = paid(1, 0, 'music');
  await deliver(event);
  const [text = ''] = await house.texts(event.msisdn);
  const secret = /^Your song: http:\/\/kopek\.test\/c\/([A-Za-z0-9_-]{27}) Enjoy\.$/.exec(
    text,
  )?.[1];
  assert.ok(secret, text);
  const { rows } = await sql<{ token_hash: Buffer; line: string }>`
    select token_hash, row_to_json(d)::text as line from content.delivery d where msisdn = ${event.msisdn}`.execute(
    house.database.pool,
  );
  assert.deepEqual(rows[0]?.token_hash, hashOf(secret));
  assert.ok(!rows[0]?.line.includes(secret));
  assert.deepEqual((await house.published(contentEvents)).at(-1), {
    ...{
      event: 'delivered',
      msisdn: event.msisdn,
      subscription: event.subscription,
      bill: event.bill,
    },
    ...{ item: 'A', at: '2026-03-01T10:00:00.000Z' },
  });
});

test('a bill delivers once, however often and however close together it comes', async () => {
  const event = paid(2, 0, 'music');
  await deliver(event, event);
  await Promise.all([deliver(event), deliver(event, paid(3, 0, 'music')), deliver(event)]);
  assert.equal((await house.titles(event.msisdn)).length, 1);
  assert.equal((await house.texts(event.msisdn)).length, 1);
  const events = (await house.published(contentEvents)).filter((one) => one.bill === event.bill);
  assert.equal(events.length, 1);
});

test('a customer sees everything once before anything twice, also within one batch', async () => {
  await deliver(paid(4, 0, 'music'));
  await deliver(paid(4, 1, 'music'), paid(4, 2, 'music'));
  const first = await house.titles('+923000000004');
  assert.deepEqual([...first].sort(), ['A', 'B', 'C']);
  await deliver(...[3, 4, 5].map((period) => paid(4, period, 'music')));
  const second = (await house.titles('+923000000004')).slice(3);
  assert.deepEqual([...second].sort(), ['A', 'B', 'C']);
});

test('of what a customer has not seen, the item that went out least comes first', async () => {
  await house.addService('news', { content: '%s' });
  await house.content.addItems(
    ['N1', 'N2'].map((title) => ({ service: 'news', title, body: title })),
  );
  await deliver(paid(10, 0, 'news'), paid(11, 0, 'news'));
  await deliver(paid(12, 0, 'news'));
  await deliver(paid(13, 0, 'news'));
  await deliver(paid(14, 0, 'news'));
  const titles = await Promise.all(
    [10, 11, 12, 13, 14].map((n) => house.titles(`+9230000000${n}`)),
  );
  assert.deepEqual(titles.flat(), ['N1', 'N1', 'N2', 'N2', 'N1']);
  const { rows } = await sql`
    select i.title, u.delivered from content.item_use u join content.item i on i.id = u.item_id
    where i.service = 'news' order by i.title`.execute(house.database.pool);
  assert.deepEqual(rows, [
    { title: 'N1', delivered: 3n },
    { title: 'N2', delivered: 2n },
  ]);
});

test('other events, a service without a text, and one without items deliver nothing', async () => {
  const before = (await house.published(contentEvents)).length;
  await deliver(
    { ...paid(20, 0, 'music'), event: 'failed' },
    { ...paid(21, 0, 'music'), event: 'cancelled' },
  );
  await deliver(paid(22, 0, 'silent'), paid(23, 0, 'empty'), paid(24, 0, 'unheard'));
  assert.equal((await house.published(contentEvents)).length, before);
});

test('a closed item is not delivered', async () => {
  await house.addService('one', { content: '%s' });
  await house.content.addItems(
    ['O1', 'O2'].map((title) => ({ service: 'one', title, body: title })),
  );
  await sql`update content.item set open = false where title = 'O1'`.execute(house.database.pool);
  await deliver(paid(30, 0, 'one'), paid(30, 1, 'one'));
  assert.deepEqual(await house.titles('+923000000030'), ['O2', 'O2']);
});

test('an item that can not be shown is refused by the name of its field', async () => {
  const refused = house.content.addItems([{ service: 'music', title: ' ', body: 'x' }]);
  await assert.rejects(refused, {
    code: 'item_invalid',
    faults: [{ field: 'title', message: '1 to 200 letters' }],
  });
});

test('the worker delivers what subscriptions publish, in sets, and duplicates are harmless', async () => {
  const worker = startContentWorker({ bus: house.bus, content: house.content });
  const events = Array.from({ length: 300 }, (_, index) => paid(1000 + index, 0, 'music'));
  const messages = [...events, ...events].map((event) => ({
    key: event.subscription,
    payload: event,
  }));
  await house.database.transaction((tx) => house.bus.publish(tx, subscriptionEvents, messages));
  await eventually(async () => {
    const depth = (await house.bus.depths()).find((one) => one.group === 'content');
    assert.equal(depth?.ready, 0);
  });
  await worker.stop();
  const { rows } = await sql<{ deliveries: bigint; sms: bigint }>`
    select (select count(*) from content.delivery where msisdn like '+92300000%' and customer_id >= 1000) as deliveries,
      (select count(distinct recipient) from sms.message where recipient >= '+923000001000') as sms`.execute(
    house.database.pool,
  );
  assert.deepEqual(rows[0], { deliveries: 300n, sms: 300n });
});
