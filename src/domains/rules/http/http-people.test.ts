import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { lawOf, lawsOf, serveRules, setStage, stopList, twiceADay } from '#rules/stage';
import { testDatabase } from '#testing';

const database = await testDatabase();
const advertising = lawOf('test-ad', [
  {
    ...{ kind: 'consent', id: 'consent', title: 'Only with consent', purpose: 'ad' },
    when: { fact: 'class', eq: 'ad' },
  },
]);
const agreed = lawOf('test-agreed', [
  ...twiceADay.rules,
  { kind: 'override', id: 'agreement', title: 'People may agree', replaces: ['per-day'] },
]);
const stage = await setStage(database, lawsOf(stopList, advertising, agreed));
const { clock, reserve, ask } = stage;
const { call, close, keys } = await serveRules(stage);
after(close);

async function check(more: object) {
  const body = { entity: 'alfa', class: 'debt', recipient: '+79160000001', text: 'Hello', ...more };
  return (await call('POST', '/v1/sms/check', { as: 'reader', body })).body;
}

test('a number on a list is refused until it is taken off', async () => {
  const [recipient, url] = ['+79160000001', '/v1/rules/suppressions'];
  const body = { msisdn: '7916 000-00-01', list: 'stop', reason: 'said so' };
  const put = await call('PUT', url, { body });
  const since = clock.now().toISOString();
  const expected = { msisdn: recipient, list: 'stop', entity: null, reason: 'said so' };
  assert.deepEqual(put.body, { ...expected, since, until: null });
  await call('PUT', url, { body: { ...body, reason: 'another' } });
  const told = await check({ recipient });
  assert.deepEqual([told.outcome, told.code], ['reject', 'suppressed']);
  const listed = await call('GET', `${url}?msisdn=%2B79160000001`);
  assert.equal(listed.body.items[0].reason, 'said so');
  const of = `${url}?msisdn=%2B79160000001&list=stop`;
  assert.deepEqual((await call('DELETE', of)).body, { removed: true });
  assert.equal((await call('DELETE', of)).status, 404);
  assert.equal((await check({ recipient })).outcome, 'send');
  const audit = await call('GET', '/v1/rules/audit?subject=suppression:%2B79160000001');
  assert.deepEqual(
    audit.body.items.map((line: { action: string; actor: string }) => [line.action, line.actor]),
    ['suppression.remove', 'suppression.add'].map((action) => [
      ...[action, `writer (${keys.writer.id})`],
    ]),
  );
});

test('who is on a list for a while and is put there again stands there for the longer time', async () => {
  const [recipient, url] = ['+79160000019', '/v1/rules/suppressions'];
  const hours = (count: number) => new Date(clock.nowMs() + count * 3_600_000).toISOString();
  const put = async (until?: string) => {
    const body = {
      msisdn: recipient,
      list: 'stop',
      reason: until ?? 'STOP',
      ...(until && { until }),
    };
    return (await call('PUT', url, { body })).body;
  };
  const [one, two] = [hours(1), hours(2)];
  assert.equal((await put(two)).until, two);
  assert.equal((await put(one)).until, two, 'it does not get shorter');
  assert.equal((await check({ recipient })).code, 'suppressed');
  clock.advanceMs(3 * 3_600_000);
  assert.equal((await check({ recipient })).outcome, 'send');
  const since = clock.now().toISOString();
  const forGood = { msisdn: recipient, list: 'stop', entity: null, reason: 'STOP', since };
  assert.deepEqual(await put(), { ...forGood, until: null });
  assert.deepEqual(await put(hours(1)), { ...forGood, until: null });
  assert.equal((await check({ recipient })).code, 'suppressed');
  const audit = await call('GET', `/v1/rules/audit?subject=suppression:%2B79160000019`);
  assert.equal(audit.body.items.length, 2);
});

test('suppressions come in pages', async () => {
  const url = '/v1/rules/suppressions';
  for (const list of ['dnd', 'stop', 'zzz'])
    await call('PUT', url, { body: { msisdn: '+79160000009', list, reason: 'x', entity: 'alfa' } });
  const first = await call('GET', `${url}?msisdn=%2B79160000009&limit=2`);
  const cursor = first.body.next_cursor;
  const second = await call('GET', `${url}?msisdn=%2B79160000009&limit=2&cursor=${cursor}`);
  const lists = [...first.body.items, ...second.body.items].map(({ list }) => list);
  assert.deepEqual(lists, ['dnd', 'stop', 'zzz']);
  assert.equal(second.body.next_cursor, null);
});

