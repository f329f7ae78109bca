import { startApp } from '#app';
import { type Database, sql } from '#database';
import { demoOperator } from '#demo';
import type { BenchContext } from './claim.ts';
import { benchConfig, quiet, type SimulatorProcess, temporaryFolder } from './house.ts';

export const CYCLES = 18_000;
/** Renewed first, unmeasured: a process that has run for a minute is what runs all day. */
const WARM_UP = 3000;
const POLL_MS = 50;
/** The operator's rate is lifted: here the house is measured, not the operator. */
const RATE_LIFTED = 1_000_000;

/** Charge cycles per second of one process, on the engine of the bus that `busUrl` names. */
export async function measureCycles(
  context: BenchContext,
  simulator: SimulatorProcess,
  busUrl = 'postgres:',
): Promise<number> {
  await fetch(`${simulator.url}/reset`, { method: 'POST' });
  const database = await context.openDatabase();
  const folder = await temporaryFolder();
  const config = await benchConfig(database, folder.path, busUrl);
  await layDue(database, simulator.url);
  const app = await startApp({
    ...{ config, log: quiet, demo: false, simulator: false },
    processes: ['mt-manager', 'telco', 'qlistener'],
  });
  try {
    await makeDue(database, { from: 0, count: WARM_UP });
    await untilLogged(database, WARM_UP);
    await makeDue(database, { from: WARM_UP, count: CYCLES });
    const beganMs = performance.now();
    await untilLogged(database, WARM_UP + CYCLES);
    return (CYCLES * 1000) / (performance.now() - beganMs);
  } finally {
    await app.stop();
    await folder.remove();
  }
}

async function makeDue(database: Database, part: { from: number; count: number }): Promise<void> {
  await sql`
    update subscriptions.subscription set due_at = ${new Date()}
    where customer_id > ${part.from} and customer_id <= ${part.from + part.count}`.execute(
    database.pool,
  );
}

/** Subscriptions that were paid yesterday and are due today. */
async function layDue(database: Database, baseUrl: string): Promise<void> {
  const { name: operator, plan } = demoOperator;
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await sql`
    insert into operators.operator (name, title, country_code, trunk_prefix, msisdn_digits, time_zone, currency,
      short_code, base_url, requests_per_second, inquiry)
    values (${operator}, 'bench', ${plan.countryCode}, '0', ${plan.digits}, ${demoOperator.timeZone}, 'PKR', '7787',
      ${baseUrl}, ${RATE_LIFTED}, 'byOurId')`.execute(database.pool);
  await sql`insert into subscriptions.service (code, operator, title) values ('music', ${operator}, 'Music')`.execute(
    database.pool,
  );
  await sql`
    insert into subscriptions.service_terms (service_id, version, price_minor, currency, period, retry_after_minutes,
      keep_days, texts, created_at)
    select id, 1, 500, 'PKR', 'daily', '{60}', 10, '{}', ${yesterday} from subscriptions.service`.execute(
    database.pool,
  );
  await sql`
    insert into subscriptions.customer (msisdn, created_at)
    select '+92300' || lpad(n::text, 5, '0') || '10', ${yesterday} from generate_series(1, ${WARM_UP + CYCLES}::integer) n`.execute(
    database.pool,
  );
  await sql`
    insert into subscriptions.consent (customer_id, id, service_id, terms_version, visit, method, text_shown,
      price_shown, locale, evidence, attribution, shown_at, confirmed_at, hash)
    select c.id, c.id, s.id, 1, c.id::text, 'pin', '', '', 'en', '{}', '{}', ${yesterday}, ${yesterday}, ''
    from subscriptions.customer c, subscriptions.service s`.execute(database.pool);
  await sql`
    insert into subscriptions.subscription (customer_id, id, service_id, terms_version, operator, consent_id, status,
      anchor_at, period, paid_until, created_at)
    select customer_id, id, service_id, 1, ${operator}, id, 'active', ${yesterday}, 0,
      ${new Date(yesterday.getTime() + 86_400_000)}, ${yesterday} from subscriptions.consent`.execute(
    database.pool,
  );
  await sql`
    insert into subscriptions.bill (customer_id, subscription_id, period, amount_minor, currency, state, attempts, opened_at, closed_at)
    select customer_id, id, 0, 500, 'PKR', 'paid', 1, ${yesterday}, ${yesterday} from subscriptions.subscription`.execute(
    database.pool,
  );
  await sql`analyze`.execute(database.pool);
}

/** Asks the cheapest of the three first: counting is work for the same two cores. */
async function untilLogged(database: Database, wanted: number): Promise<void> {
  const counts = [
    sql<{
      count: number;
    }>`select count(*)::int as count from reports.transaction where result = 'paid'`,
    sql<{
      count: number;
    }>`select count(*)::int as count from reports.timeline where kind = 'subscription.renewed'`,
    sql<{
      count: number;
    }>`select count(*)::int as count from reports.transaction_log where kind = 'charge'`,
  ];
  for (const count of counts) {
    while (((await count.execute(database.pool)).rows[0]?.count ?? 0) < wanted) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
