import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator, spellMsisdn } from '#operators';
import { eventually, testDatabase } from '#testing';

const database = await testDatabase();
const base = { database, log: silentLog(), metrics: createMetrics() };
const operators = await createOperators(base);
after(() => operators.close());

const operator: Operator = {
  name: 'mobilink',
  title: 'Mobilink',
  plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230', '9231'] },
  msisdnFormat: 'international',
  timeZone: 'Asia/Karachi',
  currency: 'PKR',
  shortCode: '7787',
  baseUrl: 'http://127.0.0.1:1',
  requestsPerSecond: 7.5,
  timeoutMs: 20_000,
  inquiry: 'byOurId',
  settleMs: 60_000,
  refunds: true,
  msisdnHeader: 'x-msisdn',
  queryMsisdn: false,
  addressRanges: ['39.41.0.0/16', '2001:db8::/32'],
};
const AT = new Date('2026-11-20T07:00:00Z');
const save = (wanted: Operator) => database.transaction((tx) => operators.save(tx, wanted));
const list = (name: 'blacklist' | 'postpaid', msisdns: readonly string[]) =>
  database.transaction((tx) =>
    operators.addToNumberList(tx, { list: name, msisdns, reason: 'test', at: AT }),
  );
const listed = (msisdns: readonly string[]) =>
  database.transaction((tx) => operators.listed(tx, msisdns));

test('an operator is read back as it was written, and written anew without a trace of before', async () => {
  await save(operator);
  await operators.refresh();
  assert.deepEqual(operators.get('mobilink'), operator);
  const changed: Operator = {
    ...operator,
    ...{ plan: { ...operator.plan, prefixes: ['9232'] }, addressRanges: [], requestsPerSecond: 20 },
    ...{ msisdnHeader: '', inquiry: 'none' },
  };
  await save(changed);
  await operators.refresh();
  assert.deepEqual(operators.get('mobilink'), changed);
  assert.deepEqual(operators.all(), [changed]);
});

test('the metrics tell whether a breaker is open, whichever process opened it', async () => {
  const open = async (seconds: number) => {
    await sql`
      insert into operators.breaker (operator, open_until)
      values ('mobilink', clock_timestamp() + make_interval(secs => ${seconds}))
      on conflict (operator) do update set open_until = excluded.open_until`.execute(database.pool);
    await operators.refresh();
    return base.metrics.registry.metrics();
  };
  assert.match(await open(60), /kopek_operator_breaker_open\{operator="mobilink"\} 1/);
  assert.match(await open(-1), /kopek_operator_breaker_open\{operator="mobilink"\} 0/);
});

test('a rate that is changed in the database is known a moment later, without a word to us', async () => {
  await sql`update operators.operator set requests_per_second = 3 where name = 'mobilink'`.execute(
    database.pool,
  );
  await eventually(() => assert.equal(operators.get('mobilink').requestsPerSecond, 3));
});

test('an operator that nobody knows is a clear error', () => {
  assert.throws(() => operators.get('nobody'), { code: 'operator_unknown', kind: 'not_found' });
});

test('what can not be an operator is refused by the database', async () => {
  const odd: readonly Partial<Operator>[] = [
    ...[{ name: 'No Word' }, { requestsPerSecond: 0 }, { currency: 'pkr' }, { timeoutMs: 0 }],
    ...[{ addressRanges: ['39.41.0.0/99'] }, { plan: { ...operator.plan, prefixes: ['0300'] } }],
    { plan: { ...operator.plan, digits: 16 } },
  ];
  for (const changes of odd)
    await assert.rejects(save({ ...operator, name: 'other', ...changes }), JSON.stringify(changes));
  await operators.refresh();
  assert.deepEqual(
    operators.all().map(({ name }) => name),
    ['mobilink'],
  );
});

test('a number is listed once a list, and the blacklist speaks first', async () => {
  await list('postpaid', ['+923009102250', '+923009102251', '+923009102250']);
  await list('postpaid', ['+923009102250']);
  await list('blacklist', ['+923009102251']);
  const found = await listed(['+923009102250', '+923009102251', '+923009102252']);
  assert.deepEqual([...found].toSorted(), [
    ['+923009102250', 'postpaid'],
    ['+923009102251', 'blacklist'],
  ]);
  assert.equal((await listed([])).size, 0);
  await assert.rejects(list('blacklist', ['03009102250']), /number_list_msisdn_is_e164/);
});

test('lists that are filled from both ends at once do not lock each other out', async () => {
  const numbers = Array.from({ length: 200 }, (_, index) => `+92301${1_000_000 + index}`);
  await Promise.all([
    ...[list('blacklist', numbers), list('blacklist', numbers.toReversed())],
    ...[list('blacklist', numbers), list('blacklist', numbers.toReversed())],
  ]);
  assert.equal((await listed(numbers)).size, 200);
  assert.equal(database.deadlocks.count, 0);
});

test('a number is spelled in three ways', () => {
  const spell = (msisdnFormat: Operator['msisdnFormat']) =>
    spellMsisdn('+923009102250', { ...operator, msisdnFormat });
  assert.equal(spell('international'), '923009102250');
  assert.equal(spell('plus'), '+923009102250');
  assert.equal(spell('national'), '03009102250');
});
