import assert from 'node:assert/strict';
import { type Database, sql } from '#database';
import { eventually } from '#testing';
import type { SmsStage } from './sms-stage.ts';

/** A message that was answered with 2xx. */
export interface Promised {
  readonly recipient: string;
  readonly sms: string;
}

/**
 * What must hold of messages whatever dies, judged by the handsets and the tables: each is on its handset at most once, and
 * once where we say so; each that was taken stands where somebody can see it; nothing is forgotten.
 */
export async function judgeSms(
  stage: Pick<SmsStage, 'database' | 'book'>,
  promised: readonly Promised[] = [],
): Promise<readonly string[]> {
  const { book, database } = stage;
  const received = await book.received();
  const { rows } = await sql<MessageRow>`
    select id::text, recipient, body, state, closed_at, coalesce(next_question_at, not_before) as next_at
    from sms.message`.execute(database.pool);
  const byText = Map.groupBy(received, ({ msisdn, text }) => `+${msisdn} ${text}`);
  return [
    ...[...byText]
      .filter(([, all]) => all.length > 1)
      .map(([name, all]) => `${all.length} times on the handset: ${name} (${whence(all)})`),
    ...rows.flatMap((row) => judgeRow(row, byText.has(`${row.recipient} ${row.body}`))),
    ...(await findLost(database, promised)),
    ...(await findForgotten(database)),
  ];
}

export async function assertSms(
  stage: Pick<SmsStage, 'database' | 'book'>,
  promised: readonly Promised[] = [],
): Promise<void> {
  assert.deepEqual(await judgeSms(stage, promised), []);
}

interface MessageRow {
  readonly id: string;
  readonly recipient: string;
  readonly body: string;
  readonly state: string;
  readonly closed_at: Date | null;
  /** When somebody will look at it. */
  readonly next_at: Date | null;
}

const whence = (all: readonly { readonly client_id: string | null; readonly provider: string }[]) =>
  all.map(({ client_id, provider }) => `${provider} ${client_id}`).join(', ');

/** Texts of these tests are each sent once to a number, so that text and number name a message. */
function judgeRow(row: MessageRow, isThere: boolean): readonly string[] {
  const name = `${row.recipient} “${row.body}”`;
  if (row.state === 'delivered' && !isThere) return [`${name} is delivered, and on no handset`];
  const ended = ['undelivered', 'rejected', 'cancelled', 'expired'].includes(row.state);
  if (ended && isThere) return [`${name} is ${row.state}, and on its handset`];
  if (row.closed_at === null && row.next_at === null)
    return [`${name} is ${row.state}, and nobody will look at it`];
  return [];
}

/** Each text was promised once, so it has one row, and this very one. */
async function findLost(database: Database, promised: readonly Promised[]): Promise<string[]> {
  const { rows } = await sql<{ recipient: string; count: number }>`
    select recipient, count(*)::int as count from sms.message group by recipient`.execute(
    database.pool,
  );
  const counts = new Map(rows.map(({ count, recipient }) => [recipient, count]));
  const wanted = Map.groupBy(promised, ({ recipient }) => recipient);
  return [...wanted].flatMap(([recipient, all]) => {
    const count = counts.get(recipient) ?? 0;
    const taken = new Set(all.map(({ sms }) => sms)).size;
    return count === taken ? [] : [`${recipient} was promised ${taken} messages and has ${count}`];
  });
}

async function findForgotten(database: Database): Promise<string[]> {
  const { rows } = await forgotten.execute(database.pool);
  return rows.map(({ what }) => what);
}

const forgotten = sql<{ what: string }>`
  select 'sms ' || state || ' to ' || recipient as what from sms.message
    where state in ('queued', 'claimed', 'submitting')
  union all select 'parked report of ' || provider || ' ' || provider_message_id from sms.parked_report p
    where exists (select from sms.submission s
      where s.provider = p.provider and s.provider_message_id = p.provider_message_id)
  union all select 'request of ' || q.topic from platform.bus_parcel p join platform.bus_queue q using (queue)
    where q.topic like '%_sms_requests'
  union all select 'dead letter of ' || q.topic || ': ' || d.error
    from platform.bus_dead d join platform.bus_queue q using (queue)
  union all select 'deadlocks: ' || deadlocks from pg_stat_database
    where datname = current_database() and deadlocks > 0`;

const QUIET_MS = 60_000;

/** Waits until nothing is on its way any more: what is accepted has its receipt, what is unknown was asked about. */
export async function untilSmsQuiet(
  { database }: Pick<SmsStage, 'database'>,
  timeoutMs = QUIET_MS,
): Promise<void> {
  await eventually(
    async () => {
      await hastenQuestions(database);
      const { rows } = await sql<{ left: readonly string[] | null }>`
        select array_agg(what) as left from (
          select state || ' ' || count(*) as what from sms.message
            where closed_at is null and (state <> 'deferred' or not_before <= clock_timestamp()) group by state
          union all select 'parked report' from sms.parked_report p where exists (select from sms.submission s
            where s.provider = p.provider and s.provider_message_id = p.provider_message_id)
        ) x`.execute(database.pool);
      if (rows[0]?.left) throw new Error(`still moving: ${rows[0].left.join(', ')}`);
    },
    { timeoutMs, intervalMs: 200 },
  );
}

/** As if minutes had passed for what a provider is to be asked about. It waits for nobody's lock. */
export async function hastenQuestions(database: Database): Promise<void> {
  await sql`
    with asked as (
      select id from sms.message where closed_at is null and next_question_at > clock_timestamp() + interval '1 s'
      order by id for no key update skip locked
    )
    update sms.message m set next_question_at = clock_timestamp(),
      sent_at = least(sent_at, clock_timestamp() - interval '121 s')
    from asked a where m.id = a.id`.execute(database.pool);
}
