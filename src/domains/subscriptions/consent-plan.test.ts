import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql, type Tx } from '#database';
import { rowsLookedAt } from '#testing';
import { openHouse } from './fixture.ts';
import { recordConsent } from './record-consent.ts';

const { consentOf, context, database } = await openHouse();
const SET = 20;
const MANY = 5000;
const TABLES = ['subscriptions.customer', 'subscriptions.consent'];

const msisdnOf = (n: number) => `+${923_000_000_000 + n}`;

/** Twenty people who give a consent at once, half of them for the first time. */
async function looksOf(first: number): Promise<number> {
  const numbers = Array.from({ length: SET }, (_, n) => msisdnOf(first + n));
  const record = (tx: Tx) =>
    recordConsent(
      context,
      tx,
      numbers.map((msisdn) => consentOf(msisdn)),
    );
  const { result, rows } = await rowsLookedAt(database, TABLES, record);
  assert.equal(result.length, SET);
  return rows;
}

test('consents are written along the keys, also by connections that met the tables empty', async () => {
  for (let times = 0; times < 8; times += 1) await looksOf(1);
  await sql`
    insert into subscriptions.customer (msisdn, created_at)
    select '+' || (923000100000 + n)::text, now() from generate_series(1, ${MANY}::integer) as n`.execute(
    database.pool,
  );
  const atOnce = await looksOf(100_000 + MANY - SET / 2);
  await sql`analyze subscriptions.customer, subscriptions.consent`.execute(database.pool);
  const later = await looksOf(100_001);
  for (const looks of [atOnce, later]) assert.ok(looks <= SET * 12, `${looks} rows`);
});
