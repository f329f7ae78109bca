import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { sql } from '#database';
import { parseSmsId } from '#sms/message';
import { genericExample } from '#sms/providers';
import { FIRST_ACCOUNT, furnish, openSmsService } from '#sms/stage';

const service = await openSmsService();
const { accounts, call, database, url } = service;
await furnish(service);
const SECRET = 'a-secret-of-callbacks';
await call('POST', '/v1/sms/providers/plain', {
  body: {
    ...{ kind: 'generic_http', title: 'Plain', requests_per_second: 5 },
    settings: { ...genericExample, base_url: 'http://127.0.0.1:1' },
    secrets: { values: { token: 'a-token' }, callback_secret: SECRET },
  },
});
await accounts.refresh();

const pathOf = (provider: string) => `${url}/v1/sms/providers/${provider}/callback`;

async function bring(provider: string, body: string, headers: Record<string, string> = {}) {
  const answer = await fetch(pathOf(provider), { method: 'POST', body, headers });
  return { status: answer.status, text: await answer.text() };
}

const signatureOf = (body: string, secret = SECRET) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
const signed = (said: object) => {
  const body = JSON.stringify(said);
  return bring('plain', body, { 'x-signature': signatureOf(body) });
};

let ids = 0;
/** A message that its provider has, with the id that it gave. */
async function submitted(provider = 'plain'): Promise<{ sms: string; id: string }> {
  ids += 1;
  const { body } = await call('POST', '/v1/sender/messages', {
    as: 'sender',
    body: { provider, sender: 'ALFA', text: 'Hello', recipient: `+92300${3_000_000 + ids}` },
  });
  const { sms } = body.messages[0];
  const id = `m-${ids}`;
  await sql`update sms.message set state = 'accepted', attempts = 1 where id = ${parseSmsId(sms)}`.execute(
    database.pool,
  );
  await sql`insert into sms.submission (provider, provider_message_id, message_id, attempt, part)
    values (${provider}, ${id}, ${parseSmsId(sms)}, 1, 0)`.execute(database.pool);
  return { sms, id };
}

const stateOf = async (sms: string) =>
  (await call('GET', `/v1/sender/messages/${sms}`, { as: 'sender' })).body.state;

async function everything(): Promise<string> {
  const { rows } = await sql<{ text: string }>`
    select m::text as text from sms.message m union all select e::text from sms.event e
    union all select s::text from sms.submission s union all select p::text from sms.parked_report p
    union all select i::text from sms.incoming i union all select w::text from rules.suppression w
    order by 1`.execute(database.pool);
  return JSON.stringify(rows);
}

test('a signed callback is answered as its provider demands, after what it said is stored', async () => {
  const { id, sms } = await submitted();
  assert.deepEqual(await signed({ id, status: 'delivered' }), { status: 200, text: 'ok' });
  assert.equal(await stateOf(sms), 'delivered');
});

test('a callback that comes again, or late, or out of order changes nothing and is answered all the same', async () => {
  const { id, sms } = await submitted();
  await signed({ id, status: 'delivered' });
  const before = await everything();
  for (const status of ['delivered', 'sent', 'accepted', 'undelivered', 'rejected'])
    assert.equal((await signed({ id, status })).status, 200);
  assert.equal(await everything(), before);
  assert.equal(await stateOf(sms), 'delivered');
});

test('what is forged, unreadable, unsigned or of nobody is refused and changes nothing', async () => {
  const { id } = await submitted();
  const before = await everything();
  const body = JSON.stringify({ id, status: 'delivered' });
  const other = JSON.stringify({ id, status: 'undelivered' });
  const header = (value: string) => ({ 'x-signature': value });
  const calls: readonly (readonly [string, string, Record<string, string>, number])[] = [
    ['plain', body, {}, 403],
    ['plain', body, header(''), 403],
    ['plain', body, header(`sha256=${'0'.repeat(64)}`), 403],
    ['plain', body, header(signatureOf(body, 'another secret')), 403],
    ['plain', other, header(signatureOf(body)), 403],
    ['plain', `${body} `, header(signatureOf(body)), 403],
    ['plain', '', header(signatureOf(body)), 403],
    ['plain', 'not json', header(signatureOf('not json')), 400],
    ['plain', 'null', header(signatureOf('null')), 400],
    ['first', `id=${id}&status=1`, {}, 403],
    ['first', `id=${id}&status=1&md5=${'0'.repeat(32)}&sha1=${'0'.repeat(40)}`, {}, 403],
    ['nobody', body, header(signatureOf(body)), 403],
    ['mobilink', body, header(signatureOf(body)), 403],
    ['constructor', body, header(signatureOf(body)), 403],
    ['plain', 'x'.repeat(300_000), {}, 413],
    ['nobody', 'x'.repeat(300_000), {}, 413],
    ['x'.repeat(41), body, {}, 400],
  ];
  for (const [provider, sent, headers, status] of calls) {
    const answer = await bring(provider, sent, headers);
    assert.equal(answer.status, status, `${provider} ${sent.slice(0, 80)}: ${answer.text}`);
    assert.ok(!answer.text.includes(SECRET));
  }
  assert.equal((await fetch(pathOf('plain'))).status, 403);
  assert.equal(await everything(), before);
});

