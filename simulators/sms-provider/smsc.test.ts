import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { number, start } from './fixture.ts';

test('a message is sent, and cost and balance are texts', async (t) => {
  const { fixture } = await start(t);
  await fixture.set('smsc', { balanceMinor: 1_000, priceMinor: 410 });
  const answer = await fixture.smsc({ phones: `+${number}`, mes: 'привет', cost: '3', id: '14' });
  assert.deepEqual(
    [answer.status, answer.text],
    [200, '{"id":14,"cnt":1,"cost":"4.1","balance":"5.9"}'],
  );
  await fixture.settle();
  const [message] = await fixture.received();
  assert.deepEqual(
    [message?.msisdn, message?.text, message?.provider_id, message?.client_id],
    [number, 'привет', '14', '14'],
  );
});

test('text without a charset is windows-1251, in a query and in a form', async (t) => {
  const { fixture } = await start(t);
  const login = 'login=kopek&psw=password-of-the-simulator';
  await fixture.get(`/smsc/sys/send.php?${login}&phones=${number}&mes=%CF%F0%E8%E2%E5%F2`);
  await fixture.call('/smsc/sys/send.php', {
    ...{ method: 'POST', body: `${login}&phones=${number}&mes=%CF%EE%EA%E0+%E2%F1%E5%EC` },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  await fixture.settle();
  assert.deepEqual(
    (await fixture.received()).map(({ text }) => text),
    ['Привет', 'Пока всем'],
  );
});

test('the four formats of an answer', async (t) => {
  const { fixture } = await start(t);
  const send = (fmt: string, mes: string) =>
    fixture.smsc({ phones: number, mes, id: '9', cost: '2', fmt });
  assert.equal((await send('0', 'a')).text, 'OK - 1 SMS, ID - 9, COST - 2.5');
  assert.equal((await send('1', 'b')).text, '9,1,2.5');
  assert.match((await send('2', 'c')).text, /<result><id>9<\/id><cnt>1<\/cnt><cost>2.5<\/cost>/);
  assert.equal((await send('3', 'd')).text, '{"id":9,"cnt":1,"cost":"2.5"}');
  const refused = await fixture.smsc({ phones: 'nobody', mes: 'e', fmt: '1', id: '9' });
  assert.equal(refused.text, '9,-7');
});

test('the JSON route takes the same names', async (t) => {
  const { fixture } = await start(t);
  const fields = {
    login: 'kopek',
    psw: 'password-of-the-simulator',
    phones: number,
    mes: 'да',
    id: 3,
  };
  const answer = await fixture.json('POST', '/smsc/rest/send/', fields);
  assert.deepEqual(answer.body, { id: 3, cnt: 1 });
  await fixture.settle();
  assert.equal((await fixture.received())[0]?.text, 'да');
});

test('cost=1 tells the price and sends nothing', async (t) => {
  const { fixture } = await start(t);
  const answer = await fixture.smsc({ phones: number, mes: 'я'.repeat(71), cost: '1' });
  assert.deepEqual(answer.body, { cost: '5', cnt: 2 });
  assert.deepEqual(await fixture.accepted(), []);
});

test('the same request within a minute is error 9, and after the minute it is not', async (t) => {
  const { fixture } = await start(t);
  const send = () => fixture.smsc({ phones: number, mes: 'once', id: '5' });
  assert.deepEqual((await send()).body, { id: 5, cnt: 1 });
  assert.equal((await send()).body.error_code, 9);
  await fixture.json('PUT', '/control/clock', { advanceMs: 60_001 });
  assert.deepEqual((await send()).body, { id: 5, cnt: 1 });
  assert.equal((await fixture.accepted()).length, 2);
});

test('the errors of send.php by their numbers', async (t) => {
  const { fixture } = await start(t);
  const code = async (fields: Record<string, string>) =>
    (await fixture.smsc(fields)).body.error_code;
  assert.equal(await code({ phones: '', mes: 'x' }), 1);
  assert.equal(await code({ phones: number, mes: 'x', psw: 'wrong' }), 2);
  assert.equal(await code({ phones: number, mes: 'x', time: 'soon' }), 5);
  assert.equal(await code({ phones: '12', mes: 'x' }), 7);
  assert.equal(await code({ phones: number, mes: 'x', id: '2147483648' }), 1);
  for (const [name, number_] of [
    ['no-money', 3],
    ['bad-sender', 6],
    ['stop-list', 8],
  ] as const) {
    await fixture.scenario({ name, times: 1 });
    const { body } = await fixture.smsc({ phones: number, mes: name, id: '77' });
    assert.deepEqual([body.error_code, body.id], [number_, 77]);
  }
  await fixture.set('smsc', { balanceMinor: 100 });
  assert.equal(await code({ phones: number, mes: 'poor' }), 3);
  assert.deepEqual(await fixture.accepted(), []);
});

test('statuses pair ids with numbers, and a trailing comma asks for a list', async (t) => {
  const { fixture } = await start(t);
  await fixture.smsc({ phones: number, mes: 'one', id: '1' });
  await fixture.smsc({ phones: '79160000002', mes: 'two', id: '2' });
  await fixture.settle();
  const status = (fields: Record<string, string>) => fixture.smsc(fields, 'status');
  const single = (await status({ id: '1', phone: number })).body;
  assert.deepEqual(Object.keys(single), ['status', 'last_date', 'last_timestamp', 'err']);
  assert.deepEqual([single.status, single.err], [1, 0]);
  const [list] = (await status({ id: '1,', phone: `${number},` })).body as unknown as [Single];
  assert.deepEqual([list.status, list.id, list.phone], [1, 1, number]);
  const mixed = (await status({ id: '2,1', phone: `${number},${number}`, all: '1' }))
    .body as unknown as Single[];
  assert.deepEqual(
    mixed.map((one) => one.status),
    [-3, 1],
  );
  assert.equal((await status({ id: '1', phone: '' })).body.error_code, 1);
});

interface Single {
  readonly status: number;
  readonly id: number;
  readonly phone: string;
}

test('dates are of Moscow, and all=1 and 2 tell more', async (t) => {
  const { fixture } = await start(t);
  await fixture.json('PUT', '/control/clock', { now: '2026-03-01T21:30:00Z' });
  await fixture.smsc({ phones: number, mes: 'late', id: '1' });
  await fixture.settle();
  const { body } = await fixture.smsc({ id: '1', phone: number, all: '2' }, 'status');
  assert.match(String(body.send_date), /^02\.03\.2026 00:3\d:\d\d$/);
  assert.deepEqual([body.cost, body.message, body.region], ['2.5', 'late', 'Москва']);
});

test('five questions of one kind in a minute are answered, the sixth is error 9', async (t) => {
  const { fixture } = await start(t);
  const codes: unknown[] = [];
  for (let time = 0; time < 6; time += 1) {
    codes.push((await fixture.smsc({ id: '1', phone: number }, 'status')).body.error_code);
  }
  assert.deepEqual(codes, [undefined, undefined, undefined, undefined, undefined, 9]);
});

test('a time, hours of Moscow and a validity are kept', async (t) => {
  const { fixture } = await start(t, { deliverMs: { min: 60_000, max: 60_000 } });
  await fixture.json('PUT', '/control/clock', { now: '2026-03-01T03:00:00Z' });
  await fixture.smsc({ phones: '79160000001', mes: 'at', time: '0103260700' });
  await fixture.smsc({ phones: '79160000002', mes: 'window', time: '9-18' });
  await fixture.smsc({ phones: '79160000003', mes: 'short', valid: '0:01' });
  await fixture.smsc({ phones: '79160000004', mes: 'now' });
  const hours = [3.5, 4.5, 6.5];
  const seen: string[][] = [];
  for (const hour of hours) {
    const now = new Date(Date.UTC(2026, 2, 1, 0, hour * 60)).toISOString();
    await fixture.json('PUT', '/control/clock', { now });
    seen.push((await fixture.received()).map(({ text }) => text));
  }
  assert.deepEqual(seen, [['now'], ['now', 'at'], ['now', 'at', 'window']]);
  assert.equal((await fixture.accepted('msisdn=79160000003'))[0]?.state, 'expired');
});

test('what has not left is deleted, what has left is not', async (t) => {
  const { fixture } = await start(t, { deliverMs: { min: 600_000, max: 600_000 } });
  await fixture.smsc({ phones: number, mes: 'x', id: '1' });
  const stop = () => fixture.smsc({ id: '1', phone: number, del: '1' }, 'status');
  assert.deepEqual((await stop()).body, { result: 'OK' });
  assert.equal((await fixture.smsc({ id: '1', phone: number }, 'status')).body.status, -2);
  await fixture.settle();
  assert.deepEqual(await fixture.received(), []);
});

test('statuses are pushed with md5 and sha1 over id, phone, status and the secret', async (t) => {
  const { fixture, receiver } = await start(t);
  await fixture.scenario({ name: 'undelivered', code: '6', times: 1 });
  await fixture.smsc({ phones: number, mes: 'x', id: '31' });
  const [push] = await receiver.until(1);
  assert.ok(push);
  const { err, id, md5, phone, sha1, status } = push.form;
  assert.deepEqual([id, phone, status, err], ['31', number, '20', '6']);
  const text = `31:${number}:20:secret-of-the-simulator`;
  assert.equal(md5, createHash('md5').update(text).digest('hex'));
  assert.equal(sha1, createHash('sha1').update(text).digest('hex'));
});

test('an incoming message is pushed with its own hash', async (t) => {
  const { fixture, receiver } = await start(t);
  await fixture.json('POST', `/handsets/${number}/say`, {
    provider: 'smsc',
    to: '7787',
    text: 'СТОП',
  });
  const [push] = await receiver.until(1);
  const text = `${number}:СТОП:7787:secret-of-the-simulator`;
  assert.equal(push?.form.md5, createHash('md5').update(text).digest('hex'));
  assert.deepEqual([push?.form.phone, push?.form.mes, push?.form.to], [number, 'СТОП', '7787']);
});

test('several numbers are one id; a note behind the text is not sent', async (t) => {
  const { fixture } = await start(t);
  const { body } = await fixture.smsc({
    phones: `${number};89160000002`,
    mes: 'x\n~~~\nnote',
    op: '1',
  });
  assert.equal(body.cnt, 2);
  await fixture.settle();
  const received = await fixture.received();
  assert.deepEqual(
    received.map(({ msisdn, text }) => [msisdn, text]),
    [
      [number, 'x'],
      ['79160000002', 'x'],
    ],
  );
  assert.equal(new Set(received.map(({ provider_id }) => provider_id)).size, 1);
});
