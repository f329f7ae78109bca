import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Database, sql } from '#database';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { until } from './locks.ts';
import { debitsOf, phoneOf, sayStop, storyOf, subscribe } from './people.ts';
import { ownServer } from './server.ts';
import { type Stage, setStage } from './stage.ts';

// Every message comes twice, or again much later and in another order: once in effect.

await ownServer();

/** Topics whose messages move money, subscriptions and SMS; logs may well say a thing twice. */
const TOPICS = [
  ...['mobilink_new_subscriptions', 'mobilink_mo_tarifficate', 'mobilink_requests'],
  ...['mobilink_responses', 'mobilink_sms_requests', 'mobilink_mo', 'subscription_events'],
];

const ENDINGS = ['01', '90', '91', '92', '93', '96'];
const phones = ENDINGS.map((ending, n) => phoneOf(n, ending));
const stopped = phoneOf(50);

async function live(stage: Stage): Promise<void> {
  await stage.start('dispatcher', 'mt-manager', 'telco', 'qlistener');
  await Promise.all([...phones, stopped].map((phone) => subscribe(stage, phone)));
  await untilQuiet(stage);
  await sayStop(stage, stopped);
  await until(stage.database, sql`select count(*) > 0 as yes from subscriptions.stop`);
  await untilQuiet(stage);
}

/** Other ids for the messages of a parcel. */
async function makeRenewal(database: Database): Promise<void> {
  await sql`
    create function public.renewed(ids text) returns text language sql volatile
    return (
      select string_agg(gen_random_uuid()::text, U&'\\001f')
      from unnest(string_to_array(ids, U&'\\001f'))
    )`.execute(database.pool);
}

/** Everything that is published from now on is copied aside. */
async function keepCopies(database: Database): Promise<void> {
  await makeRenewal(database);
  await sql`create table public.copy (like platform.bus_parcel)`.execute(database.pool);
  await sql`
    create function public.keep() returns trigger language plpgsql as $$
    begin insert into public.copy select new.*; return new; end $$`.execute(database.pool);
  await sql`
    create trigger keep before insert on platform.bus_parcel
    for each row execute function public.keep()`.execute(database.pool);
}

/** All that must be as it was. */
async function stateOf(stage: Stage): Promise<unknown> {
  const { rows } = await sql`
    select (select json_agg(s order by s.id) from subscriptions.subscription s) as subscriptions,
      (select json_agg(b order by b.subscription_id, b.period) from subscriptions.bill b) as bills,
      (select count(*) from payments.payment) as payments,
      (select count(*) from payments.attempt) as attempts,
      (select count(*) from subscriptions.stop) as stops,
      (select count(*) from content.delivery) as deliveries,
      (select json_agg(json_build_object('id', m.id, 'state', m.state) order by m.id) from sms.message m) as sms`.execute(
    stage.database.pool,
  );
  return { ...(rows[0] as object), debits: (await stage.book.debits()).length };
}

test('every message published twice at once: one charge, one SMS, one end each', async (t) => {
  const stage = await setStage(t);
  await makeRenewal(stage.database);
  await sql`
    create function public.twice() returns trigger language plpgsql as $$
    begin
      -- Not what a take lays back: that was published twice already.
      if pg_trigger_depth() = 1 and current_query() not like '%bus_take%' then
        insert into platform.bus_parcel (queue, slot, id, size, message_ids, keys, published_at, source, payloads)
        select n.queue, n.slot, platform.bus_next_id(), n.size, public.renewed(n.message_ids), n.keys, n.published_at,
          n.source, n.payloads
        from fresh n join platform.bus_queue q using (queue) where q.topic = any (tg_argv[0]::text[]);
      end if;
      return null;
    end $$`.execute(stage.database.pool);
  await sql
    .raw(`create trigger twice after insert on platform.bus_parcel referencing new table as fresh
      for each statement execute function public.twice('{${TOPICS.join(',')}}')`)
    .execute(stage.database.pool);
  await live(stage);
  const first = phones[0] ?? '';
  assert.deepEqual(await storyOf(stage, first), {
    ...{ status: 'active', end_reason: null, bill: 'paid', payment: 'accepted', payments: 1 },
  });
  assert.equal(await debitsOf(stage, first), 1);
  const kinds = (await stage.book.delivered()).map((message) => `${message.to} ${message.text}`);
  assert.equal(new Set(kinds).size, kinds.length);
  assert.ok(!kinds.some((text) => /already/.test(text)), 'nobody is a rival of itself');
  const { rows } = await sql`
    select b.attempts from subscriptions.bill b where b.state = 'open' and b.attempts <> 1`.execute(
    stage.database.pool,
  );
  assert.deepEqual(rows, []);
  await assertInvariants(stage, { confirmed: phones });
});

test('all messages published again by hand, in another order, under other ids: nothing changes', async (t) => {
  const stage = await setStage(t);
  const { database } = stage;
  await keepCopies(database);
  await live(stage);
  const before = await stateOf(stage);
  await sql`drop trigger keep on platform.bus_parcel`.execute(database.pool);
  for (const order of ['desc', 'asc']) {
    await sql`
      insert into platform.bus_parcel (queue, slot, id, size, message_ids, keys, published_at, source, payloads)
      select c.queue, c.slot, platform.bus_next_id(), c.size, public.renewed(c.message_ids), c.keys, clock_timestamp(),
        c.source, c.payloads
      from public.copy c join platform.bus_queue q using (queue)
      where q.topic = any (${TOPICS}::text[]) order by c.id ${sql.raw(order)}`.execute(
      database.pool,
    );
    await untilQuiet(stage);
    assert.deepEqual(await stateOf(stage), before);
  }
  await assertInvariants(stage);
});

test('a refusal heard again while its retry is under way begins no third attempt', async (t) => {
  const stage = await setStage(t);
  const { database } = stage;
  await keepCopies(database);
  await stage.start('dispatcher', 'mt-manager', 'telco', 'qlistener');
  const phone = phoneOf(60, '90');
  await subscribe(stage, phone);
  await untilQuiet(stage);
  await stage.book.tell(`/customers/${phone}/topup`, { amount_minor: 5000 });
  await stage.book.tell('/settings', { latencyMs: { min: 500, max: 500 } }, 'PUT');
  // The ladder's steps have all passed: whatever sets a due time now would begin an attempt at once.
  await sql`update subscriptions.bill set opened_at = opened_at - interval '13 hours'`.execute(
    database.pool,
  );
  await sql`update subscriptions.subscription set due_at = clock_timestamp()`.execute(
    database.pool,
  );
  await until(
    database,
    sql`select count(*) = 1 as yes from payments.payment where state = 'sending'`,
  );
  await sql`
    insert into platform.bus_parcel (queue, slot, id, size, message_ids, keys, published_at, source, payloads)
    select c.queue, c.slot, platform.bus_next_id(), c.size, public.renewed(c.message_ids), c.keys, clock_timestamp(),
        c.source, c.payloads
    from public.copy c join platform.bus_queue q using (queue)
    where q.topic = 'mobilink_responses'`.execute(database.pool);
  await untilQuiet(stage);
  assert.deepEqual(await storyOf(stage, phone), {
    ...{ status: 'active', end_reason: null, bill: 'paid', payment: 'accepted', payments: 2 },
  });
  assert.equal(await debitsOf(stage, phone), 1);
  await assertInvariants(stage);
});
