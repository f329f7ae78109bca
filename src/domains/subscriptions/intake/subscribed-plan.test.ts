import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql, type Tx } from '#database';
import { rowsLookedAt, testDatabase } from '#testing';
import { monthly, openIntakeHouse } from './fixture.ts';
import { findSubscribed } from './subscribed-store.ts';

const database = await testDatabase();
const house = await openIntakeHouse({ database, processingUrl: 'http://127.0.0.1:1' });
await database.transaction((tx) => house.cards.addPlan(tx, monthly));
after(() => house.close());

const SET = 20;
const MANY = 5000;

const askersFrom = (first: number) =>
  Array.from({ length: SET }, (_, n) => ({
    ...{ user: `u-${first + n}`, msisdn: `+${79_160_000_000 + first + n}`, plan: 'month' },
  }));

/** As if so many had subscribed long ago; what else a subscription has does not matter here. */
async function fill(): Promise<void> {
  await database.transaction(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await sql`
      with made as (
        insert into subscriptions.customer (msisdn, user_key, created_at)
        select '+' || (79160000000 + n)::text, 'u-' || n, now() from generate_series(1, ${MANY}::integer) as n
        returning id
      )
      insert into subscriptions.subscription (customer_id, id, service_id, operator, status, terms_version, consent_id, anchor_at, created_at)
      select m.id, m.id, s.id, s.operator, 'active', 1, m.id, now(), now()
      from made m cross join subscriptions.service s where s.code = 'month'`.execute(tx);
  });
}

const TABLES = ['subscriptions.customer', 'subscriptions.subscription'];

test('who has it already is found by key, also by connections that met the tables empty', async () => {
  const looksOf = async (first: number, found: number) => {
    const find = (tx: Tx) => findSubscribed(tx, askersFrom(first));
    const { result, rows } = await rowsLookedAt(database, TABLES, find);
    assert.equal(result.size, found);
    return rows;
  };
  for (let times = 0; times < 8; times += 1) await looksOf(1, 0);
  await fill();
  const atOnce = await looksOf(1, SET);
  await sql`analyze subscriptions.customer, subscriptions.subscription`.execute(database.pool);
  const later = await looksOf(1000, SET);
  for (const looks of [atOnce, later]) assert.ok(looks <= SET * 10, `${looks} rows`);
});
