import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { lawOf, lawsOf, serveRules, setStage, stopList, twiceADay } from '#rules/stage';
import { testDatabase } from '#testing';

const database = await testDatabase();
const stage = await setStage(database, lawsOf(twiceADay, stopList));
const { call, close, keys } = await serveRules(stage);
after(close);

const url = (id: string, version: number, more = '') =>
  `/v1/rules/sets/${id}/versions/${version}${more}`;
const policy = (version: number, from: string, to?: string) => ({
  ...lawOf('policy', stopList.rules),
  ...{ version, status: 'draft', effective: { from, ...(to === undefined ? {} : { to }) } },
});
const statuses = async (id: string) =>
  (await call('GET', `/v1/rules/sets?set=${id}`)).body.items.map(
    (one: { version: number; status: string; effective_to: string | null }) => [
      ...[one.version, one.status, one.effective_to],
    ],
  );

test('a draft is written, written over, activated, and then never changes', async () => {
  const draft = policy(1, '2026-01-01T00:00:00Z');
  const saved = await call('PUT', url('policy', 1), { body: draft });
  assert.deepEqual([saved.status, saved.body.status, saved.body.built_in], [200, 'draft', false]);
  assert.equal(saved.body.saved_by, `writer (${keys.writer.id})`);
  const retitled = { ...draft, title: 'Another title' };
  assert.equal(
    (await call('PUT', url('policy', 1), { body: retitled })).body.title,
    'Another title',
  );
  for (let n = 0; n < 2; n += 1) {
    const active = await call('POST', url('policy', 1, '/activate'), { body: {} });
    assert.deepEqual([active.status, active.body.status], [200, 'active']);
  }
  const again = await call('PUT', url('policy', 1), { body: retitled });
  assert.equal(again.status, 200, 'the very same changes nothing');
  const other = await call('PUT', url('policy', 1), { body: draft });
  assert.deepEqual([other.status, other.body.code], [409, 'rule_set_fixed']);
  const read = await call('GET', url('policy', 1), { as: 'reader' });
  assert.equal(read.body.document.title, 'Another title');
});

test('a version that overlaps is refused, unless it comes in place of the other', async () => {
  await call('PUT', url('policy', 2), { body: policy(2, '2026-06-01T00:00:00Z') });
  const refused = await call('POST', url('policy', 2, '/activate'), { body: {} });
  assert.deepEqual([refused.status, refused.body.code], [409, 'rule_set_overlaps']);
  assert.match(JSON.stringify(refused.body), /version 1/);
  const inPlace = { body: { in_place: true } };
  assert.equal((await call('POST', url('policy', 2, '/activate'), inPlace)).status, 200);
  assert.deepEqual(await statuses('policy'), [
    [2, 'active', null],
    [1, 'active', '2026-06-01T00:00:00.000Z'],
  ]);
  await call('PUT', url('policy', 3), { body: policy(3, '2026-06-01T00:00:00Z') });
  assert.equal((await call('POST', url('policy', 3, '/activate'), inPlace)).status, 200);
  assert.deepEqual((await statuses('policy'))[1], [2, 'retired', null]);
  await call('PUT', url('policy', 4), { body: policy(4, '2026-03-01T00:00:00Z') });
  const before = await call('POST', url('policy', 4, '/activate'), inPlace);
  assert.equal(before.status, 409, 'what begins later is not guessed about');
});

test('a version that is retired holds no more', async () => {
  const request = () => stage.ask({ class: 'debt', recipient: '+79160000001' });
  await stage.reserve(request(), request());
  assert.deepEqual(await stage.reserve(request()), ['defer']);
  for (let n = 0; n < 2; n += 1) {
    const retired = await call('POST', url('test-law', 1, '/retire'));
    assert.deepEqual([retired.status, retired.body.status], [200, 'retired']);
  }
  assert.deepEqual(await stage.reserve(request()), ['send']);
  const audit = await call('GET', '/v1/rules/audit?subject=set:test-law@1');
  assert.deepEqual(
    audit.body.items.map((line: { action: string }) => line.action),
    ['set.retire', 'set.activate'],
  );
});

test('sets come in pages, by name, the newest version first', async () => {
  const first = await call('GET', '/v1/rules/sets?limit=3');
  const second = await call('GET', `/v1/rules/sets?limit=3&cursor=${first.body.next_cursor}`);
  const names = [...first.body.items, ...second.body.items].map(
    ({ set, version }) => `${set}@${version}`,
  );
  assert.deepEqual(names, [
    ...['policy@4', 'policy@3', 'policy@2', 'policy@1', 'test-law@1', 'test-stop@1'],
  ]);
  const active = await call('GET', '/v1/rules/sets?status=active');
  assert.equal(active.body.items.length, 3);
});

