import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { DB } from '#db/types';
import type { Log } from '#log';
import { isTransient, sqlState } from './failure.ts';
import { sendPrepared } from './prepared.ts';

/** A transaction: passed down by the use case that opened it, never kept. */
export type Tx = Transaction<DB>;

/** Whatever a query can run on: the pool, or a transaction. */
export type Executor = Kysely<DB>;

export interface Database {
  /** For reads, and for single statements that are their own transaction. */
  readonly pool: Executor;
  /**
   * Runs `work` in one transaction and commits it. A deadlock or a serialization failure is tried again,
   * so `work` must do nothing outside the database. Throws what `work` throws.
   */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** The same, once: for callers that retry by themselves. */
  attempt<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** A connection of its own, outside the pool (for `listen`, and for what must not wait for the pool). */
  connect(): Promise<pg.Client>;
  readonly deadlocks: { count: number };
  readonly url: string;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly log: Log;
  /** Shown in `pg_stat_activity`. */
  readonly name?: string;
  readonly connectionsMax?: number;
}

const CONNECTIONS_MAX = 20;
const CONNECT_TIMEOUT_MS = 10_000;
/** No statement of ours is long; one that hangs must not hold its locks for ever. */
const STATEMENT_TIMEOUT_MS = 60_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const TRANSACTION_TRIES_MAX = 5;
const RETRY_PAUSE_MS = 15;

const INT8 = 20;
const INT8_ARRAY = 1016;
const parseTextArray = pg.types.getTypeParser(1009 as never);
pg.types.setTypeParser(INT8, BigInt);
pg.types.setTypeParser(INT8_ARRAY as never, (text: string) =>
  (parseTextArray(text) as string[]).map(BigInt),
);

const TIMESTAMPTZ = 1184;
const parseTimestamp = pg.types.getTypeParser(TIMESTAMPTZ as never) as (text: string) => Date;
// Every connection speaks UTC, so nearly every moment is ISO 8601 but for two letters: ten times as fast to read.
pg.types.setTypeParser(TIMESTAMPTZ as never, (text: string) =>
  text.endsWith('+00') && text.charCodeAt(10) === 32
    ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`)
    : parseTimestamp(text),
);

interface Hooks {
  readonly before: (() => Promise<void>)[];
  readonly after: (() => void)[];
  /** What would be added now would never run. */
  over: boolean;
}

const hooksOf = new WeakMap<object, Hooks>();

function hooksFor(tx: Tx): Hooks {
  const hooks = hooksOf.get(tx);
  if (hooks?.over) throw new Error('must hold: a transaction is used before it commits');
  if (!hooks) throw new Error('must hold: a transaction with hooks was begun by openDatabase');
  return hooks;
}

/** Runs `work` in `tx` when all else in it is done; what it throws rolls `tx` back. */
export function beforeCommit(tx: Tx, work: () => Promise<void>): void {
  hooksFor(tx).before.push(work);
}

/** Runs `hook` after `tx` has committed, and never when it rolls back. The hook must not throw. */
export function afterCommit(tx: Tx, hook: () => void): void {
  hooksFor(tx).after.push(hook);
}

export function openDatabase(options: DatabaseOptions): Database {
  const connection = {
    connectionString: options.url,
    application_name: options.name ?? 'kopek',
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    // Disks that seek are gone: without this, sets of a few hundred keys are looked up by reading the whole table.
    options: '-c random_page_cost=1.1 -c TimeZone=UTC',
  };
  const pgPool = new pg.Pool({ ...connection, max: options.connectionsMax ?? CONNECTIONS_MAX });
  // An idle connection dies when the server restarts; the pool drops it and opens another on demand.
  pgPool.on('error', (error) =>
    options.log.warn({ err: error }, 'an idle database connection was lost'),
  );
  // While a client is checked out the pool does not listen: the query that it fails is what its user hears.
  pgPool.on('connect', (client) => {
    client.on('error', () => {});
    sendPrepared(client);
  });
  const pool = new Kysely<DB>({ dialect: new PostgresDialect({ pool: pgPool }) });
  const deadlocks = { count: 0 };

  async function attempt<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    const hooks: Hooks = { before: [], after: [], over: false };
    const result = await pool.transaction().execute(async (tx) => {
      hooksOf.set(tx, hooks);
      const done = await work(tx);
      for (const last of hooks.before) await last();
      hooks.over = true;
      return done;
    });
    for (const hook of hooks.after) hook();
    return result;
  }

  return {
    pool,
    url: options.url,
    deadlocks,
    attempt,
    async transaction(work) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(work);
        } catch (error) {
          const state = sqlState(error);
          if (state === '40P01') deadlocks.count += 1;
          if ((state !== '40P01' && state !== '40001') || tries === TRANSACTION_TRIES_MAX)
            throw error;
          await new Promise((done) => setTimeout(done, tries * RETRY_PAUSE_MS * Math.random()));
        }
      }
    },
    async connect() {
      const client = new pg.Client({ ...connection, statement_timeout: 0 });
      client.on('error', () => {}); // its owner hears of it through 'end'
      sendPrepared(client);
      await client.connect();
      return client;
    },
    async close() {
      await pool.destroy();
    },
  };
}

/** Waits until the database answers, or throws its last error after `patienceMs`. */
export async function waitForDatabase(database: Database, patienceMs: number): Promise<void> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      await database.pool.selectNoFrom((eb) => eb.lit(1).as('one')).execute();
      return;
    } catch (error) {
      if (!isTransient(error) || performance.now() > endMs) throw error;
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}
