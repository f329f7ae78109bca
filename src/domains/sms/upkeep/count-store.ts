import { type Executor, sql } from '#database';

export interface OpenCount {
  readonly provider: string;
  readonly state: string;
  readonly count: number;
}

/** Counted no further: a scrape must not cost what a day of messages weighs. */
const COUNTED_MOST = 100_000;

/** Messages that wait for a sender, a provider's answer, a question or their hour; of each kind so many at most. */
export async function countOpen(executor: Executor): Promise<readonly OpenCount[]> {
  const { rows } = await sql<OpenCount>`
    select provider, state, count(*)::int as count from (
      (select provider, state from sms.message where at_work and closed_at is null limit ${COUNTED_MOST})
      union all
      (select provider, state from sms.message where not_before is not null and not at_work limit ${COUNTED_MOST})
      union all
      (select provider, state from sms.message where next_question_at is not null limit ${COUNTED_MOST})
    ) as m group by provider, state order by provider, state`.execute(executor);
  return rows;
}

/** Since the oldest of those that a sender could take was registered, or woken. */
export async function readOldestWaiting(executor: Executor, now: Date): Promise<number> {
  const { rows } = await sql<{ seconds: number | null }>`
    select extract(epoch from ${now}::timestamptz - min(greatest(created_at, not_before)))::float8 as seconds
    from (select created_at, not_before from sms.message where at_work and closed_at is null and state = 'queued'
      and (not_before is null or not_before <= ${now}) limit ${COUNTED_MOST}) as m`.execute(
    executor,
  );
  return Math.max(0, rows[0]?.seconds ?? 0);
}

export async function countParked(executor: Executor): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (select from sms.parked_report limit ${COUNTED_MOST}) as p`.execute(
    executor,
  );
  return rows[0]?.count ?? 0;
}
