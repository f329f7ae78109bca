import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { sql } from '#database';
import { createSms } from '#sms/create-sms';
import { parseSmsId } from '#sms/message';
import { lockMessages } from '#sms/message-store';
import { insertSubmissions } from '#sms/reports';
import { eventually } from '#testing';
import { askedMessage, openSmsHouse, stateOf } from './fixture.ts';

const house = await openSmsHouse();
const { database, sms } = house;
const otherCopy = createSms(house.context);
let before = 0;

afterEach(() => {
  assert.equal(database.deadlocks.count - before, 0, 'nobody waits for another crosswise');
  before = database.deadlocks.count;
});

async function take(): Promise<string> {
  const [taken] = await sms.intake.take([askedMessage()]);
  return taken?.sms ?? '';
}

/** Until that many sessions wait for a lock. */
const untilWaiting = (count: number) =>
  eventually(async () => {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database.pool);
    assert.equal(rows.length, count);
  });

test('a receipt with our id and the answer to its submission meet, and both are kept', async () => {
  const id = await take();
  const messageId = parseSmsId(id);
  await sql`update sms.message set state = 'submitting', attempts = 1, sent_at = created_at where id = ${messageId}`.execute(
    database.pool,
  );
  const report = { providerMessageId: 'early-1', sms: id, state: 'delivered' } as const;
  let heard: Promise<void> | undefined;
  await database.transaction(async (tx) => {
    await lockMessages(tx, [messageId]);
    heard ??= sms.hear('first', { reports: [report], incoming: [] });
    await untilWaiting(1);
    const submission = { provider: 'first', providerMessageId: 'early-1', messageId };
    await insertSubmissions(tx, [{ ...submission, attempt: 1, part: 0 }]);
  });
  await heard;
  assert.equal(await stateOf(house, id), 'delivered');
});

test('the receipt of a second try is known by our id, as that of the first was', async () => {
  const id = await take();
  const messageId = parseSmsId(id);
  await insertTry(messageId, { attempt: 1, providerMessageId: 'try-1' });
  await sql`update sms.message set state = 'unknown', attempts = 2, sent_at = created_at where id = ${messageId}`.execute(
    database.pool,
  );
  const reports = [{ providerMessageId: 'try-2', sms: id, state: 'delivered' as const }];
  await sms.hear('first', { reports, incoming: [] });
  assert.equal(await stateOf(house, id), 'delivered');
});

const insertTry = (
  messageId: bigint,
  of: { readonly attempt: number; readonly providerMessageId: string },
) =>
  database.transaction((tx) =>
    insertSubmissions(tx, [{ provider: 'first', messageId, part: 0, ...of }]),
  );

test('the same references asked for in other orders at once are taken once', async () => {
  for (let round = 0; round < 6; round += 1) {
    const messages = Array.from({ length: 300 }, () => askedMessage());
    const [one, other] = await Promise.all([
      sms.intake.take(messages),
      otherCopy.intake.take(messages.toReversed()),
    ]);
    assert.deepEqual(
      one.map((taken) => taken.sms),
      other.toReversed().map((taken) => taken.sms),
    );
  }
});
