import { type Database, sql } from '#database';
import type { BenchContext } from './frame/claim.ts';
import { openOurBus } from './frame/our-bus.ts';
import { openPgBoss } from './frame/pg-boss.ts';
import { BATCH, type Queue } from './frame/queue.ts';

export const name = 'soak';
export const claim =
  'publishes and consumes for ten minutes at least 3 times as fast as pg-boss, in the last minute as in the first, ' +
  'and leaves no table behind that grows';

const TARGET = 3;
const STEADY_TARGET = 0.8;
const MINUTES = Number(process.env.KOPEK_BENCH_SOAK_MINUTES ?? '10');
const MINUTE_MS = 60_000;
const FLOOR_EVERY = 4;
const CONCURRENCY = 2;
/** Published, then consumed: neither side may run ahead of the other for minutes. */
const ROUND = 20 * BATCH;

export async function run(context: BenchContext): Promise<void> {
  const databases = [await context.openDatabase(), await context.openDatabase()] as const;
  const ours = await openOurBus('postgres:', databases[0]);
  const theirs = await openPgBoss(databases[1]);
  const rates: number[] = [];
  const floors: number[] = [];
  try {
    for (let minute = 0; minute < MINUTES; minute += 1) {
      rates.push(await aMinute(ours));
      // Now and then a minute of the other, so that what else the machine does meets both.
      if (minute % FLOOR_EVERY === 0) floors.push(await aMinute(theirs));
      context.progress(
        `soak: minute ${minute + 1} of ${MINUTES}: ${Math.round(rates.at(-1) ?? 0)} messages/s`,
      );
    }
    await context.compare({
      ...{
        situation: `${MINUTES} minutes`,
        unit: 'messages/s',
        against: 'pg-boss',
        target: TARGET,
      },
      ...{ ours: async () => mean(rates), floor: async () => mean(floors) },
    });
    await context.compare({
      ...{ situation: 'last minute', unit: 'messages/s', against: 'first minute' },
      ...{
        target: STEADY_TARGET,
        ours: async () => rates.at(-1) ?? 0,
        floor: async () => rates[0] ?? 0,
      },
    });
    context.note(`tables of the bus afterwards: ${await sizeOf(databases[0], 'platform')} kB`);
    context.note(`tables of pg-boss afterwards: ${await sizeOf(databases[1], 'pgboss')} kB`);
  } finally {
    await ours.close();
    await theirs.close();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function aMinute(queue: Queue): Promise<number> {
  const beganMs = performance.now();
  let done = 0;
  while (performance.now() - beganMs < MINUTE_MS) {
    await queue.publish({ count: ROUND, concurrency: CONCURRENCY });
    await queue.consume({ count: ROUND, concurrency: CONCURRENCY });
    done += ROUND;
  }
  return (done * 1000) / (performance.now() - beganMs);
}

async function sizeOf(database: Database, schema: string): Promise<number> {
  const { rows } = await sql<{ kilobytes: bigint }>`
    select sum(pg_total_relation_size(c.oid)) / 1024 as kilobytes from pg_class c
    join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${schema} and c.relkind = 'r'`.execute(
    database.pool,
  );
  return Math.round(Number(rows[0]?.kilobytes ?? 0));
}
