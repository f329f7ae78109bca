import { createSystemClock } from '#clock';
import { type Database, sql } from '#database';
import { silentLog } from '#log';
import { createRules, type Rules } from '#rules';
import { parseRuleSet, type RuleRequest } from '#rules/decision';
import { readLaws } from '#rules/laws';
import type { BenchContext } from './frame/claim.ts';
import { sayPercentiles } from './frame/percentiles.ts';

export const name = 'sms-decisions';
export const claim =
  'with a million places counted and 200,000 numbers on the stop list a decision reads and judges one message, one after ' +
  'the other, at least a fifth as often as the database answers a statement that reads nothing';

const TARGET = 0.2;
const P99_MS = 5;
const PLACES = 1_000_000;
const PEOPLE = 50_000;
const ASKED = 3000;
const SET = 1000;
const ENTITY = 'bench';

/** The laws that come with Kopek, and a limit for every message, so that each decision counts. */
const limit = parseRuleSet({
  ...{ id: 'bench-limit', version: 1, title: 'Five a day', jurisdiction: '*', legalBasis: [] },
  ...{ status: 'active', effective: { from: '2020-01-01T00:00:00Z' }, onConflict: 'strictest' },
  ...{ appliesWhen: { all: [] }, switches: [] },
  rules: [
    {
      ...{ kind: 'frequencyCap', id: 'per-day', title: 'Five messages a day', limit: 5 },
      ...{ calendar: 'day', counter: 'message', when: { all: [] } },
      key: [{ part: 'creditorGroup' }, { part: 'person' }],
    },
  ],
});

export async function run(context: BenchContext): Promise<void> {
  const database = await context.openDatabase();
  const rules = await layHistory(database);
  try {
    let tookMs: readonly number[] = [];
    await context.compare({
      ...{ situation: 'one at a time', unit: 'decisions/s', against: 'select 1', target: TARGET },
      ours: async () => {
        tookMs = await timesOf((n) => decide(rules, database, n));
        return perSecond(tookMs);
      },
      floor: async () => perSecond(await timesOf(() => sql`select 1`.execute(database.pool))),
    });
    const p99Ms = tookMs.toSorted((one, other) => one - other)[Math.floor(tookMs.length * 0.99)];
    const within = (p99Ms ?? 0) < P99_MS ? 'reached' : 'not reached';
    context.note(`a decision: ${sayPercentiles(tookMs)}; p99 under ${P99_MS} ms: ${within}`);
    const beganMs = performance.now();
    const set = Array.from({ length: SET }, (_, n) => requestOf(n));
    await rules.check(database.pool, set);
    const setUs = ((performance.now() - beganMs) * 1000) / SET;
    context.note(`in a set of ${SET}: ${Math.round(setUs)} µs each`);
  } finally {
    rules.close();
  }
}

const perSecond = (tookMs: readonly number[]) =>
  (tookMs.length * 1000) / tookMs.reduce((sum, ms) => sum + ms, 0);

async function timesOf(work: (n: number) => Promise<unknown>): Promise<readonly number[]> {
  const tookMs: number[] = [];
  for (let n = 0; n < ASKED; n += 1) {
    const beganMs = performance.now();
    await work(n);
    tookMs.push(performance.now() - beganMs);
  }
  return tookMs;
}

async function decide(rules: Rules, database: Database, n: number): Promise<void> {
  const [decision] = await rules.check(database.pool, [requestOf(n)]);
  if (decision?.outcome !== 'send') throw new Error(`must hold: it may go: ${decision?.outcome}`);
}

function requestOf(n: number): RuleRequest {
  return {
    ...{ message: `sms_${n}`, entity: ENTITY, class: 'transaction', channel: 'sms' },
    recipient: `+7916${String((n * 131) % PEOPLE).padStart(7, '0')}`,
    ...{ sender: 'BENCH', body: 'Your order is on its way', segments: 1 },
    expiresAt: new Date(Date.now() + 86_400_000),
  };
}

async function layHistory(database: Database): Promise<Rules> {
  const laws = await readLaws();
  const clock = createSystemClock();
  const rules = await createRules({
    ...{ database, clock, log: silentLog(), laws: { ...laws, sets: [...laws.sets, limit] } },
  });
  await database.transaction(async (tx) => {
    await rules.saveEntity(tx, { key: ENTITY, name: 'Bench' }, 'bench');
    await rules.saveProvider(tx, { name: 'bench_http', title: 'Bench' }, 'bench');
    const pair = { entity: ENTITY, provider: 'bench_http', senders: ['BENCH'] };
    await rules.allowProvider(tx, pair, 'bench');
  });
  await rules.refresh();
  await sql`
    insert into rules.scope (scope)
    select 'bench-limit/message|group:bench|person:+7916' || lpad(n::text, 7, '0')
    from generate_series(0, ${PEOPLE - 1}::integer) n`.execute(database.pool);
  await sql`
    insert into rules.counted (message, scope_id, at)
    select 'old_' || n, s.id, ${clock.now()}::timestamptz - (n % 60 + 2) * interval '1 day'
    from generate_series(1, ${PLACES}::integer) n
    join (select id, row_number() over (order by id) - 1 as person from rules.scope) s
      on s.person = n % ${PEOPLE}::integer`.execute(database.pool);
  await sql`
    insert into rules.suppression (msisdn, list, entity, reason, since)
    select '+7917' || lpad(n::text, 7, '0'), 'stop', '', 'STOP', ${clock.now()}
    from generate_series(1, 200000) n`.execute(database.pool);
  await sql`analyze`.execute(database.pool);
  return rules;
}
