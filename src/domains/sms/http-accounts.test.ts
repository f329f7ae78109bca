import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { eventually } from '#testing';
import { FIRST_ACCOUNT, furnish, openSmsService } from './stage/index.ts';

const service = await openSmsService();
const { accounts, call, database, logged } = service;
await furnish(service);

const url = '/v1/sms/providers';
const account = (more: object = {}) => ({ ...FIRST_ACCOUNT, ...more });
const SECRETS = Object.values(FIRST_ACCOUNT.secrets);

function assertHides(text: string, where: string): void {
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `${where}: ${text}`);
}

test('what is wrong with an account is told with its field, and changes nothing', async () => {
  const before = (await call('GET', url)).text;
  const NUL = 'a\u0000';
  const cases: readonly (readonly [string, object, number, string])[] = [
    ['new', account({ kind: 'pigeon' }), 400, 'kind'],
    ['new', account({ kind: 'pigeon', secrets: undefined }), 400, 'kind'],
    ['new', account({ kind: 'constructor' }), 400, 'kind'],
    ['new', account({ settings: {} }), 400, 'settings.login'],
    ['new', account({ settings: undefined }), 400, 'settings'],
    [
      'new',
      account({ settings: { login: 'a', base_url: 'http://example.org' } }),
      400,
      'settings.base_url',
    ],
    ['new', account({ settings: { login: 5 } }), 400, 'settings.login'],
    ['new', account({ settings: { login: 'a', colour: 'red' } }), 400, 'settings.colour'],
    ['new', account({ settings: { login: NUL } }), 400, 'settings.login'],
    ['new', account({ settings: { login: 'a\ud800' } }), 400, 'settings.login'],
    ['new', account({ secrets: { password: NUL } }), 400, 'secrets.password'],
    ['new', account({ secrets: undefined }), 400, 'secrets'],
    ['new', account({ secrets: {} }), 400, 'secrets.password'],
    ['new', account({ title: NUL }), 400, 'title'],
    ['new', account({ title: '' }), 400, 'title'],
    ['new', account({ requests_per_second: 0 }), 400, 'requests_per_second'],
    ['new', account({ requests_per_second: -1 }), 400, 'requests_per_second'],
    ['new', account({ sender_per_second: 0 }), 400, 'sender_per_second'],
    ['new', account({ enabled: 'yes' }), 400, 'enabled'],
    ['New', account(), 400, 'name'],
    ['a', account(), 400, 'name'],
    ['mobilink', account(), 409, 'name'],
    ['first', account({ kind: 'exolve', settings: {}, secrets: undefined }), 400, 'secrets'],
  ];
  for (const [name, body, status, field] of cases) {
    const answer = await call('POST', `${url}/${name}`, { body });
    const shown = `${name} ${JSON.stringify(body)}: ${answer.text}`;
    assert.equal(answer.status, status, shown);
    assert.equal(answer.body.errors[0].field, field, shown);
    assertHides(answer.text, name);
  }
  await accounts.refresh();
  assert.equal((await call('GET', url)).text, before);
  for (const path of ['/nobody', '/nobody/balance']) {
    const { body, status } = await call('GET', url + path);
    assert.deepEqual([status, body.code], [404, 'provider_account_unknown']);
  }
});

test('credentials are in no answer, no row but sealed, no record of changes, and no line of the log', async () => {
  await call('POST', `${url}/first`, { body: account({ title: 'Again' }) });
  await call('POST', `${url}/first`, { body: account({ kind: 'pigeon' }) });
  await call('POST', `${url}/first`, { body: account({ settings: 5 }) });
  await accounts.refresh();
  for (const path of ['', '/first', '/first/balance'])
    assertHides((await call('GET', url + path)).text, path);
  const { rows } = await sql<{ text: string }>`
    select a::text as text from sms.provider_account a
    union all select c::text from sms.provider_account_change c
    union all select k::text from platform.idempotency_key k`.execute(database.pool);
  assert.ok(rows.length >= 3);
  for (const { text } of rows) assertHides(text, 'a row');
  const log = await logged();
  assert.match(log, /request refused/);
  assertHides(log, 'the log');
});

test('a change holds within a second, is written down by whom, and keeps credentials that are left out', async () => {
  const saved = await call('POST', `${url}/changing`, { body: account() });
  assert.deepEqual([saved.status, saved.body.name], [200, 'changing']);
  await eventually(() => assert.equal(accounts.get('changing')?.account.version, 1));
  const line = accounts.line('changing');
  const sealed = accounts.get('changing')?.sealedSecrets;
  assert.ok(line?.admits());
  const began = performance.now();
  const { secrets: _, ...kept } = account({ enabled: false, requests_per_second: 3 });
  await call('POST', `${url}/changing`, { body: kept });
  await eventually(() => assert.equal(accounts.admits('changing'), false), { timeoutMs: 20_000 });
  const tookMs = performance.now() - began;
  assert.ok(tookMs < 8000, `${tookMs} ms: a second, on a machine that is slow`);
  assert.notEqual(accounts.line('changing'), line, 'opened anew');
  assert.ok(sealed);
  const { body } = await call('GET', `${url}/changing`);
  assert.deepEqual([body.enabled, body.requests_per_second, body.version], [false, 3, 2]);
  assert.equal(body.callback_url, `${service.publicUrl}/v1/sms/providers/changing/callback`);
  const { rows } = await sql<{ actor: string; before: object | null; after: object }>`
    select actor, before, after from sms.provider_account_change where name = 'changing'
    order by id`.execute(database.pool);
  assert.deepEqual(
    rows.map(({ actor }) => actor),
    ['owner', 'owner'],
  );
  assert.equal(rows[0]?.before, null);
  assert.deepEqual(
    rows.map(({ after }) => (after as { secrets_changed: boolean }).secrets_changed),
    [true, false],
  );
});

test('a disabled account is not sent through: what the rules allow is told to have no way', async () => {
  await call('POST', `${url}/first`, { body: account({ enabled: false }) });
  await eventually(() => assert.equal(accounts.get('first')?.account.enabled, false), {
    timeoutMs: 20_000,
  });
  const body = {
    ...{ entity: 'alfa', class: 'transaction', text: 'Hello', recipient: '+923001230001' },
  };
  const { body: answer } = await call('POST', '/v1/sms', { body });
  assert.deepEqual(
    [answer.messages[0].state, answer.messages[0].reason],
    ['rejected', 'provider_unknown'],
  );
  await call('POST', `${url}/first`, { body: account() });
  await eventually(() => assert.ok(accounts.admits('first')), { timeoutMs: 20_000 });
});
