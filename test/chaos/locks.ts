import type { TestContext } from 'node:test';
import { type Database, type RawBuilder, sql } from '#database';
import { eventually } from '#testing';

/** Something held in the database from outside, so that a process stands still at a chosen step. */
export interface Hold {
  release(): Promise<void>;
}

/**
 * Locks in a transaction of its own: `lock table payments.attempt in exclusive mode`, or a `select … for update`.
 * What a failed test still holds ends with it.
 */
export async function hold(t: TestContext, database: Database, text: string): Promise<Hold> {
  const client = await database.connect();
  await client.query('begin');
  await client.query(text);
  let held = true;
  const release = async () => {
    if (!held) return;
    held = false;
    await client.query('rollback').catch(() => {});
    await client.end().catch(() => {});
  };
  t.after(release);
  return { release };
}

/** No grant of this rate is given while this is held: what was claimed is not sent. Nobody waits for a lock. */
export async function holdGrants(
  t: TestContext,
  database: Database,
  rate = 'operator:mobilink',
): Promise<Hold> {
  const set = async (slice: bigint, granted: number) => {
    await sql`insert into platform.throttle (name, slice, granted) values (${rate}, ${slice}, ${granted})
      on conflict (name) do update set slice = excluded.slice, granted = excluded.granted`.execute(
      database.pool,
    );
  };
  await set(FAR_SLICE, ALL_GRANTED);
  let held = true;
  const release = async () => {
    if (held) await set(0n, 0);
    held = false;
  };
  t.after(release);
  return { release };
}

/** A slice that no clock comes to, and more than any rate has in it. */
const FAR_SLICE = 1_000_000_000_000n;
const ALL_GRANTED = 2_000_000_000;

/** The row of a customer's newest subscription. */
export async function holdSubscription(
  t: TestContext,
  database: Database,
  phone: string,
): Promise<Hold> {
  return hold(
    t,
    database,
    `select from subscriptions.subscription where customer_id =
      (select id from subscriptions.customer where msisdn = '+${phone}') for update`,
  );
}

/** Waits until somebody stands before a lock with a statement whose first thousand letters contain `part`. */
export async function untilBlocked(database: Database, part: string): Promise<void> {
  await until(
    database,
    sql`select count(*) > 0 as yes from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query ilike ${`%${part}%`}`,
    `nobody waits with "${part}"`,
  );
}

/** Waits until the one row of `question` says `yes`. */
export async function until(
  database: Database,
  question: RawBuilder<unknown>,
  otherwise = 'not yet',
  timeoutMs = 15_000,
): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await (question as RawBuilder<{ yes: boolean }>).execute(database.pool);
      if (!rows[0]?.yes) throw new Error(otherwise);
    },
    { timeoutMs, intervalMs: 25 },
  );
}

/** As if the time of all leases had passed: liveness is the database's own clock, which no test can move. */
export async function endLeases(database: Database): Promise<void> {
  await sql`
    update payments.payment set lease_until = clock_timestamp() - interval '1 ms'
    where state in ('claimed', 'sending') and lease_until > clock_timestamp()`.execute(
    database.pool,
  );
  await sql`
    update sms.message set lease_until = clock_timestamp() - interval '1 ms'
    where state in ('claimed', 'submitting') and lease_until > clock_timestamp()`.execute(
    database.pool,
  );
}

/** Whether this number has a payment that stands so. */
export function inState(phone: string, state: string): RawBuilder<unknown> {
  return sql`select count(*) > 0 as yes from payments.payment
    where msisdn = ${`+${phone}`} and state = ${state}`;
}
