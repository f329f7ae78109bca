import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql, type Tx } from '#database';
import { changeOf } from '#sms/change-messages';
import { lockMessages, updateMessages } from '#sms/message-store';
import { findParts, findSubmissions, insertSubmissions, updateParts } from '#sms/reports';
import { markSubmitting } from '#sms/work-store';
import { rowsLookedAt } from '#testing';
import { openSmsHouse } from './fixture.ts';

const { database } = await openSmsHouse();
const now = new Date('2026-03-02T10:00:00Z');
const OWNER = '018f2f3e-0000-7000-8000-000000000001';
const PROVIDER = 'first';
const SET = 20;

/** What is done to every message on its way, twenty at once. */
async function walk(tx: Tx, first: number): Promise<void> {
  const ids = Array.from({ length: SET }, (_, n) => BigInt(first + n));
  const rows = await lockMessages(tx, ids);
  const marks = rows.map((row) => ({ row, validUntil: row.expires_at }));
  const begun = await markSubmitting(tx, { marks, owner: OWNER, leaseMs: 1000, now });
  await updateMessages(tx, { changes: begun.map((row) => changeOf(row, { state: 'sent' })), now });
  const providerMessageIds = ids.map((id) => `m-${id}`);
  const found = await findSubmissions(tx, { provider: PROVIDER, providerMessageIds });
  const parts = await findParts(tx, ids);
  assert.deepEqual([rows.length, found.length, parts.length], [SET, SET, SET]);
  await updateParts(
    tx,
    parts.map((part) => ({ ...part, state: 'sent', at: now })),
  );
}

async function fill(from: number, to: number): Promise<void> {
  await database.transaction(async (tx) => {
    await sql`
      insert into sms.message (id, provider, recipient, sender, body, kind, secret, priority, created_at, expires_at)
      select n, ${PROVIDER}, '+79161234567', 'SHOP', 'text', 'text', false, 1, ${now}, ${now}
      from generate_series(${from}::bigint, ${to}::bigint) as n`.execute(tx);
    const submissions = Array.from({ length: to - from + 1 }, (_, n) => ({
      ...{ provider: PROVIDER, providerMessageId: `m-${from + n}`, messageId: BigInt(from + n) },
      ...{ attempt: 1, part: 0 },
    }));
    await insertSubmissions(tx, submissions);
  });
}

async function looksOf(first: number): Promise<number> {
  const tables = ['sms.message', 'sms.submission'];
  return (await rowsLookedAt(database, tables, (tx) => walk(tx, first))).rows;
}

test('a connection that met the tables nearly empty goes by the key when they are full', async () => {
  await fill(1, SET);
  await sql`analyze sms.message, sms.submission`.execute(database.pool);
  // More than the connections would need for a plan of their own each.
  for (let times = 0; times < 8; times += 1) await looksOf(1);
  await fill(1000, 6000);
  const before = await looksOf(1000);
  await sql`analyze sms.message, sms.submission`.execute(database.pool);
  const after = await looksOf(2000);
  for (const looks of [before, after]) assert.ok(looks <= SET * 10, `${looks} rows`);
});