test('a report of a message that is not known is taken and kept, so that its provider stops repeating it', async () => {
  const answer = await signed({ id: 'm-of-nobody', status: 'delivered' });
  assert.equal(answer.status, 200);
  assert.match(await everything(), /m-of-nobody/);
});

test('a callback with NUL, half an emoji or an unknown word is taken without a fault of ours', async () => {
  for (const said of [
    { id: 'a\u0000b', status: 'delivered' },
    { id: 'm-1', status: 'delivered', error: 'a\u0000b\ud800' },
    { id: 'm-1', reference: 'a\u0000b', status: 'delivered' },
    { id: 'm-1', reference: 'sms_0x1', status: 'delivered' },
    { id: 'm-1', status: 'gone fishing' },
    {
      type: 'message',
      id: 'i\u0000',
      from: '+923001234567\u0000',
      to: '77\u0000',
      text: 'a\u0000\ud800',
    },
    { type: 'message', id: 'i-2', from: 'a name', to: '7787', text: '' },
  ]) {
    const answer = await signed(said);
    assert.ok(answer.status < 500, `${JSON.stringify(said)}: ${answer.text}`);
  }
});

test('a report of one provider never touches the message of another with the same id', async () => {
  const { id, sms } = await submitted('first');
  await signed({ id, status: 'undelivered' });
  assert.equal(await stateOf(sms), 'accepted');
  await signed({ id: 'm-foreign', reference: sms, status: 'undelivered' });
  assert.equal(await stateOf(sms), 'accepted');
  const status = '1';
  const phone = '79161234567';
  const of = `${id}:${phone}:${status}:${FIRST_ACCOUNT.secrets.callback_secret}`;
  const md5 = createHash('md5').update(of).digest('hex');
  const sha1 = createHash('sha1').update(of).digest('hex');
  const answer = await bring(
    'first',
    `id=${id}&phone=${phone}&status=${status}&md5=${md5}&sha1=${sha1}`,
    {
      'content-type': 'application/x-www-form-urlencoded',
    },
  );
  assert.equal(answer.status, 200, answer.text);
  assert.equal(await stateOf(sms), 'delivered');
});

test('a STOP that a provider brings twice stops once, and the house hears of it once', async () => {
  const said = { type: 'message', id: 'mo-7', from: '923005550007', to: '7787', text: 'Stop!' };
  for (let n = 0; n < 2; n += 1) assert.equal((await signed(said)).status, 200);
  const { body } = await call('GET', '/v1/rules/suppressions?msisdn=%2B923005550007');
  assert.deepEqual(
    body.items.map((one: { list: string; entity: string | null }) => [one.list, one.entity]),
    [['stop', null]],
  );
  const sent = await call('POST', '/v1/sms', {
    body: { entity: 'alfa', class: 'ad', text: 'Buy', recipient: '+923005550007' },
  });
  assert.equal(sent.body.messages[0].state, 'rejected');
});

test('an operator brings messages from its own addresses, and what is wrong is told with its field', async () => {
  const bring_ = (body: object, operator = 'mobilink') =>
    call('POST', `/v1/operators/${operator}/mo`, { body, as: null });
  const said = { id: 'op-1', from: '03005550008', to: '7787', text: 'STOP' };
  assert.deepEqual((await bring_(said)).body, { outcome: 'received', msisdn: '+923005550008' });
  assert.equal((await bring_(said)).body.outcome, 'repeated');
  assert.equal((await bring_({ ...said, from: 'nobody' })).status, 400);
  assert.equal((await bring_({ ...said, id: '' })).body.errors[0].field, 'id');
  assert.equal((await bring_({ ...said, id: 'a\u0000', text: '\ud800' })).status, 200);
  assert.equal((await bring_(said, 'nobody')).status, 404);
});
