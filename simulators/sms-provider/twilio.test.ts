import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { number, type Received, start } from './fixture.ts';

const message = { To: `+${number}`, From: '+15005550006', Body: 'hello' };

/** As twilio-node computes it. */
function signatureOf(url: string, { form }: Received): string {
  const text = Object.keys(form)
    .sort()
    .reduce((all, name) => all + name + form[name], url);
  return createHmac('sha1', '00000000000000000000000000000000').update(text).digest('base64');
}

test('a message is created with 201, its segments a text and its price not known yet', async (t) => {
  const { fixture } = await start(t);
  const { body, status } = await fixture.twilio({ ...message, Body: 'я'.repeat(71) });
  assert.equal(status, 201);
  assert.match(String(body.sid), /^SM[0-9a-f]{32}$/);
  assert.deepEqual(
    [body.status, body.num_segments, body.price, body.error_code],
    ['queued', '2', null, null],
  );
  assert.match(String(body.date_created), /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/);
  await fixture.settle();
  const fetched = (await fixture.twilio(undefined, `/${body.sid}`, 'GET')).body;
  assert.deepEqual(
    [fetched.status, fetched.price, fetched.price_unit],
    ['delivered', '-5.00000', 'USD'],
  );
  const list = (await fixture.twilio(undefined, '', 'GET')).body.messages as { sid: string }[];
  assert.deepEqual(
    list.map(({ sid }) => sid),
    [body.sid],
  );
});

test('what is wrong has a code and a page about it', async (t) => {
  const { fixture } = await start(t);
  const wrong = [
    [{ ...message, To: '12' }, 21211],
    [{ To: message.To, From: message.From }, 21602],
    [{ To: message.To, Body: 'x' }, 21603],
    [{ ...message, StatusCallback: 'http://under_score/x' }, 21609],
    [{ ...message, ValidityPeriod: '36001' }, 21623],
  ] as const;
  for (const [fields, code] of wrong) {
    const { body, status } = await fixture.twilio(fields);
    assert.deepEqual([status, body.status, body.code], [400, 400, code]);
    assert.equal(body.more_info, `https://www.twilio.com/docs/errors/${code}`);
  }
  await fixture.scenario({ name: 'stop-list', times: 1 });
  assert.equal((await fixture.twilio(message)).body.code, 21610);
  await fixture.set('twilio', { tps: 0 });
  const limited = await fixture.twilio(message);
  assert.deepEqual(
    [limited.status, limited.body.code, limited.headers.get('retry-after')],
    [429, 20429, '1'],
  );
  assert.deepEqual(await fixture.accepted(), []);
});

test('only what is scheduled can be canceled', async (t) => {
  const { fixture } = await start(t);
  const scheduled = {
    To: message.To,
    Body: 'x',
    MessagingServiceSid: `MG${'0'.repeat(32)}`,
    ScheduleType: 'fixed',
    SendAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
  const { body } = await fixture.twilio(scheduled);
  assert.equal(body.status, 'scheduled');
  const cancel = (sid: unknown) => fixture.twilio({ Status: 'canceled' }, `/${sid}`);
  assert.equal((await cancel(body.sid)).body.status, 'canceled');
  assert.equal((await cancel(body.sid)).body.code, 30409);
  const now = await fixture.twilio(message);
  assert.equal((await cancel(now.body.sid)).status, 400);
  await fixture.settle();
  assert.deepEqual(
    (await fixture.received()).map(({ text }) => text),
    ['hello'],
  );
});

test('status callbacks are signed over the address as it was given', async (t) => {
  const { fixture, receiver } = await start(t);
  const url = `${receiver.url}?sms=sms_1`;
  const { body } = await fixture.twilio({ ...message, StatusCallback: url });
  const received = await receiver.until(2);
  assert.deepEqual(
    received.map(({ form }) => form.MessageStatus),
    ['sent', 'delivered'],
  );
  for (const one of received) {
    assert.equal(one.headers['x-twilio-signature'], signatureOf(url, one));
    assert.deepEqual(
      [one.url, one.form.MessageSid, one.form.SmsStatus],
      ['/callbacks?sms=sms_1', body.sid, one.form.MessageStatus],
    );
  }
});

test('callbacks come out of order, and two or three times, when they are asked to', async (t) => {
  const { fixture, receiver } = await start(t, { deliverMs: { min: 20, max: 20 } });
  await fixture.scenario({ name: 'receipts-reordered', times: 1 });
  await fixture.twilio(message);
  await fixture.settle();
  assert.deepEqual(
    receiver.received.splice(0).map(({ form }) => form.MessageStatus),
    ['delivered', 'sent'],
  );
  await fixture.scenario({ name: 'receipt-duplicated', times: 1 });
  await fixture.twilio(message);
  await fixture.settle();
  const told = receiver.received.map(({ form }) => form.MessageStatus);
  const delivered = told.filter((status) => status === 'delivered').length;
  assert.ok(delivered === 2 || delivered === 3, told.join());
  assert.equal((await fixture.received()).length, 2);
});

test('a failure has its error code', async (t) => {
  const { fixture, receiver } = await start(t);
  await fixture.scenario({ name: 'undelivered', times: 1 });
  await fixture.scenario({ name: 'rejected', code: '30006' });
  await fixture.twilio(message);
  await receiver.until(2);
  await fixture.twilio(message);
  const received = await receiver.until(4);
  assert.deepEqual(
    [received[1]?.form.MessageStatus, received[1]?.form.ErrorCode],
    ['undelivered', '30003'],
  );
  assert.deepEqual(
    [received[3]?.form.MessageStatus, received[3]?.form.ErrorCode],
    ['failed', '30006'],
  );
});

test('an incoming message is signed as well', async (t) => {
  const { fixture, receiver } = await start(t);
  const said = await fixture.json('POST', `/handsets/${number}/say`, {
    provider: 'twilio',
    to: '+15005550006',
    text: 'STOP & go',
  });
  assert.equal(said.status, 200);
  const [one] = await receiver.until(1);
  assert.ok(one);
  assert.equal(one.headers['x-twilio-signature'], signatureOf(receiver.url, one));
  assert.deepEqual(
    [one.form.From, one.form.To, one.form.Body, one.form.SmsStatus],
    [`+${number}`, '+15005550006', 'STOP & go', 'received'],
  );
});
