import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { furnish, openSmsService } from '#sms/stage';

const service = await openSmsService();
const { call, database } = service;
await furnish(service);
for (const text of ['Dear {name}, your code is {code}', 'Built by {constructor}'])
  await call('POST', `/v1/sms/templates/alfa/${text.includes('code') ? 'code' : 'odd'}`, {
    body: { text },
  });

let people = 0;
function aNumber(): string {
  people += 1;
  return `+9230${String(20_000_000 + people)}`;
}
const numbers = (count: number) => Array.from({ length: count }, aNumber);
const messageTo = (more: object) => ({
  ...{ entity: 'alfa', class: 'transaction', text: 'Your order is on its way' },
  ...{ recipient: aNumber(), ...more },
});
const send = (more: object, options: object = {}) =>
  call('POST', '/v1/sms', { body: messageTo(more), ...options });

async function messagesStored(): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`select count(*) from sms.message`.execute(
    database.pool,
  );
  return Number(rows[0]?.count);
}

const HALF = 'a\ud800b';
const NUL = 'a\u0000b';
const template = (name: string, variables: object) => ({
  text: undefined,
  template: name,
  variables,
});

/** What is wrong, the status, the field that is named, and what the answer says of it. */
const REFUSED: readonly (readonly [object, number, string, RegExp])[] = [
  [{ recipient: 'nobody' }, 400, 'recipient', /digits only/],
  [{ recipient: '12' }, 400, 'recipient', /12 digits/],
  [{ recipient: '' }, 400, 'recipient', /digits/],
  [{ recipient: '+0123456789' }, 400, 'recipient', /./],
  [{ recipient: NUL }, 400, 'recipient', /digits/],
  [{ recipient: '916 123-45-67' }, 400, 'recipient', /lack the code of their country/],
  [{ recipient: '+89161234567' }, 400, 'recipient', /write \+7 in place of the 8/],
  [{ recipient: '+7916123456' }, 400, 'recipient', /has 11 digits/],
  [{ recipient: 923001234567 }, 400, 'recipient', /must be one of a string, an object/],
  [{ recipient: { too: aNumber() } }, 400, 'recipient.to', /is required/],
  [{ recipients: [aNumber()] }, 400, 'recipient', /one of them, and not both/],
  [{ recipient: undefined }, 400, 'recipient', /recipients/],
  [{ recipient: undefined, recipients: [] }, 400, 'recipients', /fewer than 1/],
  [{ recipient: undefined, recipients: numbers(1001) }, 400, 'recipients', /more than 1000/],
  [{ text: '' }, 400, 'text', /empty/],
  [{ text: ' \n\t ' }, 400, 'text', /empty/],
  [{ text: undefined }, 400, 'text', /or a template/],
  [{ text: 5 }, 400, 'text', /must be a string/],
  [{ text: 'a'.repeat(153 * 10 + 1) }, 400, 'text', /takes 11 parts in gsm7, and 10/],
  [{ text: 'я'.repeat(67 * 10 + 1) }, 400, 'text', /takes 11 parts in ucs2/],
  [{ text: 'a'.repeat(10_000) }, 400, 'text', /takes 66 parts/],
  [{ text: 'a'.repeat(20_001) }, 400, 'text', /more than 20000/],
  [{ text: HALF }, 400, 'text', /half a surrogate pair/],
  [{ text: NUL }, 400, 'text', /NUL/],
  [{ entity: NUL }, 400, 'entity', /pattern/],
  [{ entity: undefined }, 400, 'entity', /is required/],
  [{ class: 'spam' }, 400, 'class', /one of auth, emergency/],
  [{ sender: NUL }, 400, 'sender', /control character/],
  [{ sender: 'A'.repeat(31) }, 400, 'sender', /more than 30/],
  [{ providers: ['first,second'] }, 400, 'providers.0', /pattern/],
  [{ providers: [] }, 400, 'providers', /fewer than 1/],
  [{ schedule_at: '2026-03-01T10:00:00Z' }, 400, 'schedule_at', /past/],
  [{ schedule_at: '2026-02-30T10:00:00Z' }, 400, 'schedule_at', /such as 2026/],
  [{ schedule_at: '2026-03-03T10:00:00' }, 400, 'schedule_at', /with its offset/],
  [{ schedule_at: '2026-03-31T23:59:60Z' }, 400, 'schedule_at', /is no moment/],
  [{ schedule_at: 1772359200 }, 400, 'schedule_at', /must be a string/],
  [{ validity_seconds: 0 }, 400, 'validity_seconds', />= 60/],
  [{ validity_seconds: -1 }, 400, 'validity_seconds', />= 60/],
  [{ validity_seconds: 90.5 }, 400, 'validity_seconds', /integer/],
  [{ validity_seconds: '3600' }, 400, 'validity_seconds', /integer/],
  [{ validity_seconds: 1e9 }, 400, 'validity_seconds', /<= 2592000/],
  [{ priority: 3 }, 400, 'priority', /<= 2/],
  [{ reference: NUL }, 400, 'reference', /control character/],
  [{ reference: HALF }, 400, 'reference', /surrogate/],
  [{ reference: 'x'.repeat(121) }, 400, 'reference', /more than 120/],
  [{ person: NUL }, 400, 'person', /control character/],
  [{ tags: ['fine', NUL] }, 400, 'tags', /control character/],
  [{ region: 'Kamchatka' }, 400, 'region', /RU-KAM/],
  [{ region: NUL }, 400, 'region', /RU-KAM/],
  [{ time_zone: 'Mars/Olympus' }, 400, 'time_zone', /Asia\/Karachi/],
  [{ callback_url: 'ftp://example.org' }, 400, 'callback_url', /https:/],
  [{ callback_url: 'http://me:secret@example.org' }, 400, 'callback_url', /name and password/],
  [{ colour: 'red' }, 400, 'colour', /not a known field/],
  [{ text: undefined, template: 'nobody' }, 404, 'template', /none of its texts/],
  [{ template: 'code' }, 400, 'text', /not both/],
  [{ variables: { name: 'Ann' } }, 400, 'variables', /belong to a template/],
  [template('code', { name: 'Ann' }), 400, 'variables.code', /is missing/],
  [template('code', { name: 'A', code: '1', more: '2' }), 400, 'variables.more', /not in the text/],
  [template('code', { name: NUL, code: '1' }), 400, 'text', /NUL/],
  [template('code', { name: 'Ann', code: 1 }), 400, 'variables.code', /must be a string/],
  [template('odd', {}), 400, 'variables.constructor', /is missing/],
];