test('advertising needs a consent, and ends when it is withdrawn', async () => {
  const url = '/v1/rules/consents';
  const ad = { class: 'ad', recipient: '+79160000002' };
  assert.equal((await check(ad)).code, 'no_consent');
  const consent = {
    ...{ msisdn: '+79160000002', entity: 'alfa', purpose: 'ad', proof: 'written' },
    ...{ reference: 'paper 7', given_at: '2026-01-01T00:00:00Z' },
  };
  const kept = await call('PUT', url, { body: consent });
  assert.equal(kept.status, 200);
  assert.match(kept.body.consent, /^con_/);
  assert.equal((await call('PUT', url, { body: consent })).body.consent, kept.body.consent);
  assert.equal((await check(ad)).outcome, 'send');
  const withdraw = () => call('POST', `${url}/${kept.body.consent}/withdraw`);
  const withdrawn = await withdraw();
  clock.advanceMs(1000);
  assert.deepEqual((await withdraw()).body, withdrawn.body);
  assert.equal((await check(ad)).code, 'no_consent');
  const listed = await call('GET', `${url}?msisdn=%2B79160000002&entity=alfa`);
  assert.deepEqual(listed.body.items, [withdrawn.body]);
});

test('an agreement lets one person have more, as long as it lasts', async () => {
  const [url, recipient] = ['/v1/rules/overrides', '+79160000003'];
  await reserve(ask({ recipient }), ask({ recipient }));
  assert.equal((await check({ recipient })).outcome, 'defer');
  const body = {
    ...{ person: recipient, entity: 'alfa', set: 'test-agreed', rule: 'per-day', limit: 3 },
    ...{ document: 'No. 5 of 1 March 2026', from: '2026-03-01T00:00:00Z' },
  };
  const added = await call('POST', url, { body });
  assert.equal(added.status, 201);
  const told = await check({ recipient });
  assert.equal(told.outcome, 'send', JSON.stringify(told));
  const ended = await call('POST', `${url}/${added.body.override}/end`);
  clock.advanceMs(1000);
  assert.deepEqual((await call('POST', `${url}/${added.body.override}/end`)).body, ended.body);
  assert.equal((await check({ recipient })).outcome, 'defer');
  const listed = await call('GET', `${url}?person=%2B79160000003`);
  assert.deepEqual(listed.body.items, [ended.body]);
});

test('a check tells what sending does, and why', async () => {
  const sent = await check({ recipient: '+79160000004', sender: 'ALFA', validity_seconds: 600 });
  assert.equal(sent.outcome, 'send');
  assert.deepEqual(sent.providers, ['smsc']);
  assert.equal(sent.valid_until, new Date(clock.nowMs() + 600_000).toISOString());
  assert.ok(sent.trace.length > 0);
  for (const { rule, text } of sent.trace) assert.ok(rule && text);
  assert.equal((await check({ entity: 'nobody' })).code, 'entity_unknown');
  assert.equal((await check({ providers: ['lost'] })).code, 'provider_not_allowed');
});

