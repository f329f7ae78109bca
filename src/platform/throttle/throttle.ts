import { type Database, isTransient, prepared, sql } from '#database';
import type { Log } from '#log';

/**
 * Requests per second towards one counterpart, over all processes together. Grants come in slices of
 * 100 ms from one row of the database; a grant that is not used within its slice is lost.
 */
export interface Throttle {
  /** Resolves with 1 to `most` grants as soon as there is one. Rejects when the signal aborts. */
  take(most: number, signal?: AbortSignal): Promise<number>;
  /** 0 to `most` grants, as many as there are in this slice: it never waits for the next. 0 while the database is away. */
  takeNow(most: number): Promise<number>;
  /** Grants given to this process so far. */
  readonly granted: number;
}

export interface ThrottleOptions {
  readonly database: Database;
  readonly log: Log;
  readonly name: string;
  /** Read anew for each slice, so that a change in the database needs no restart. */
  readonly perSecond: () => number;
}

const SLICES_PER_SECOND = 10;
const SLICE_MS = 1000 / SLICES_PER_SECOND;
/** Waiting longer than the rest of a slice makes no sense; the jitter keeps processes from asking in step. */
const JITTER_MS = 5;
const TROUBLE_PAUSE_MS = 250;

interface Waiting {
  readonly most: number;
  readonly resolve: (granted: number) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

export function createThrottle(options: ThrottleOptions): Throttle {
  const { log } = options;
  const waiting: Waiting[] = [];
  let asking = false;
  let granted = 0;
  // What this process asked for in the last slices: asking ahead saves a round trip per call under load.
  let left = 0;
  let leftUntilMs = 0;

  function serve(): void {
    if (performance.now() > leftUntilMs) left = 0;
    while (left > 0 && waiting.length > 0) {
      const next = waiting.shift() as Waiting;
      if (next.signal?.aborted) continue;
      const given = Math.min(left, next.most);
      left -= given;
      granted += given;
      next.resolve(given);
    }
  }

  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      for (serve(); waiting.length > 0; serve()) {
        const wanted = waiting.reduce((sum, one) => sum + one.most, 0);
        // Counted from the question: an answer that took long must not carry its grants into the next slices.
        const askedMs = performance.now();
        const answer = await grant(options, wanted);
        left = answer.granted;
        leftUntilMs = askedMs + answer.restMs;
        if (left === 0) await pause(answer.restMs + Math.random() * JITTER_MS);
      }
    } catch (error) {
      if (!isTransient(error))
        log.error({ err: error, throttle: options.name }, 'a throttle failed');
      setTimeout(() => void ask(), TROUBLE_PAUSE_MS).unref();
    } finally {
      asking = false;
    }
    if (waiting.length > 0 && left > 0) void ask();
  }

  return {
    get granted() {
      return granted;
    },
    async takeNow(most) {
      if (most === 0) return 0;
      try {
        const answer = await grant(options, most);
        granted += answer.granted;
        return answer.granted;
      } catch (error) {
        if (isTransient(error)) return 0;
        throw error;
      }
    },
    take(most, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const one: Waiting = { most, resolve: given, reject, signal };
        // The signal outlives this request by far: its listener must not.
        signal?.addEventListener('abort', giveUp, { once: true });
        function given(grants: number): void {
          signal?.removeEventListener('abort', giveUp);
          resolve(grants);
        }
        function giveUp(): void {
          const index = waiting.indexOf(one);
          if (index >= 0) waiting.splice(index, 1);
          reject(signal?.reason);
        }
        waiting.push(one);
        serve();
        if (waiting.length > 0) void ask();
      });
    },
  };
}

/**
 * The slice's allotment is the difference of two whole numbers, so that any ten slices in a row hold exactly
 * the rate, also when it is no multiple of ten.
 */
async function grant(
  { database, name, perSecond }: ThrottleOptions,
  wanted: number,
): Promise<{ granted: number; restMs: number }> {
  const rate = perSecond();
  const { rows } = await prepared<{ granted: number; rest_ms: number }>`
    with moment as (
      select floor(extract(epoch from clock_timestamp()) * ${SLICES_PER_SECOND})::bigint as slice,
        extract(epoch from clock_timestamp())::float8 * 1000 as ms
    ), allotment as (
      select slice, ms,
        (floor((slice + 1) * ${rate}::float8 / ${SLICES_PER_SECOND}) - floor(slice * ${rate}::float8 / ${SLICES_PER_SECOND}))::integer as most
      from moment
    ), before as (
      select t.name, case when t.slice >= a.slice then t.granted else 0 end as used, a.*
      from platform.throttle t, allotment a where t.name = ${name} for update of t
    ), updated as (
      update platform.throttle t
      set slice = greatest(b.slice, t.slice),
        granted = b.used + least(${wanted}::integer, greatest(0, b.most - b.used))
      from before b where t.name = b.name
      returning least(${wanted}::integer, greatest(0, b.most - b.used)) as granted,
        (b.slice + 1) * ${SLICE_MS}::float8 - b.ms as rest_ms
    )
    select granted, greatest(0, rest_ms)::float8 as rest_ms from updated`.execute(database.pool);
  if (rows[0]) return { granted: rows[0].granted, restMs: rows[0].rest_ms };
  await sql`insert into platform.throttle (name, slice, granted) values (${name}, 0, 0)
            on conflict do nothing`.execute(database.pool);
  return { granted: 0, restMs: 0 };
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
