import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { number, start } from './fixture.ts';

type Each = Record<
  string,
  { readonly status: string; readonly status_code: number; readonly sms_id?: string }
>;

test('a bad number fails within an answer that is OK', async (t) => {
  const { fixture } = await start(t);
  await fixture.scenario({ name: 'bad-number', msisdn: '79160000002' });
  const { body } = await fixture.smsRu('sms/send', {
    to: `${number},79160000002,74993`,
    msg: 'hi',
  });
  const sms = body.sms as Each;
  assert.deepEqual([body.status, body.status_code, typeof body.balance], ['OK', 100, 'number']);
  assert.deepEqual(
    [sms[number]?.status_code, sms['79160000002']?.status_code, sms['74993']?.status_code],
    [100, 207, 202],
  );
  assert.match(sms[number]?.sms_id ?? '', /^\d{6}-\d+$/);
  await fixture.settle();
  assert.deepEqual(
    (await fixture.received()).map(({ msisdn }) => msisdn),
    [number],
  );
});

test('each number may have its own text', async (t) => {
  const { fixture } = await start(t);
  await fixture.smsRu('sms/send', { [`to[${number}]`]: 'one', 'to[79160000002]': 'two' });
  await fixture.settle();
  assert.deepEqual(
    (await fixture.received()).map(({ text }) => text),
    ['one', 'two'],
  );
});

test('the envelope says what concerns the whole call', async (t) => {
  const { fixture } = await start(t);
  const code = async (fields: Record<string, string>) =>
    (await fixture.smsRu('sms/send', fields)).body.status_code;
  assert.equal(await code({ api_id: 'x', to: number, msg: 'x' }), 200);
  assert.equal(await code({ to: '', msg: 'x' }), 202);
  assert.equal(await code({ to: number, msg: 'x', time: '9999999999' }), 208);
  await fixture.set('sms-ru', { tps: 0 });
  assert.equal(await code({ to: number, msg: 'x' }), 220);
  const { text } = await fixture.smsRu('sms/send', { api_id: 'x', json: '0' });
  assert.equal(text, '200');
});

test('money runs out in the middle of a call', async (t) => {
  const { fixture } = await start(t);
  await fixture.set('sms-ru', { balanceMinor: 500 });
  const { body } = await fixture.smsRu('sms/send', {
    to: `${number},79160000002,79160000003`,
    msg: 'x',
  });
  const codes = Object.values(body.sms as Each).map((one) => one.status_code);
  assert.deepEqual([codes, body.balance], [[100, 100, 201], 0]);
  assert.equal((await fixture.smsRu('my/balance', {})).body.balance, 0);
});

test('status, cost and the stop list', async (t) => {
  const { fixture } = await start(t);
  const sent = await fixture.smsRu('sms/send', { to: number, msg: 'x' });
  const id = (sent.body.sms as Each)[number]?.sms_id ?? '';
  await fixture.settle();
  const { sms } = (await fixture.smsRu('sms/status', { sms_id: `${id},000-1` })).body as {
    sms: Each;
  };
  assert.deepEqual([sms[id]?.status_code, sms['000-1']?.status_code], [103, -1]);
  const cost = (await fixture.smsRu('sms/cost', { to: number, msg: 'я'.repeat(80) })).body;
  assert.deepEqual([cost.total_cost, cost.total_sms], [5, 2]);
  await fixture.smsRu('stoplist/add', { stoplist_phone: number, stoplist_text: 'asked' });
  const refused = await fixture.smsRu('sms/send', { to: number, msg: 'x' });
  assert.equal((refused.body.sms as Each)[number]?.status_code, 209);
  assert.deepEqual((await fixture.smsRu('stoplist/get', {})).body.stoplist, { [number]: 'asked' });
});

test('a callback is signed, and comes again until it is answered by 100', async (t) => {
  const { fixture, receiver } = await start(t);
  receiver.answers.push({ status: 200, body: 'thank you' }, { status: 500, body: '100?' });
  const sent = await fixture.smsRu('sms/send', { to: number, msg: 'x' });
  const id = (sent.body.sms as Each)[number]?.sms_id ?? '';
  await fixture.settle();
  const entries = receiver.received.map(({ form }) =>
    Object.entries(form).filter(([name]) => name.startsWith('data[')),
  );
  for (const [index, { form }] of receiver.received.entries()) {
    const values = (entries[index] ?? []).map(([, value]) => value);
    const text = `00000000-0000-0000-0000-000000000000${values.join('')}`;
    assert.equal(form.hash, createHash('sha256').update(text).digest('hex'));
  }
  const told = entries.flat().map(([, value]) => value.split('\n').slice(0, 3).join(' '));
  assert.ok(told.filter((one) => one === `sms_status ${id} 103`).length >= 1);
  // Two were not taken: whatever was in them has come once more.
  assert.ok(receiver.received.length >= 3);
  assert.equal((await fixture.get('/stats')).body.receipts_taken, 2);
});

test('a hundred statuses go into one callback', async (t) => {
  const { fixture, receiver } = await start(t, { deliverMs: { min: 600_000, max: 600_000 } });
  const numbers = Array.from({ length: 50 }, (_, n) => `7916000${String(n).padStart(4, '0')}`);
  await fixture.smsRu('sms/send', { to: numbers.join(','), msg: 'x' });
  await fixture.settle();
  const sizes = receiver.received.map(({ form }) => Object.keys(form).length - 1);
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    100,
  );
  assert.ok(Math.max(...sizes) > 1);
});

test('test=1 is answered alike and sends nothing', async (t) => {
  const { fixture } = await start(t);
  const { body } = await fixture.smsRu('sms/send', { to: number, msg: 'x', test: '1' });
  assert.equal((body.sms as Each)[number]?.status_code, 100);
  assert.deepEqual(await fixture.accepted(), []);
});
