import type { Clock } from '#clock';
import { type Database, isTransient } from '#database';
import type { Log } from '#log';
import { createPartition, PARTITIONED, readPartitions } from './store-partitions.ts';

/** This month and the next two: a month's warning for whoever must find out why none were made. */
const MONTHS_AHEAD = 2;

interface Month {
  readonly suffix: string;
  readonly from: Date;
  readonly to: Date;
}

/**
 * Makes the partitions of this month and those to come that are not there yet, and answers their names. One that
 * can't be made now (somebody reads for long) is left to the next time: rows fall into the net meanwhile.
 */
export async function makePartitions(input: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<readonly string[]> {
  const { clock, database, log } = input;
  const known = await readPartitions(database.pool);
  const wanted = monthsFrom(clock.now()).flatMap((month) =>
    PARTITIONED.map((table) => ({ table, name: `${table}_${month.suffix}`, ...month })),
  );
  const made: string[] = [];
  for (const partition of wanted.filter(({ name }) => !known.has(name))) {
    try {
      if (await database.transaction((tx) => createPartition(tx, partition)))
        made.push(partition.name);
    } catch (error) {
      if (!isTransient(error)) throw error;
      log.warn({ err: error, partition: partition.name }, 'a partition has to wait');
    }
  }
  return made;
}

/** Months of UTC: a partition is storage, and no business rule reads it. */
function monthsFrom(now: Date): readonly Month[] {
  return Array.from({ length: MONTHS_AHEAD + 1 }, (_, ahead) => {
    const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead));
    const to = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead + 1));
    return { suffix: from.toISOString().slice(0, 7).replace('-', '_'), from, to };
  });
}
