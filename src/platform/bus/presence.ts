import { type Database, type Executor, sql } from '#database';
import { AppError } from '#errors';

/** Any number, the same for all: held shared by every open bus, and alone by whoever moves queues between engines. */
const LOCK = 7_205_759_403n;

/** Run on the connection of a bus that opens. Throws `bus_moving` while queues are being moved. */
export async function showPresence(query: (text: string) => Promise<{ rows: unknown[] }>) {
  const { rows } = await query(`select pg_try_advisory_lock_shared(${LOCK}) as shared`);
  if ((rows[0] as { shared: boolean }).shared) return;
  const why = 'Queues are being moved to another engine (kopek bus move).';
  throw new AppError('unavailable', 'bus_moving', why);
}

/** How many buses are open on this database. */
export async function countPresent(executor: Executor): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count from pg_locks
    where locktype = 'advisory' and mode = 'ShareLock' and granted
      and database = (select oid from pg_database where datname = current_database())
      and (classid::bigint << 32 | objid::bigint) = ${LOCK}`.execute(executor);
  return Number(rows[0]?.count ?? 0n);
}

/** Runs `work` while no bus is open. Throws `bus_in_use` with how many there are. */
export async function whileAbsent<Result>(
  database: Database,
  work: () => Promise<Result>,
): Promise<Result> {
  const client = await database.connect();
  try {
    const { rows } = await client.query(`select pg_try_advisory_lock(${LOCK}) as alone`);
    if (!rows[0]?.alone) {
      const count = await countPresent(database.pool);
      const why = `${count} ${count === 1 ? 'process uses' : 'processes use'} the bus; stop them first.`;
      throw new AppError('precondition', 'bus_in_use', why, { details: { count } });
    }
    return await work();
  } finally {
    await client.end();
  }
}