test('what is wrong with a message is refused by its field, says what to do, and stores nothing', async () => {
  const before = await messagesStored();
  for (const [more, status, field, says] of REFUSED) {
    const answer = await send(more);
    const shown = `${JSON.stringify(more).slice(0, 200)}: ${answer.text}`;
    assert.equal(answer.status, status, shown);
    const [fault] = answer.body.errors as readonly { field: string; message: string }[];
    assert.equal(fault?.field, field, shown);
    assert.match(fault?.message ?? '', says, shown);
  }
  assert.equal(await messagesStored(), before);
});

test('what the rules forbid is taken and rejected at once, with the reason and its trace in the history', async () => {
  const forbidden = [
    [{ entity: 'nobody' }, 'entity_unknown'],
    [{ entity: 'beta' }, 'provider_not_allowed'],
    [{ entity: 'beta', sender: 'ALFA' }, 'provider_not_allowed'],
    [{ providers: ['nobody'] }, 'provider_not_allowed'],
    [{ providers: ['second'] }, 'provider_not_allowed'],
    [{ sender: 'BETA' }, 'sender_not_registered'],
    [{ schedule_at: '9999-12-31T23:59:59Z' }, 'no_legal_slot'],
  ] as const;
  for (const [more, reason] of forbidden) {
    const { body, status, text } = await send(more);
    assert.equal(status, 202, text);
    const [message] = body.messages as readonly Record<string, string>[];
    assert.deepEqual([message?.state, message?.reason], ['rejected', reason], text);
    const history = await call('GET', `/v1/sms/${message?.sms}/history`, { as: 'reader' });
    const [entry] = history.body.items as readonly { reason: string; decision: unknown[] }[];
    assert.equal(entry?.reason, reason);
    assert.ok((entry?.decision.length ?? 0) > 0, history.text);
  }
});

