import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { lawOf, lawsOf, serveRules, setStage } from '#rules/stage';
import { testDatabase } from '#testing';

const database = await testDatabase();
const standard = lawOf('std', [
  {
    ...{ kind: 'timeWindow', id: 'standard-time', title: 'Standard time', windows: 'entity' },
    capValidityToWindow: true,
  },
]);
const stage = await setStage(database, lawsOf(standard));
const { call, close, keys } = await serveRules(stage);
after(close);

const allowance = async (more = '') => {
  const path = '/v1/rules/entities/alfa/providers/smsc/allowance';
  return (await call('GET', `${path}?msisdn=%2B79161234567&class=service${more}`)).body;
};

test('an entity is added and edited, and each change is told with who made it', async () => {
  const url = '/v1/rules/entities/gamma';
  const settings = { phone: '+7 800 000', zone: 'Europe/Moscow', names: ['Gamma'] };
  const body = { name: 'Gamma LLC', creditor_group: 'g', settings };
  const added = await call('PUT', url, { body });
  const expected = { entity: 'gamma', active: true, ...body };
  assert.deepEqual([added.status, added.body], [200, expected]);
  assert.deepEqual((await call('GET', url, { as: 'reader' })).body, expected);
  await call('PUT', url, { body });
  await call('PUT', url, { body: { name: 'Gamma', active: false } });
  const audit = await call('GET', '/v1/rules/audit?subject=entity:gamma');
  const lines = audit.body.items.map((line: Record<string, { name: string }>) => [
    ...[line.action, line.actor, line.before?.name, line.after?.name],
  ]);
  const by = `writer (${keys.writer.id})`;
  assert.deepEqual(lines, [
    ['entity.edit', by, 'Gamma LLC', 'Gamma'],
    ['entity.add', by, undefined, 'Gamma LLC'],
  ]);
});

test('an edit that does not tell neither switches an entity on nor parts its group', async () => {
  const url = '/v1/rules/entities/sleeping';
  const body = { name: 'Sleeping', creditor_group: 'g', active: false };
  await call('PUT', url, { body });
  const edited = await call('PUT', url, { body: { name: 'Still asleep' } });
  assert.deepEqual([edited.body.creditor_group, edited.body.active], ['g', false]);
  const told = await call('PUT', url, { body: { ...body, creditor_group: 'own', active: true } });
  assert.deepEqual([told.body.creditor_group, told.body.active], ['own', true]);
});

test('settings are read and replaced by themselves', async () => {
  const url = '/v1/rules/entities/alfa/settings';
  const settings = { phone: '123', link_hosts: ['alfa.example'] };
  assert.deepEqual((await call('PUT', url, { body: settings })).body, settings);
  assert.deepEqual((await call('GET', url)).body, settings);
  assert.equal((await call('GET', '/v1/rules/entities/alfa')).body.name, 'Alfa');
  await call('PUT', url, { body: {} });
});

test('the standard time is set from and to, and holds at once', async () => {
  const url = '/v1/rules/entities/alfa/standard-time';
  assert.deepEqual((await call('GET', url)).body, { standard_time: null });
  assert.equal((await allowance()).allowed, true);
  const set = await call('PUT', url, { body: { from: '13:00', to: '20:00' } });
  const windows = [['13:00', '20:00']];
  assert.deepEqual(set.body, { standard_time: { work: windows, off: windows } });
  const told = await allowance();
  assert.deepEqual([told.allowed, told.outcome], [false, 'defer']);
  assert.equal(told.not_before, '2026-03-18T10:00:00.000Z');
  assert.match(JSON.stringify(told.trace), /12:00.*13:00–20:00/);
  const byDay = { windows: { work: [['09:00', '18:00']], off: [] } };
  assert.deepEqual((await call('PUT', url, { body: byDay })).body.standard_time, byDay.windows);
  assert.equal((await allowance()).allowed, true);
  assert.deepEqual((await call('DELETE', url)).body, { standard_time: null });
});

test('an entity may use a provider until it may not', async () => {
  const url = '/v1/rules/entities/alfa/providers';
  await call('PUT', '/v1/rules/providers/aero', { body: { title: 'Aero', country: 'RU' } });
  const senders = [{ sender: 'ALFA', classes: ['service'] }];
  const allowed = await call('PUT', `${url}/aero`, { body: { senders, rank: 1 } });
  const pair = { entity: 'alfa', provider: 'aero', rank: 1, senders, since: null, until: null };
  assert.deepEqual(allowed.body, pair);
  const listed = (await call('GET', url)).body.items;
  assert.deepEqual(
    listed.map(({ provider }: { provider: string }) => provider),
    ['aero', 'smsc'],
  );
  assert.deepEqual((await call('DELETE', `${url}/aero`)).body, { removed: true });
  assert.deepEqual((await call('DELETE', `${url}/aero`)).body, { removed: false });
  const told = await call('GET', `${url}/aero/allowance?msisdn=%2B79161234567&class=service`);
  assert.deepEqual([told.body.allowed, told.body.code], [false, 'provider_not_allowed']);
});

test('a provider that is switched off is used by nobody', async () => {
  const title = 'SMSC';
  await call('PUT', '/v1/rules/providers/smsc', { body: { title, enabled: false } });
  assert.deepEqual((await allowance()).code, 'provider_not_allowed');
  await call('PUT', '/v1/rules/providers/smsc', { body: { title } });
  assert.deepEqual((await allowance()).code, 'provider_not_allowed', 'an edit leaves it off');
  await call('PUT', '/v1/rules/providers/smsc', { body: { title, enabled: true } });
  assert.equal((await allowance('&sender=ALFA')).allowed, true);
  assert.equal((await allowance('&sender=OTHER')).code, 'sender_not_registered');
});

