import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { sql } from '#database';
import { testDatabase } from '#testing';

const database = await testDatabase();
const QUEUE = 1;

await sql`insert into platform.bus_queue (topic, group_name, ordered, lanes, attempts_max)
  values ('plan', 'worker', true, 4, 3)`.execute(database.pool);
await sql`insert into platform.bus_lane (queue, lane, owner, lease_until)
  select ${QUEUE}, lane, '00000000-0000-0000-0000-000000000001', 'infinity'
  from generate_series(0, 3) lane`.execute(database.pool);

const CALLS = [
  "select * from platform.bus_take(1, '{0,1,2}', '{0,0,0}', 50)",
  "select * from platform.bus_take_due(1, '{0,1,2}', '{0,0,0}', 50, '2026-03-01', false)",
  "select * from platform.bus_take_due(1, '{0,1,2}', '{0,0,0}', 50, '2026-03-01', true)",
  "select * from platform.bus_take_ordered(1, '00000000-0000-0000-0000-000000000001', 50, '2025-01-01')",
  "select platform.bus_cut(1, '{0,1,2}', '{0,0,0}', 1)",
  "select * from platform.bus_take_these(1, '{0,1}', '{5,6}', '{0,1}', true)",
] as const;

/** The plans that the functions' own statements were really run with, as auto_explain tells them. */
async function readPlans(): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const plans: string[] = [];
  client.on('notice', ({ message = '' }) => {
    if (/bus_(parcel|delayed)/.test(message)) plans.push(message);
  });
  try {
    await client.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0;
      set auto_explain.log_nested_statements = on; set auto_explain.log_analyze = on; set client_min_messages = log`);
    for (const call of CALLS) {
      await client.query('begin');
      await client.query(call);
      await client.query('rollback');
    }
    return plans;
  } finally {
    await client.end();
  }
}

async function fill(): Promise<void> {
  await sql`insert into platform.bus_parcel
      (queue, slot, id, size, message_ids, keys, published_at, source, payloads)
    select ${QUEUE}, n % 3, platform.bus_next_id(), 1, gen_random_uuid(), 'k' || n % 1000, '2026-01-01', 'test', '{}'
    from generate_series(1, 100000) n`.execute(database.pool);
  await sql`insert into platform.bus_delayed
      (queue, slot, id, message_id, key, published_at, source, payload, due_at, attempts, alone)
    select ${QUEUE}, n % 3, -n, gen_random_uuid(), 'd' || n, '2026-01-01', 'test', '{}',
      timestamptz '2026-02-01' + n * interval '1 minute', 1, n % 5000 = 0
    from generate_series(1, 50000) n`.execute(database.pool);
}

function assertPinned(plans: readonly string[]): void {
  assert.ok(plans.length >= 20, `${plans.length} plans were seen`);
  for (const plan of plans) {
    assert.doesNotMatch(plan, /Seq Scan on bus_|Bitmap|Hash|Merge/, plan);
    // What was taken is put into its order; what lies in the table never is.
    assert.doesNotMatch(plan, /Sort Key: (?:\w+\.)*(?:[pdth]|bus_\w+)\./, plan);
    // Every scan goes straight to where its rows stand: no index condition on the queue alone.
    const scans = [...plan.matchAll(/using (\w+) on \w+ \w[^\n]*\n\s+Index Cond: (.*)/g)];
    for (const [, index, condition = ''] of scans) {
      if (index === 'bus_parcel_pkey') assert.match(condition, /slot = /, plan);
      if (index === 'bus_delayed_due') assert.match(condition, /alone/, plan);
    }
    const read = [...plan.matchAll(/Index (?:Only )?Scan using .*rows=([\d.]+) loops=(\d+)/g)];
    for (const [, rows, loops] of read) assert.ok(Number(rows) * Number(loops) <= 50, plan);
  }
}

test('the plans are index scans on fresh tables', async () => {
  assertPinned(await readPlans());
});

test('and on tables that were analysed empty and filled since', async () => {
  await sql`analyze platform.bus_parcel, platform.bus_delayed, platform.bus_lane`.execute(
    database.pool,
  );
  await sql`alter table platform.bus_parcel set (autovacuum_enabled = false)`.execute(
    database.pool,
  );
  await sql`alter table platform.bus_delayed set (autovacuum_enabled = false)`.execute(
    database.pool,
  );
  await fill();
  assertPinned(await readPlans());
});

test('and on full tables that were analysed', async () => {
  await sql`analyze platform.bus_parcel, platform.bus_delayed`.execute(database.pool);
  assertPinned(await readPlans());
});