test('the days of a year are written version after version', async () => {
  const path = '/v1/rules/calendars/RU/2030';
  const days = { '01-01': 'holiday', '01-02': 'off' };
  const body = { source: 'a decree', days };
  const first = await call('PUT', path, { body });
  assert.deepEqual([first.status, first.body.version, first.body.region], [200, 1, null]);
  assert.equal((await call('PUT', path, { body })).body.version, 1, 'the same days again');
  const second = { ...body, days: { ...days, '01-03': 'short' } };
  assert.equal((await call('PUT', path, { body: second })).body.version, 2);
  assert.deepEqual((await call('GET', path)).body.days, second.days);
  const region = await call('PUT', `${path}?region=RU-TA`, { body: { ...body, days: {} } });
  assert.deepEqual([region.body.region, region.body.version], ['RU-TA', 1]);
});

const draft = policy(9, '2026-01-01T00:00:00Z');
const cap = { ...twiceADay.rules[0], limit: 0 };
const days = (day: string, kind = 'off') => ({ source: 'x', days: { [day]: kind } });
const BAD: readonly (readonly [
  'GET' | 'POST' | 'PUT',
  string,
  object | undefined,
  number,
  RegExp,
])[] = [
  ['GET', url('lost', 1), undefined, 404, /rule_set_unknown/],
  ['GET', url('policy', 0), undefined, 400, /version/],
  ['GET', '/v1/rules/sets?cursor=nonsense', undefined, 400, /cursor/],
  ['GET', '/v1/rules/sets?status=lost', undefined, 400, /status/],
  ['PUT', url('policy', 8), draft, 400, /version/],
  ['PUT', url('other', 9), draft, 400, /id/],
  ['PUT', url('policy', 9), { id: 'policy', version: 9 }, 400, /title|rule_set_invalid/],
  ['PUT', url('policy', 9), { ...draft, rules: [] }, 400, /rules/],
  ['PUT', url('policy', 9), { ...draft, rules: [cap] }, 400, /rules\.0\.limit/],
  ['PUT', url('policy', 9), { ...draft, rules: [{ kind: 'script' }] }, 400, /rules\.0\.kind/],
  [
    'PUT',
    url('policy', 9),
    policy(9, '2026-01-01T00:00:00Z', '2025-01-01T00:00:00Z'),
    400,
    /effective/,
  ],
  ['POST', url('lost', 1, '/activate'), {}, 404, /rule_set_unknown/],
  ['POST', url('policy', 1, '/activate'), { in_place: 'yes' }, 400, /in_place/],
  ['POST', url('lost', 1, '/retire'), undefined, 404, /rule_set_unknown/],
  ['POST', url('policy', 4, '/retire'), undefined, 409, /rule_set_not_active/],
  ['GET', '/v1/rules/calendars/RU/2031', undefined, 404, /calendar_unknown/],
  ['GET', '/v1/rules/calendars/russia/2031', undefined, 400, /country/],
  ['PUT', '/v1/rules/calendars/RU/2031', days('02-30'), 400, /02-30/],
  ['PUT', '/v1/rules/calendars/RU/2031', days('01-01', 'party'), 400, /days/],
  ['PUT', '/v1/rules/calendars/RU/2031?region=US-TX', days('01-01'), 400, /region/],
  ['PUT', '/v1/rules/calendars/RU/2031', { days: {} }, 400, /source/],
];

test('what is wrong is told with its field', async () => {
  for (const [method, path, body, status, names] of BAD) {
    const answer = await call(method, path, body ? { body } : {});
    assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(answer.body)}`);
    assert.match(JSON.stringify(answer.body), names, path);
  }
});

test('a key without the scope changes nothing', async () => {
  const as = 'reader';
  assert.equal((await call('PUT', url('policy', 9), { as, body: draft })).status, 403);
  assert.equal((await call('POST', url('policy', 4, '/activate'), { as, body: {} })).status, 403);
  assert.equal((await call('POST', url('policy', 3, '/retire'), { as })).status, 403);
  const path = '/v1/rules/calendars/RU/2032';
  assert.equal((await call('PUT', path, { as, body: days('01-01') })).status, 403);
});
