import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { askedMessage, openSmsHouse } from '#sms/stage';
import { tidyMessages } from './tidy-messages.ts';

const house = await openSmsHouse();
const { clock, context, database, sms } = house;
const DAY_MS = 86_400_000;

const count = async (table: string) => {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from ${sql.table(table)}`.execute(database.pool);
  return Number(rows[0]?.count);
};
const counts = () =>
  Promise.all(['sms.message', 'sms.event', 'sms.submission', 'sms.incoming'].map(count));

test('what has ended is forgotten when no law asks for it, with its history; what is open stays', async () => {
  const [rejected] = await sms.intake.take([askedMessage({ entity: 'nobody' })]);
  const [open] = await sms.intake.take([askedMessage()]);
  assert.deepEqual(
    [rejected, open].map((one) => one?.outcome),
    ['taken', 'taken'],
  );
  const received = { provider: 'first', msisdn: '+923001234567', shortCode: '7787', text: 'Hi' };
  await sms.receive({ ...received, id: 'mo-1' });
  await sql`insert into sms.submission (provider, provider_message_id, message_id, attempt, part)
    select 'first', 'p-' || id, id, 1, 0 from sms.message`.execute(database.pool);
  assert.deepEqual(await counts(), [2, 2, 2, 1]);
  clock.advanceMs(300 * DAY_MS);
  await tidyMessages(context);
  assert.deepEqual(await counts(), [2, 2, 2, 1]);
  const kept = clock.nowMs() - house.rules.recordKeptSince().getTime();
  clock.advanceMs(kept);
  assert.equal(await tidyMessages(context), false);
  assert.deepEqual(await counts(), [1, 1, 1, 0]);
  assert.ok(open?.outcome === 'taken' && (await sms.find(open.sms)));
});
