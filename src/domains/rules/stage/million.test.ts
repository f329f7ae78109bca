import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompiledQuery } from 'kysely';
import { type Executor, sql } from '#database';
import { testDatabase } from '#testing';
import { lawsOf, NOON, setStage, stopList, twiceADay } from './fixture.ts';

const PLACES = 1_000_000;
/** Each has some history: more people than places of one. */
const PEOPLE = 50_000;
const ASKED_AT_ONCE = 200;
const ROUNDS_MAX = 30;
const P99_MS = 5;
/** Where even a statement that reads nothing is slow, a decision may take as long as so many of them. */
const BARE_STATEMENTS = 8;
/** Of the database, for one statement: some levels of two indexes, and the rows. */
const PAGES_MAX = 100;

const database = await testDatabase();
const { ask, rules } = await setStage(database, lawsOf(twiceADay, stopList));
let asked = 0;
const numberOf = (person: number) => `+7916${String(person).padStart(7, '0')}`;

await sql`
  insert into rules.scope (scope)
  select 'test-law/message|group:alfa|person:+7916' || lpad(n::text, 7, '0') from generate_series(0, ${PEOPLE - 1}) n`.execute(
  database.pool,
);
await sql`
  insert into rules.counted (message, scope_id, at)
  select 'old_' || n, s.id, ${NOON}::timestamptz - (n % 60 + 2) * interval '1 day'
  from generate_series(1, ${PLACES}) n
  join (select id, row_number() over (order by id) - 1 as person from rules.scope) s on s.person = n % ${PEOPLE}`.execute(
  database.pool,
);
await sql`
  insert into rules.suppression (msisdn, list, entity, reason, since)
  select '+7917' || lpad(n::text, 7, '0'), 'stop', '', 'STOP', ${NOON} from generate_series(1, 200000) n`.execute(
  database.pool,
);
// As autovacuum does it after so much was written.
await sql`analyze rules.scope, rules.counted, rules.suppression`.execute(database.pool);

test(`a decision with ${PLACES} places counted takes less than ${P99_MS} ms, or than ${BARE_STATEMENTS} bare statements`, async (t) => {
  const rounds: (readonly [ms: number, allowedMs: number])[] = [];
  // Others work on this machine: a round in which they took the processor says nothing of us.
  while (rounds.length < ROUNDS_MAX && !rounds.some(([ms]) => ms < P99_MS)) {
    const bareMs = await p99Of(() => sql`select 1`.execute(database.pool));
    rounds.push([await p99Of(askOnce), Math.max(P99_MS, BARE_STATEMENTS * bareMs)]);
  }
  const told = rounds
    .map(([ms, allowed]) => `${ms.toFixed(2)} of ${allowed.toFixed(2)}`)
    .join(', ');
  t.diagnostic(`p99 of ${ASKED_AT_ONCE}: ${told} ms`);
  assert.ok(
    rounds.some(([ms, allowedMs]) => ms < allowedMs),
    told,
  );
});

async function askOnce(): Promise<void> {
  const request = ask({ recipient: numberOf((asked * 131) % PEOPLE) });
  asked += 1;
  const [decision] = await rules.check(database.pool, [request]);
  assert.equal(decision?.outcome, 'send');
}

async function p99Of(work: () => Promise<unknown>): Promise<number> {
  const tookMs: number[] = [];
  for (let n = 0; n < ASKED_AT_ONCE; n += 1) {
    const beganMs = performance.now();
    await work();
    tookMs.push(performance.now() - beganMs);
  }
  tookMs.sort((one, other) => one - other);
  return tookMs[Math.floor(ASKED_AT_ONCE * 0.99)] ?? 0;
}

test('what a decision reads it finds by indexes, on a few pages', async () => {
  const plans = await plansOf(async (executor) => {
    await rules.check(executor, [ask({ recipient: numberOf(7) })]);
  });
  assert.equal(plans.length, 2);
  for (const plan of plans) {
    assert.doesNotMatch(plan, /Seq Scan on (scope|counted|suppression)/, plan);
    const [, pages] = /Buffers: shared hit=(\d+)/.exec(plan) ?? [];
    assert.ok(Number(pages) < PAGES_MAX, plan);
  }
  assert.match(plans[0] ?? '', /suppression_pkey/);
  assert.match(plans[1] ?? '', /Index (Only )?Scan.* counted_of_scope/);
});

test('a batch of a thousand reads as many times as one message', async () => {
  const requests = Array.from({ length: 1000 }, (_, person) =>
    ask({ recipient: numberOf(person) }),
  );
  let plans: readonly string[] = [];
  await database.transaction(async (tx) => {
    plans = await plansOf(() => rules.reserve(tx, requests).then(() => {}), tx);
  });
  // Facts, counters to lock, facts anew after the wait, places, and what is written: whatever the size.
  assert.equal(plans.length, 7);
});

/** The plans of all that is asked meanwhile, in its order. */
async function plansOf(
  work: (executor: Executor) => Promise<void>,
  of: Executor = database.pool,
): Promise<readonly string[]> {
  const statements: CompiledQuery[] = [];
  const executor = of.getExecutor();
  const { executeQuery } = executor;
  const watching = (query: CompiledQuery) => {
    statements.push(query);
    return executeQuery.call(executor, query);
  };
  Object.assign(executor, { executeQuery: watching });
  try {
    await work(of);
  } finally {
    Object.assign(executor, { executeQuery });
  }
  return Promise.all(statements.map(explain));
}

async function explain(query: CompiledQuery): Promise<string> {
  if (!/^\s*(select|with)/i.test(query.sql) || / for update/.test(query.sql)) return query.sql;
  const client = await database.connect();
  try {
    const { rows } = await client.query(`explain (analyze, buffers) ${query.sql}`, [
      ...query.parameters,
    ]);
    return rows.map((row) => Object.values(row)[0]).join('\n');
  } finally {
    await client.end();
  }
}
