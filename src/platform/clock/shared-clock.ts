import type { Database } from '#database';
import { sql } from '#database';
import type { Clock } from './clock.ts';

/** A clock that all processes on one database share: real time, or the faked moment of its row. */
export interface SharedClock extends Clock {
  readonly faked: boolean;
  refresh(): Promise<void>;
  close(): void;
}

const REFRESH_INTERVAL_MS = 100;

/**
 * Reads the row `platform.clock`. Where the row is absent time is the system's and nothing is read again;
 * where it is there, it is re-read every 100 ms, so that all processes move together.
 */
export async function createSharedClock(database: Database): Promise<SharedClock> {
  let fakedMs = await readRow(database);
  let timer: NodeJS.Timeout | undefined;
  const refresh = async () => {
    fakedMs = await readRow(database);
  };
  if (fakedMs !== undefined) {
    timer = setInterval(() => void refresh().catch(() => {}), REFRESH_INTERVAL_MS).unref();
  }
  const nowMs = () => fakedMs ?? Date.now();
  return {
    get faked() {
      return fakedMs !== undefined;
    },
    nowMs,
    now: () => new Date(nowMs()),
    refresh,
    close: () => clearInterval(timer),
  };
}

/** Fakes business time for every process on this database; they must be started after the first call. */
export async function setSharedClock(database: Database, to: Date): Promise<void> {
  await sql`insert into platform.clock (only_row, moment) values (true, ${to})
            on conflict (only_row) do update set moment = excluded.moment`.execute(database.pool);
}

async function readRow(database: Database): Promise<number | undefined> {
  const { rows } = await sql<{ moment: Date }>`select moment from platform.clock`.execute(
    database.pool,
  );
  return rows[0]?.moment.getTime();
}
