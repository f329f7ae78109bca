import { type Executor, sql } from '#database';

/** One account as it was when a call began: what was heard of an earlier version says nothing of the one that followed. */
export interface BreakerKey {
  readonly name: string;
  readonly version: number;
}

const OPEN_FIRST_MS = 2000;
const OPEN_MOST_MS = 60_000;
/** 2 s doubled so often is past its most. */
const OPENINGS_MOST = 6;

/**
 * Opens it for all copies, twice as long each time in a row, by the database's clock. A failed trial prolongs; else
 * what is open already stays as it is, so that copies that fail together open it once. Answers for how long it is open now.
 */
export async function openBreaker(
  executor: Executor,
  key: BreakerKey,
  why: { readonly reason: string; readonly isTrial: boolean },
): Promise<number | undefined> {
  const { rows } = await sql<{ open_ms: number }>`
    update payments.gateway_account set closed_reason = ${why.reason},
      openings = least(openings + 1, ${OPENINGS_MOST}),
      open_until = clock_timestamp() + make_interval(secs => least(${OPEN_MOST_MS}, ${OPEN_FIRST_MS} * 2 ^ openings) / 1000.0)
    where name = ${key.name} and version = ${key.version} and (open_until is null or ${why.isTrial})
    returning (extract(epoch from open_until - clock_timestamp()) * 1000)::float8 as open_ms`.execute(
    executor,
  );
  return rows[0]?.open_ms;
}

/** True for one asker over all copies; for so long nobody else is one, also if this copy dies with it. */
export async function takeTrial(
  executor: Executor,
  key: BreakerKey,
  forMs: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update payments.gateway_account
    set open_until = clock_timestamp() + make_interval(secs => ${forMs / 1000}::float8)
    where name = ${key.name} and version = ${key.version} and open_until <= clock_timestamp()`.execute(
    executor,
  );
  return numAffectedRows === 1n;
}

/** Its trial told nothing: the next asker makes another. */
export async function returnTrial(executor: Executor, key: BreakerKey): Promise<void> {
  await sql`
    update payments.gateway_account set open_until = clock_timestamp()
    where name = ${key.name} and version = ${key.version} and open_until is not null`.execute(
    executor,
  );
}

export async function closeBreaker(executor: Executor, key: BreakerKey): Promise<void> {
  await sql`
    update payments.gateway_account set open_until = null, openings = 0, closed_reason = null
    where name = ${key.name} and version = ${key.version} and open_until is not null`.execute(
    executor,
  );
}
