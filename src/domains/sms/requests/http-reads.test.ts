import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { parseSmsId, type SmsState } from '#sms/message';
import { furnish, openSmsService } from '#sms/stage';
import { eventually } from '#testing';

const service = await openSmsService();
const { call, clock, database, webhooks } = service;
await furnish(service);

let people = 0;
function aNumber(): string {
  people += 1;
  return `+9230${String(40_000_000 + people)}`;
}

async function send(more: object = {}): Promise<string> {
  const { body, text } = await call('POST', '/v1/sms', {
    body: {
      ...{ entity: 'alfa', class: 'transaction', text: 'Your order is on its way' },
      ...{ recipient: aNumber(), ...more },
    },
  });
  assert.ok(body.messages, text);
  return body.messages[0].sms;
}

async function put(sms: string, state: SmsState, ended = false): Promise<void> {
  await sql`update sms.message set state = ${state}, attempts = 1, sent_at = ${clock.now()},
      closed_at = ${ended ? clock.now() : null} where id = ${parseSmsId(sms)}`.execute(
    database.pool,
  );
}

const statesOf = async (sms: string) =>
  (await call('GET', `/v1/sms/${sms}/history`)).body.items.map(
    (one: { state: string }) => one.state,
  );

test('a message is shown as it was asked for and as it stands, with its history', async () => {
  const recipient = aNumber();
  const sms = await send({ recipient, reference: 'order 1', priority: 2, person: 'ann' });
  const { body, status } = await call('GET', `/v1/sms/${sms}`, { as: 'reader' });
  assert.equal(status, 200);
  const { created_at, valid_until, ...shown } = body;
  assert.deepEqual(shown, {
    ...{ sms, entity: 'alfa', class: 'transaction', kind: 'transaction', reference: 'order 1' },
    ...{ recipient, sender: 'ALFA', text: 'Your order is on its way', segments: 1 },
    ...{ state: 'queued', provider: 'first', attempts: 0, priority: 2 },
  });
  assert.equal(created_at, clock.now().toISOString());
  assert.ok(valid_until > created_at);
  assert.deepEqual(await statesOf(sms), ['queued']);
});

test('what is not there is 404, and what is no id is 400 with its field', async () => {
  for (const rest of ['', '/history']) {
    const missing = await call('GET', `/v1/sms/sms_0x1${rest}`);
    assert.deepEqual([missing.status, missing.body.code], [404, 'sms_unknown']);
    const odd = await call('GET', `/v1/sms/cus_1x1${rest}`);
    assert.equal(odd.status, 400);
    assert.match(odd.text, /sms_/);
  }
  assert.equal((await call('POST', '/v1/sms/sms_0x1/cancel')).status, 404);
  assert.equal((await call('POST', '/v1/sms/nonsense/cancel')).status, 400);
  const list: readonly (readonly [string, RegExp])[] = [
    ['state=lost', /state/],
    ['cursor=nonsense', /cursor/],
    [`cursor=${Buffer.from('["a"]').toString('base64url')}`, /cursor/],
    [`cursor=${Buffer.from('["99999999999999999999999"]').toString('base64url')}`, /cursor/],
    ['recipient=nobody', /recipient/],
    ['limit=0', /limit/],
    ['limit=100000', /limit/],
    ['entity=%00', /entity/],
  ];
  for (const [query, names] of list) {
    const answer = await call('GET', `/v1/sms?${query}`);
    assert.equal(answer.status, 400, `${query}: ${answer.text}`);
    assert.match(answer.text, names);
  }
  for (const query of ['after=nonsense', 'limit=1001', 'limit=0', 'entity=%00', 'after=%00']) {
    const answer = await call('GET', `/v1/sms/events?${query}`);
    assert.equal(answer.status, 400, `${query}: ${answer.text}`);
  }
});

test('messages come in pages, newest first, by number, entity and state', async () => {
  const recipient = aNumber();
  const made = [await send({ recipient }), await send({ recipient }), await send({ recipient })];
  const list = (more = '') =>
    call('GET', `/v1/sms?recipient=${encodeURIComponent(recipient)}&limit=2${more}`);
  const first = await list('&state=queued&entity=alfa');
  const second = await list(`&cursor=${first.body.next_cursor}`);
  const items = [...first.body.items, ...second.body.items];
  assert.deepEqual(
    items.map(({ sms }: { sms: string }) => sms),
    made.toReversed(),
  );
  assert.equal(second.body.next_cursor, null);
  assert.deepEqual((await list('&state=delivered')).body.items, []);
  // What a sender has in hand is shown as queued, and found as such.
  await sql`update sms.message set state = 'claimed', lease_until = clock_timestamp() + interval '1 h'
    where recipient = ${recipient}`.execute(database.pool);
  const held = (await list('&state=queued')).body.items;
  assert.deepEqual(
    held.map(({ state }: { state: string }) => state),
    ['queued', 'queued'],
  );
  assert.equal((await list('&state=claimed')).status, 400);
});

