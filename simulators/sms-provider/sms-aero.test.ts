import assert from 'node:assert/strict';
import { test } from 'node:test';
import { number, start } from './fixture.ts';

interface Data {
  readonly id: number;
  readonly [name: string]: unknown;
}

test('one number is answered by an object, an array of them by an array', async (t) => {
  const { fixture } = await start(t);
  const one = await fixture.aero('sms/send', { number, text: 'hello', sign: 'SMS Aero' });
  const data = one.body.data as Data;
  assert.deepEqual([one.status, one.body.success, one.body.message], [200, true, null]);
  assert.deepEqual(
    [data.from, data.number, data.text, data.status, data.extendStatus, data.channel, data.cost],
    ['SMS Aero', number, 'hello', 0, 'queue', 'FREE SIGN', 2.5],
  );
  const many = await fixture.aero('sms/send', {
    numbers: [number, '79160000002'],
    text: 'hi',
    sign: 'Kopek',
  });
  assert.deepEqual(
    (many.body.data as Data[]).map((each) => each.number),
    [number, '79160000002'],
  );
  await fixture.settle();
  assert.equal((await fixture.received()).length, 3);
});

test('in a status the cost is a text', async (t) => {
  const { fixture } = await start(t);
  const sent = await fixture.aero('sms/send', { number, text: 'hello', sign: 'Kopek' });
  await fixture.settle();
  const { body } = await fixture.aero('sms/status', { id: (sent.body.data as Data).id });
  const data = body.data as Data;
  assert.deepEqual([data.status, data.extendStatus, data.cost], [1, 'delivery', '2.50']);
  assert.equal(typeof data.dateAnswer, 'number');
  assert.equal((await fixture.aero('sms/status', { id: 1 })).body.success, false);
});

test('who is not known, and what is wrong, is said in both of its ways', async (t) => {
  const { fixture } = await start(t);
  const send = { number, text: 'hello', sign: 'Kopek' };
  assert.equal((await fixture.aero('sms/send', send, 'another')).status, 401);
  for (const wrong of [
    { number: '123' },
    { text: 'x' },
    { text: 'x'.repeat(641) },
    { sign: 'K' },
  ]) {
    const { body, status } = await fixture.aero('sms/send', { ...send, ...wrong });
    assert.deepEqual([status, body.success, body.message], [400, false, 'Validation error.']);
  }
  await fixture.scenario({ name: 'no-money', times: 1 });
  assert.deepEqual((await fixture.aero('sms/send', send)).body, { result: 'no credits' });
  await fixture.scenario({ name: 'stop-list', times: 1 });
  assert.deepEqual((await fixture.aero('sms/send', send)).body, {
    result: 'reject',
    reason: 'in blacklist',
  });
  assert.deepEqual(await fixture.accepted(), []);
});

test('the list has numeric keys, links and a count', async (t) => {
  const { fixture } = await start(t);
  for (let each = 0; each < 51; each += 1) {
    await fixture.aero('sms/send', { number, text: `no ${each}`, sign: 'Kopek' });
  }
  const { data } = (await fixture.aero('sms/list?page=1', {})).body as {
    data: Record<string, unknown>;
  };
  assert.equal((data['0'] as Data).text, 'no 50');
  assert.equal(data.totalCount, '51');
  assert.equal((data.links as Record<string, string>).next, '/v2/sms/list?page=2');
});

test('statuses go to the address of the message, as a form or as JSON', async (t) => {
  const { fixture, receiver } = await start(t);
  const send = (url: string, callbackFormat?: string) =>
    fixture.aero('sms/send', {
      number,
      text: 'hello',
      sign: 'Kopek',
      callbackUrl: url,
      ...(callbackFormat ? { callbackFormat } : {}),
    });
  await send(`${receiver.url}/form`);
  await receiver.until(2);
  await send(`${receiver.url}/json`, 'JSON');
  const received = await receiver.until(4);
  assert.deepEqual(
    received.map(({ url }) => url),
    ['/callbacks/form', '/callbacks/form', '/callbacks/json', '/callbacks/json'],
  );
  assert.deepEqual(
    received.slice(0, 2).map(({ form }) => form.status),
    ['3', '1'],
  );
  assert.deepEqual(
    received.slice(2).map(({ body }) => (JSON.parse(body) as Data).status),
    ['3', '1'],
  );
});

test('the test twins send nothing', async (t) => {
  const { fixture } = await start(t);
  const { body } = await fixture.aero('sms/testsend', { number, text: 'hello', sign: 'Kopek' });
  assert.equal(body.success, true);
  assert.equal(((await fixture.aero('sms/teststatus', { id: 1 })).body.data as Data).status, 1);
  assert.deepEqual(await fixture.accepted(), []);
});
