import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { parseSmsId } from '#sms/message';
import { askedMessage, NOW, openSmsHouse, stateOf } from '#sms/stage';
import { matchParked } from './apply-reports.ts';
import { parkReports } from './report-store.ts';

const house = await openSmsHouse();
const { clock, context, database, rules, sms } = house;

async function submitted(providerMessageId: string): Promise<string> {
  const [taken] = await sms.intake.take([askedMessage()]);
  const id = taken?.sms ?? '';
  const messageId = parseSmsId(id);
  await sql`update sms.message set state = 'accepted', attempts = 1, sent_at = created_at where id = ${messageId}`.execute(
    database.pool,
  );
  await sql`insert into sms.submission (provider, provider_message_id, message_id, attempt, part)
    values ('first', ${providerMessageId}, ${messageId}, 1, 0)`.execute(database.pool);
  return id;
}

const incoming = (from: string, id: string) => ({ id, from, to: '7787', text: 'STOP' });

test('STOP from what is no number is kept, stops nobody, and does not hold up what else was told', async () => {
  const id = await submitted('a-1');
  await sms.hear('first', {
    reports: [{ providerMessageId: 'a-1', state: 'delivered' }],
    incoming: [
      ...[incoming('INFO', 'mo-1'), incoming('900', 'mo-2'), incoming('923001234567', 'mo-3')],
      // As Russians dial it.
      incoming('89161234567', 'mo-4'),
    ],
  });
  assert.equal(await stateOf(house, id), 'delivered');
  const { rows } = await sql<{ sender: string }>`
    select sender from sms.incoming order by provider_message_id`.execute(database.pool);
  assert.deepEqual(
    rows.map(({ sender }) => sender),
    ['INFO', '900', '+923001234567', '+79161234567'],
  );
  const stopped = await rules.suppressions(database.pool, {
    ...{ msisdn: null, list: 'stop', entity: null, after: ['', '', ''], limit: 10 },
  });
  assert.deepEqual(
    stopped.map(({ msisdn }) => msisdn),
    ['+79161234567', '+923001234567'],
  );
});

test('a letter that no table takes does not make a provider repeat itself for ever', async () => {
  const id = await submitted('b-1');
  await sms.hear('first', {
    reports: [
      { providerMessageId: 'b-\u0000', state: 'delivered', reason: 'x\u0000' },
      { providerMessageId: 'b-1', state: 'undelivered', reason: 'no\u0000body \ud800' },
    ],
    incoming: [],
  });
  assert.equal(await stateOf(house, id), 'undelivered');
});

test('a receipt that waits for its answer is found at once, and a stranger is not looked up for days', async () => {
  const parked = (providerMessageId: string) => ({
    ...{
      provider: 'first',
      providerMessageId,
      state: 'delivered' as const,
      at: null,
      reason: null,
    },
  });
  const park = (id: string) =>
    database.transaction((tx) => parkReports(tx, { reports: [parked(id)], now: clock.now() }));
  await park('c-1');
  await park('c-2');
  const fresh = await submitted('c-1');
  assert.equal(await matchParked(context), 1);
  assert.equal(await stateOf(house, fresh), 'delivered');
  clock.set(new Date(NOW.getTime() + 3_600_000));
  const old = await submitted('c-2');
  assert.equal(await matchParked(context), 0);
  assert.equal(await matchParked(context, { all: true }), 1);
  assert.equal(await stateOf(house, old), 'delivered');
});