test('the feed tells every status once, in an order that never changes', async () => {
  const read = async (after?: string) =>
    (await call('GET', `/v1/sms/events?limit=2${after === undefined ? '' : `&after=${after}`}`))
      .body;
  const sms = await send({ reference: 'of the feed' });
  await call('POST', `/v1/sms/${sms}/cancel`);
  // Another test file on this server may hold the feed for a moment: numbers of transactions are the server's.
  const pages: { readonly cursor: string; readonly items: Record<string, string>[] }[] = [];
  const own = () => pages.flatMap(({ items }) => items).filter((one) => one.sms === sms);
  await eventually(
    async () => {
      for (let page = await read(pages.at(-1)?.cursor); page.items.length > 0; ) {
        pages.push(page);
        page = await read(page.cursor);
      }
      assert.ok(own().length >= 2);
    },
    { timeoutMs: 60_000 },
  );
  assert.deepEqual(
    own().map(({ entity, reference, state }) => [state, reference, entity]),
    [
      ['queued', 'of the feed', 'alfa'],
      ['cancelled', 'of the feed', 'alfa'],
    ],
  );
  const told = pages.flatMap(({ items }) => items).map((one) => JSON.stringify(one));
  assert.equal(new Set(told).size, told.length);
  let cursor: string | undefined;
  for (const page of pages) {
    const again = await read(cursor);
    assert.deepEqual(
      again.items.slice(0, page.items.length),
      page.items,
      'read again, it is the same',
    );
    cursor = page.cursor;
  }
});

test('before it left a message is cancelled at once; on its way its provider is to be asked; after its end it is 409', async () => {
  for (const more of [{}, { schedule_at: new Date(clock.nowMs() + 3_600_000).toISOString() }]) {
    const sms = await send(more);
    const { body, status } = await call('POST', `/v1/sms/${sms}/cancel`);
    assert.deepEqual([status, body.state], [202, 'cancelled']);
    assert.equal((await call('POST', `/v1/sms/${sms}/cancel`)).body.state, 'cancelled', 'again');
    assert.equal((await statesOf(sms)).at(-1), 'cancelled');
  }
  for (const state of ['submitting', 'accepted', 'sent', 'unknown'] as const) {
    const sms = await send();
    await put(sms, state);
    const { body, status } = await call('POST', `/v1/sms/${sms}/cancel`);
    assert.deepEqual([status, body.state, body.cancelling], [202, state, true]);
    assert.equal((await call('GET', `/v1/sms/${sms}`)).body.cancelling, true);
  }
  for (const state of ['delivered', 'undelivered', 'expired', 'rejected'] as const) {
    const sms = await send();
    await put(sms, state, true);
    const { body, status } = await call('POST', `/v1/sms/${sms}/cancel`);
    assert.deepEqual([status, body.code], [409, 'sms_ended'], state);
    assert.match(body.detail, new RegExp(state));
  }
});

test('an endpoint hears of a message under the reference that its caller gave it', async () => {
  const sms = await send({ reference: 'order 9' });
  const unnamed = await send();
  await webhooks.createEndpoint({
    ...{ scope: 'kopek', kind: 'endpoint', url: 'https://example.org/hook' },
    ...{ eventTypes: ['*'], description: '' },
  });
  for (const one of [sms, unnamed]) await call('POST', `/v1/sms/${one}/cancel`);
  const { rows } = await sql<{ body: string }>`
    select body from platform.webhook_delivery order by id`.execute(database.pool);
  const told = rows.map(({ body }) => JSON.parse(String(body)).data);
  assert.deepEqual(
    told.map((data) => [data.sms, data.reference]),
    [
      [sms, 'order 9'],
      [unnamed, undefined],
    ],
  );
});

const handed = (more: object = {}) => ({
  ...{ provider: 'first', sender: 'ALFA', text: 'Hello', recipient: aNumber(), ...more },
});

test('the sender takes a message for a named provider, and shows it to its caller alone', async () => {
  const { body, status } = await call('POST', '/v1/sender/messages', {
    ...{ body: handed({ reference: 'mine' }), as: 'sender' },
  });
  assert.deepEqual([status, body.messages[0].state], [202, 'queued']);
  const path = `/v1/sender/messages/${body.messages[0].sms}`;
  const shown = await call('GET', path, { as: 'sender' });
  assert.deepEqual(
    [shown.status, shown.body.reference, shown.body.provider],
    [200, 'mine', 'first'],
  );
  const foreign = await call('GET', path, { as: 'otherSender' });
  assert.deepEqual([foreign.status, foreign.body.code], [404, 'sms_unknown']);
  const ofApi = await send();
  assert.equal((await call('GET', `/v1/sender/messages/${ofApi}`, { as: 'sender' })).status, 404);
  const again = await call('POST', '/v1/sender/messages', {
    ...{ body: handed({ reference: 'mine' }), as: 'otherSender' },
  });
  assert.equal(again.status, 202, 'each caller has references of his own');
});

test('what is wrong with a message that is handed to a provider is told with its field', async () => {
  const cases = [
    [{ provider: undefined }, 'provider'],
    [{ provider: 'No provider' }, 'provider'],
    [{ sender: undefined }, 'sender'],
    [{ sender: 'a\u0000' }, 'sender'],
    [{ text: undefined }, 'text'],
    [{ text: 'я'.repeat(671) }, 'text'],
    [{ recipient: 'nobody' }, 'recipient'],
    [{ entity: 'alfa' }, 'entity'],
    [{ recipient: { to: aNumber(), variables: { a: 'b' } } }, 'variables'],
    [{ schedule_at: '2020-01-01T00:00:00Z' }, 'schedule_at'],
  ] as const;
  for (const [more, field] of cases) {
    const answer = await call('POST', '/v1/sender/messages', { body: handed(more), as: 'sender' });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.body.errors[0].field, field, answer.text);
  }
  const unknown = await call('POST', '/v1/sender/messages', {
    ...{ body: handed({ provider: 'nobody' }), as: 'sender' },
  });
  const [message] = unknown.body.messages;
  assert.deepEqual([message.state, message.reason], ['rejected', 'provider_unknown']);
});