test('a number that is dialled with 8 is Russian: its laws and its STOP hold', async () => {
  const dialled = '8 (916) 765-43-21';
  const put = await call('PUT', '/v1/rules/suppressions', {
    body: { msisdn: dialled, list: 'stop', reason: 'said so' },
  });
  assert.equal(put.body.msisdn, '+79167654321', put.text);
  for (const [recipient, more, reason] of [
    [dialled, { class: 'service' }, 'suppressed'],
    ['89167654322', { class: 'ad' }, 'no_consent'],
    ['8 916 765 43 23', { class: 'debt' }, 'content_missing'],
  ] as const) {
    const { body, text } = await send({ recipient, ...more });
    const [message] = body.messages as readonly Record<string, string>[];
    assert.deepEqual([message?.state, message?.reason], ['rejected', reason], text);
    const { body: kept } = await call('GET', `/v1/sms/${message?.sms}`);
    assert.match(kept.recipient, /^\+7916765432\d$/);
  }
});

test('of a thousand recipients the three that are bad hear why, and 997 are taken', async () => {
  const recipients: (string | object)[] = numbers(1000);
  recipients[3] = '12';
  recipients[500] = { to: aNumber(), reference: NUL };
  recipients[999] = { to: aNumber(), time_zone: 'Mars/Olympus' };
  const { body, status } = await send({ recipient: undefined, recipients });
  assert.equal(status, 202);
  const messages = body.messages as readonly Readonly<Record<string, never>>[];
  assert.equal(messages.length, 1000);
  const bad = messages.flatMap(({ error }, at) => (error ? [[at, error] as const] : []));
  assert.deepEqual(
    bad.map(([at, { code, field }]) => [at, code, field]),
    [
      [3, 'msisdn_invalid', 'recipient'],
      [500, 'sms_invalid', 'reference'],
      [999, 'sms_invalid', 'time_zone'],
    ],
  );
  const taken = messages.filter(({ sms, state }) => sms && state === 'queued');
  assert.equal(taken.length, 997);
  assert.equal(new Set(taken.map(({ sms }) => sms)).size, 997);
  const named = messages.map(({ recipient }) => recipient);
  assert.deepEqual(
    named,
    recipients.map((one) => (typeof one === 'string' ? one : (one as { to: string }).to)),
  );
});

test('a key that lacks the scope, is unknown, or is not there does nothing', async () => {
  const before = await messagesStored();
  const [{ body }] = [await send({})];
  const [{ sms } = { sms: '' }] = body.messages as readonly { sms: string }[];
  const doors = [
    ['POST', '/v1/sms', messageTo({})],
    ['GET', '/v1/sms'],
    ['GET', `/v1/sms/${sms}`],
    ['GET', `/v1/sms/${sms}/history`],
    ['POST', `/v1/sms/${sms}/cancel`],
    ['GET', '/v1/sms/events'],
    ['GET', '/v1/sms/providers'],
    ['GET', '/v1/sms/providers/first'],
    ['POST', '/v1/sms/providers/first', {}],
    ['GET', '/v1/sms/providers/first/balance'],
    ['GET', '/v1/sms/templates/alfa'],
    ['POST', '/v1/sms/templates/alfa/code', { text: 'x' }],
    ['GET', '/v1/sms/keywords'],
    ['POST', '/v1/sms/keywords', {}],
    ['DELETE', '/v1/sms/keywords/7787'],
    ['POST', '/v1/sms/check', {}],
    ['POST', '/v1/sender/messages', {}],
    ['GET', `/v1/sender/messages/${sms}`],
  ] as const;
  for (const [method, path, given] of doors) {
    const options = given === undefined ? {} : { body: given };
    assert.equal((await call(method, path, { ...options, as: null })).status, 401, path);
    assert.equal((await call(method, path, { ...options, as: 'stranger' })).status, 403, path);
  }
  for (const [method, path] of [
    ['POST', '/v1/sms'],
    ['POST', `/v1/sms/${sms}/cancel`],
  ] as const)
    assert.equal((await call(method, path, { as: 'reader', body: messageTo({}) })).status, 403);
  assert.equal(await messagesStored(), before + 1);
});
