import assert from 'node:assert/strict';
import { test } from 'node:test';
import { number, start } from './fixture.ts';

const message = { number: 'Kopek', destination: number, text: 'hello' };

test('an id is a text beyond 2^53, and in a list a number that a double cannot hold', async (t) => {
  const { fixture } = await start(t);
  const { body, status } = await fixture.exolve('SendSMS', {
    ...message,
    template_resource_id: 136519,
  });
  const id = String(body.message_id);
  assert.deepEqual([status, body.template_resource_id], [200, 136519]);
  assert.ok(BigInt(id) > 2n ** 53n);
  const list = await fixture.exolve('GetList', { message_id: id });
  assert.ok(list.text.includes(`"message_id":${id},`));
  assert.notEqual(String(JSON.parse(list.text).messages[0].message_id), id);
  await fixture.settle();
  const [again] = (await fixture.exolve('GetList', { message_id: id })).body.messages as Record<
    string,
    unknown
  >[];
  assert.deepEqual(
    [again?.delivery_status, again?.receiver, again?.segments_count],
    [3, number, 1],
  );
});

test('a question by a number beyond 2^53 finds the message as well', async (t) => {
  const { fixture } = await start(t);
  const { body } = await fixture.exolve('SendSMS', message);
  const { text } = await fixture.call('/exolve/messaging/v1/GetList', {
    ...{ method: 'POST', body: `{"message_id":${body.message_id}}` },
    headers: { authorization: 'Bearer password-of-the-simulator' },
  });
  assert.ok(text.includes(String(body.message_id)));
});

test('errors stand in an envelope', async (t) => {
  const { fixture } = await start(t);
  const wrong = await fixture.exolve('SendSMS', { ...message, destination: '12' });
  assert.equal(wrong.status, 400);
  assert.match(
    JSON.stringify(wrong.body),
    /\{"error":\{"message":"invalid SendRequest.Destination: value does not match regex pattern/,
  );
  assert.equal((await fixture.exolve('SendSMS', message, 'another')).status, 401);
  await fixture.scenario({ name: 'bad-sender', times: 1 });
  const sender = await fixture.exolve('SendSMS', message);
  assert.deepEqual(sender.body, { error: { message: 'Number does not exist' } });
  assert.equal((await fixture.exolve('GetList', { limit: 2001 })).status, 400);
});

test('a list has pages, a count is a text', async (t) => {
  const { fixture } = await start(t);
  for (let each = 0; each < 3; each += 1)
    await fixture.exolve('SendSMS', { ...message, text: `no ${each}` });
  const page = (await fixture.exolve('GetList', { limit: 2, offset: 1 })).body.messages as {
    text: string;
  }[];
  assert.deepEqual(
    page.map(({ text }) => text),
    ['no 1', 'no 2'],
  );
  assert.deepEqual((await fixture.exolve('GetCount', {})).body, { count: '3' });
});

test('the webhook names the message by a text, and incoming messages come there too', async (t) => {
  const { fixture, receiver } = await start(t);
  const { body } = await fixture.exolve('SendSMS', message);
  await fixture.settle();
  await fixture.json('POST', `/handsets/${number}/say`, { text: 'STOP' });
  const received = (await receiver.until(3)).map(
    (one) => JSON.parse(one.body) as Record<string, unknown>,
  );
  assert.deepEqual(
    received.map((one) => one.delivery_status),
    [2, 3, undefined],
  );
  assert.equal(received[1]?.message_id, body.message_id);
  assert.deepEqual(
    [received[2]?.direction, received[2]?.sender, received[2]?.receiver, received[2]?.text],
    [1, number, 'Kopek', 'STOP'],
  );
});
