import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parcel } from '#bus';
import { sql } from '#database';
import { transactionLog } from '#operators';
import { mtManager } from '#subscriptions';
import { eventually, testDatabase } from '#testing';
import { action, at, hit, MSISDN, payment, runReports, START } from './fixture.ts';

const database = await testDatabase();
const running = await runReports(database);
after(() => running.stop());
const { bus, clock, metrics, quiet, reports, tell } = running;

async function read(table: string): Promise<Record<string, unknown>[]> {
  const { rows } = await sql<Record<string, unknown>>`
    select * from ${sql.table(`reports.${table}`)} order by at`.execute(database.pool);
  return rows;
}

test('hits and actions are kept as they came', async () => {
  await tell(
    hit({ hit: 'hit_1', msisdn: MSISDN, msisdn_source: 'query', aff_pub: 'media-7' }),
    hit({ hit: 'hit_2', msisdn_error: 'msisdn_foreign', at: at(1) }),
    action({ hit: 'hit_1' }),
  );
  await quiet();
  const [first, second] = await read('hit');
  assert.equal(first?.msisdn, MSISDN);
  assert.equal(first?.aff_pub, 'media-7');
  assert.deepEqual(first?.at, START);
  assert.equal(second?.msisdn, null);
  assert.equal(second?.msisdn_error, 'msisdn_foreign');
  assert.equal((await read('user_action'))[0]?.action, 'access');
});

test('a message may carry a set', async () => {
  const entry = {
    operator: 'mobilink',
    kind: 'charge',
    msisdn: MSISDN,
    reference: 'pay_1',
  } as const;
  const entries = [1, 2, 3].map((n) => ({ ...entry, at: at(n), decision: 'accepted', took_ms: n }));
  await tell(parcel(transactionLog, [{ key: 'pay_1', payload: { entries } }]));
  const row = { at: at(0), subscription: 'sub_1', msisdn: MSISDN };
  const charge = { ...row, payment: 'pay_1', operator: 'mobilink', service: 'music', period: 0 };
  await tell(
    parcel(mtManager, [
      {
        key: '1',
        payload: { action: 'writeSubscriptionStatus', rows: [{ ...row, status: 'active' }] },
      },
      {
        key: '1',
        payload: {
          action: 'writeTransaction',
          rows: [{ ...charge, amount_minor: 500, currency: 'PKR', result: 'paid' }],
        },
      },
    ]),
  );
  await quiet();
  assert.deepEqual(
    (await read('transaction_log')).map(({ took_ms }) => took_ms),
    [1, 2, 3],
  );
  assert.equal((await read('subscription_status')).length, 1);
  const [transaction] = await read('transaction');
  assert.equal(transaction?.amount_minor, 500n);
  assert.equal(transaction?.result, 'paid');
});

test('one message that can not be written down goes aside alone', async () => {
  const before = (await read('user_action')).length;
  await tell(
    action({ hit: 'hit_8' }),
    action({ hit: 'hit_9', at: 'yesterday, I think' }),
    action({ hit: 'hit_10' }),
  );
  await eventually(async () => assert.equal((await read('user_action')).length, before + 2));
  const depths = await bus.depths();
  const depth = depths.find(({ topic }) => topic === 'xmp_user_actions');
  assert.equal((depth?.delayed ?? 0) + (depth?.ready ?? 0) + (depth?.dead ?? 0), 1);
});

test('the last charge is the newest accepted one, and its age is a metric', async () => {
  assert.equal(await reports.lastCharge(), undefined);
  await tell(payment('accepted', { at: at(60) }), payment('declined', { at: at(90) }));
  await tell(payment('accepted', { at: at(30) }));
  await eventually(async () => {
    const text = await metrics.registry.metrics();
    assert.match(text, /kopek_reports_messages_total\{topic="payment_events"\} 3/);
  });
  assert.deepEqual(await reports.lastCharge(), new Date(at(60)));
  clock.advanceMs(100_000);
  const text = await metrics.registry.metrics();
  assert.match(text, /kopek_seconds_since_last_charge\{operator="mobilink"\} 40/);
});
