import type { Database } from '#database';

const TERMINATION_PATIENCE_MS = 5000;
const PAUSE_MS = 500;

/**
 * Waits for a handler, at most `limitMs`. One that takes longer loses its connection, and with it its locks; only
 * when that has happened it is no longer waited for, because what it does then can only fail. The connection that
 * cuts is not of the pool, which may be empty.
 */
export async function withinLimit<Result>(
  database: Database,
  limit: { readonly ms: number; readonly pid: number; readonly of: string },
  work: Promise<Result>,
): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const failure = new Error(`a handler of ${limit.of} took longer than ${limit.ms} ms`);
  const over = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void cut(database, limit.pid, over.signal).then(() => late.reject(failure));
  }, limit.ms);
  try {
    const result = await Promise.race([work, late.promise]);
    if (isLate) throw failure;
    return result;
  } catch (error) {
    if (!isLate) throw error;
    failure.cause ??= error === failure ? undefined : error;
    throw failure;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

/** Ends the connection: tried until it is gone, or until the work is over by itself. */
async function cut(database: Database, pid: number, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    try {
      const client = await database.connect();
      const { rows } = await client
        .query(
          'select pg_terminate_backend(pid, $2) as gone from pg_stat_activity where pid = $1',
          [pid, TERMINATION_PATIENCE_MS],
        )
        .finally(() => client.end());
      if (rows[0]?.gone ?? true) return;
    } catch {
      // The database is away or full: then either the work fails, or this succeeds later.
    }
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}