test('lists come in pages', async () => {
  for (const key of ['page-a', 'page-b', 'page-c'])
    await call('PUT', `/v1/rules/entities/${key}`, { body: { name: key } });
  const keysOf = (items: { entity: string }[]) => items.map(({ entity }) => entity);
  const first = await call('GET', '/v1/rules/entities?limit=3');
  const second = await call('GET', `/v1/rules/entities?limit=200&cursor=${first.body.next_cursor}`);
  const all = [...keysOf(first.body.items), ...keysOf(second.body.items)];
  assert.deepEqual(all, all.toSorted());
  assert.ok(all.includes('page-c') && all.includes('alfa'));
  assert.equal(second.body.next_cursor, null);
  const providers = await call('GET', '/v1/rules/providers?limit=1');
  assert.equal(providers.body.items.length, 1);
});

const BAD: readonly (readonly [
  'GET' | 'PUT' | 'DELETE',
  string,
  object | undefined,
  number,
  RegExp,
])[] = [
  ['GET', '/v1/rules/entities/nobody', undefined, 404, /entity_unknown/],
  ['GET', '/v1/rules/entities/nobody/settings', undefined, 404, /entity_unknown/],
  ['GET', '/v1/rules/entities/nobody/providers', undefined, 404, /entity_unknown/],
  ['GET', '/v1/rules/entities?cursor=nonsense', undefined, 400, /cursor/],
  ['GET', '/v1/rules/audit?cursor=WyJhIl0', undefined, 400, /cursor/],
  ['PUT', '/v1/rules/entities/UPPER', { name: 'x' }, 400, /key/],
  ['PUT', '/v1/rules/entities/x', {}, 400, /name/],
  ['PUT', '/v1/rules/entities/x', { name: 'a\u0000b' }, 400, /name/],
  ['PUT', '/v1/rules/entities/x', { name: 'x', colour: 'red' }, 400, /colour/],
  ['PUT', '/v1/rules/entities/x', { name: 'x', settings: { zone: 'Mars' } }, 400, /zone/],
  [
    'PUT',
    '/v1/rules/entities/x',
    { name: 'x', settings: { switches: { 'a/b': 'c' } } },
    400,
    /switch/,
  ],
  ['PUT', '/v1/rules/entities/alfa/standard-time', { from: '10:00' }, 400, /from/],
  [
    'PUT',
    '/v1/rules/entities/alfa/standard-time',
    { from: '22:00', to: '08:00' },
    400,
    /"to".*later than from/,
  ],
  [
    'PUT',
    '/v1/rules/entities/alfa/settings',
    { standard_time: { work: [['22:00', '08:00']], off: [] } },
    400,
    /settings\.standard_time\.work\.0/,
  ],
  ['PUT', '/v1/rules/entities/alfa/standard-time', { from: '25:00', to: '26:00' }, 400, /from/],
  [
    'PUT',
    '/v1/rules/entities/nobody/standard-time',
    { from: '08:00', to: '22:00' },
    404,
    /entity_unknown/,
  ],
  ['PUT', '/v1/rules/providers/smsc', { title: '' }, 400, /title/],
  ['PUT', '/v1/rules/providers/smsc', { title: 'x', country: 'Russia' }, 400, /country/],
  ['PUT', '/v1/rules/entities/alfa/providers/lost', { senders: [] }, 404, /provider_unknown/],
  ['PUT', '/v1/rules/entities/nobody/providers/smsc', { senders: [] }, 404, /entity_unknown/],
  ['PUT', '/v1/rules/entities/alfa/providers/smsc', { senders: [{ sender: '' }] }, 400, /sender/],
  ['PUT', '/v1/rules/entities/alfa/providers/smsc', { senders: [], since: 'now' }, 400, /since/],
  ['DELETE', '/v1/rules/entities/alfa/providers/lost', undefined, 404, /provider_unknown/],
  ['GET', '/v1/rules/entities/alfa/providers/smsc/allowance', undefined, 400, /msisdn|class/],
  [
    'GET',
    '/v1/rules/entities/alfa/providers/smsc/allowance?msisdn=abcdef&class=ad',
    undefined,
    400,
    /msisdn/,
  ],
  [
    'GET',
    '/v1/rules/entities/alfa/providers/smsc/allowance?msisdn=%2B79161234567&class=x',
    undefined,
    400,
    /class/,
  ],
  [
    'GET',
    '/v1/rules/entities/alfa/providers/lost/allowance?msisdn=%2B79161234567&class=ad',
    undefined,
    404,
    /provider/,
  ],
];

test('what is wrong is told with its field', async () => {
  for (const [method, url, body, status, names] of BAD) {
    const answer = await call(method, url, body ? { body } : {});
    assert.equal(answer.status, status, `${method} ${url} ${JSON.stringify(answer.body)}`);
    assert.match(JSON.stringify(answer.body), names, url);
  }
});

test('a key without the scope learns and changes nothing', async () => {
  const url = '/v1/rules/entities/alfa';
  assert.equal((await call('GET', url, { as: 'stranger' })).status, 403);
  assert.equal((await call('PUT', url, { as: 'reader', body: { name: 'x' } })).status, 403);
  assert.equal((await call('GET', '/v1/rules/audit', { as: 'stranger' })).status, 403);
  assert.equal((await call('GET', url)).body.name, 'Alfa');
});
