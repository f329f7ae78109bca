import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { uuidV7 } from '#ids';
import { furnish, openSmsService } from '#sms/stage';

const service = await openSmsService();
const { call, clock, database } = service;
await furnish(service);

let people = 0;
function aNumber(): string {
  people += 1;
  return `+9230${String(30_000_000 + people)}`;
}
const messageTo = (more: object = {}) => ({
  ...{ entity: 'alfa', class: 'transaction', text: 'Your order is on its way' },
  ...{ recipient: aNumber(), ...more },
});
const send = (body: object, options: object = {}) => call('POST', '/v1/sms', { body, ...options });

async function countTo(recipient: string): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from sms.message where recipient = ${recipient}`.execute(database.pool);
  return Number(rows[0]?.count);
}

test('the same key with the same body is one message and one answer, however often and at once', async () => {
  const body = messageTo();
  const once = uuidV7();
  const answers = await Promise.all(Array.from({ length: 12 }, () => send(body, { once })));
  const later = await send({ ...body, entity: 'alfa' }, { once });
  for (const { status, text } of [...answers, later])
    assert.deepEqual([status, text], [202, answers[0]?.text]);
  assert.equal(await countTo(body.recipient), 1);
});

test('the same key with another body is refused with 422, whatever differs, and sends nothing', async () => {
  const body = messageTo();
  const once = uuidV7();
  assert.equal((await send(body, { once })).status, 202);
  const recipients = [body.recipient, aNumber()];
  const others = [
    { ...body, text: 'Another text' },
    { ...body, entity: 'beta' },
    { ...body, recipient: aNumber() },
    { ...body, recipient: undefined, recipients },
    { ...body, reference: 'a reference of its own' },
    { ...body, recipient: 'nobody' },
  ];
  for (const other of others) {
    const { body: problem, status } = await send(other, { once });
    assert.deepEqual(
      [status, problem.code],
      [422, 'idempotency_key_reused'],
      JSON.stringify(other),
    );
    assert.equal(problem.errors[0].field, 'idempotency-key');
  }
  assert.equal(await countTo(body.recipient), 1);
  assert.equal(await countTo(recipients[1] ?? ''), 0);
});

test('two bodies under one key at one moment: one is taken, and the other refused', async () => {
  for (let round = 0; round < 20; round += 1) {
    const once = uuidV7();
    const bodies = [messageTo(), messageTo()];
    const answers = await Promise.all(bodies.map((body) => send(body, { once })));
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [202, 422]);
    const sent = await Promise.all(bodies.map(({ recipient }) => countTo(recipient)));
    assert.deepEqual(
      sent,
      answers.map(({ status }) => (status === 202 ? 1 : 0)),
    );
  }
});

test('a request that was taken is answered again when it would not be taken any more', async () => {
  const schedule_at = new Date(clock.nowMs() + 3_600_000).toISOString();
  const body = messageTo({ schedule_at });
  const once = uuidV7();
  const first = await send(body, { once });
  clock.advanceMs(7_200_000);
  assert.deepEqual((await send(body, { once })).text, first.text);
  assert.equal((await send(body)).body.errors[0].field, 'schedule_at');
  assert.equal(await countTo(body.recipient), 1);
});

test('keys of different callers never meet, and a malformed one is refused', async () => {
  const once = uuidV7();
  const body = messageTo();
  const mine = await send(body, { once });
  const named = { provider: 'first', sender: 'X', text: 'Hello', recipient: body.recipient };
  const theirs = await call('POST', '/v1/sender/messages', { body: named, as: 'sender', once });
  assert.deepEqual([mine.status, theirs.status], [202, 202]);
  assert.equal(await countTo(body.recipient), 2);
  for (const bad of ['with space', 'x'.repeat(256)]) {
    const { body: problem, status } = await send(messageTo(), { once: bad });
    assert.deepEqual([status, problem.errors[0].field], [400, 'idempotency-key']);
  }
  const { body: problem, status } = await send(messageTo(), { once: null });
  assert.deepEqual([status, problem.code], [400, 'reference_missing']);
});

test('a reference stands for one message of its entity: the same again answers it, another is 409', async () => {
  const reference = 'order 77';
  const body = messageTo({ reference });
  const first = await send(body, { once: null });
  const again = await send(body);
  assert.equal(again.body.messages[0].sms, first.body.messages[0].sms);
  const { body: problem, status } = await send({ ...body, text: 'Another text' });
  assert.deepEqual([status, problem.code], [409, 'reference_conflict']);
  assert.equal(problem.errors[0].field, 'reference');
  assert.match(problem.detail, new RegExp(first.body.messages[0].sms));
  assert.equal(await countTo(body.recipient), 1);
  const ofBeta = await send({ ...body, entity: 'beta' });
  assert.equal(ofBeta.status, 202, 'another entity has its own references');
  const repeated = uuidV7();
  const conflict = { ...body, text: 'A third text' };
  const answers = [
    await send(conflict, { once: repeated }),
    await send(conflict, { once: repeated }),
  ];
  for (const one of answers)
    assert.deepEqual([one.status, one.body.code], [409, 'reference_conflict']);
});

test('of many recipients one reference that is taken is told with its recipient, and the others are taken', async () => {
  const to = aNumber();
  await send(messageTo({ recipient: { to, reference: 'taken' } }));
  const recipients = [
    { to: aNumber(), reference: 'new' },
    { to: aNumber(), reference: 'taken' },
    { to: aNumber(), reference: 'new' },
  ];
  const { body } = await send(messageTo({ recipient: undefined, recipients }));
  const codes = body.messages.map((one: { error?: { code: string } }) => one.error?.code);
  assert.deepEqual(codes, [undefined, 'reference_conflict', 'reference_conflict']);
});