const number = { msisdn: '+79160000005' };
const consent = {
  ...{ ...number, entity: 'alfa', purpose: 'ad', proof: 'written', reference: 'x' },
  given_at: '2026-01-01T00:00:00Z',
};
const override = {
  ...{ person: 'x', entity: 'alfa', set: 'test-agreed', rule: 'per-day', document: 'd', limit: 1 },
  from: '2026-01-01T00:00:00Z',
};
const ALWAYS = { work: [['00:00', '24:00']], off: [] };
const without = ({ limit: _, ...others }: typeof override) => others;
const message = { entity: 'alfa', class: 'ad', recipient: '+79160000005', text: 'x' };
const BAD: readonly (readonly [
  'GET' | 'POST' | 'PUT' | 'DELETE',
  string,
  object | undefined,
  number,
  RegExp,
])[] = [
  ['PUT', 'rules/suppressions', { ...number, list: 'stop' }, 400, /reason/],
  ['PUT', 'rules/suppressions', { ...number, list: 'STOP', reason: 'x' }, 400, /list/],
  ['PUT', 'rules/suppressions', { msisdn: '12345', list: 'stop', reason: 'x' }, 400, /msisdn/],
  [
    'PUT',
    'rules/suppressions',
    { ...number, list: 'stop', reason: 'x', until: '2020-01-01T00:00:00Z' },
    400,
    /until/,
  ],
  ['DELETE', 'rules/suppressions?list=stop', undefined, 400, /msisdn/],
  ['GET', 'rules/suppressions?cursor=WyJhIl0', undefined, 400, /cursor/],
  ['PUT', 'rules/consents', { ...consent, entity: 'nobody' }, 404, /entity_unknown/],
  ['PUT', 'rules/consents', { ...consent, given_at: '2036-01-01T00:00:00Z' }, 400, /given_at/],
  ['PUT', 'rules/consents', { ...consent, expires_at: '2025-01-01T00:00:00Z' }, 400, /expires_at/],
  ['PUT', 'rules/consents', { ...consent, reference: '' }, 400, /reference/],
  ['POST', 'rules/consents/ovr_1/withdraw', undefined, 400, /id/],
  ['POST', 'rules/consents/con_vvv/withdraw', undefined, 404, /consent_unknown/],
  ['GET', 'rules/consents?cursor=WyJhIl0', undefined, 400, /cursor/],
  ['POST', 'rules/overrides', { ...override, entity: 'nobody' }, 404, /entity_unknown/],
  ['POST', 'rules/overrides', { ...override, set: 'nobodys' }, 400, /"set"/],
  ['POST', 'rules/overrides', { ...override, rule: 'per-dya' }, 400, /"rule".*per-day/],
  ['POST', 'rules/overrides', { ...override, rule: 'agreement' }, 400, /"rule".*per-day/],
  ['POST', 'rules/overrides', { ...without(override), windows: ALWAYS }, 400, /"limit"/],
  ['POST', 'rules/overrides', { ...override, limit: 0 }, 400, /limit/],
  ['POST', 'rules/overrides', { ...override, document: '' }, 400, /document/],
  ['POST', 'rules/overrides', { ...override, to: '2025-01-01T00:00:00Z' }, 400, /"to"/],
  [
    'POST',
    'rules/overrides',
    { ...override, windows: { work: [['20:00', '08:00']], off: [] } },
    400,
    /windows/,
  ],
  ['POST', 'rules/overrides/ovr_vvv/end', undefined, 404, /override_unknown/],
  ['POST', 'sms/check', { ...message, text: '' }, 400, /text/],
  ['POST', 'sms/check', { ...message, class: 'spam' }, 400, /class/],
  ['POST', 'sms/check', { ...message, recipient: 'nobody' }, 400, /"recipient"/],
  [
    'POST',
    'sms/check',
    { ...message, recipient: '+79160000005', validity_seconds: 0 },
    400,
    /validity/,
  ],
  ['POST', 'sms/check', { ...message, region: 'Moscow' }, 400, /region/],
  ['POST', 'sms/check', { ...message, body: 'x' }, 400, /body/],
  ['POST', 'sms/check', { ...message, schedule_at: 'now' }, 400, /schedule_at/],
];

test('what is wrong is told with its field', async () => {
  for (const [method, path, body, status, names] of BAD) {
    const answer = await call(method, `/v1/${path}`, body ? { body } : {});
    assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(answer.body)}`);
    assert.match(JSON.stringify(answer.body), names, path);
  }
  const answer = await call('POST', '/v1/rules/overrides', { body: without(override) });
  assert.deepEqual([answer.status, answer.body.code], [400, 'override_invalid']);
});

test('a key without the scope learns and changes nothing', async () => {
  const body = { ...number, list: 'stop', reason: 'x' };
  for (const as of ['reader', 'stranger'] as const)
    assert.equal((await call('PUT', '/v1/rules/suppressions', { as, body })).status, 403);
  for (const url of ['/v1/rules/suppressions', '/v1/rules/consents', '/v1/rules/overrides'])
    assert.equal((await call('GET', url, { as: 'stranger' })).status, 403);
  assert.equal(
    (await call('POST', '/v1/sms/check', { as: 'stranger', body: message })).status,
    403,
  );
});
