import type { Database } from '#database';
import type { BenchContext, Measurement } from './frame/claim.ts';
import { openGraphileWorker } from './frame/graphile-worker.ts';
import { openOurBus } from './frame/our-bus.ts';
import { openPgBoss, openPgBossUnkept } from './frame/pg-boss.ts';
import type { Queue } from './frame/queue.ts';

export const name = 'bus';
export const claim =
  'publishes in batches of 500 and consumes with one row written per message, the removal in the same ' +
  'transaction, at least 3 times as fast as pg-boss and 2 times as fast as graphile-worker';

const TARGET = 3;
const GRAPHILE_TARGET = 2;
const MESSAGES = 60_000;
/** It takes longer by far. */
const GRAPHILE_MESSAGES = 10_000;
const WAITING = 200_000;
/** Publishers, then consumers. Tried with 1, 2 and 3 on two cores: with 2 both are fast. */
const CONCURRENCY = 2;

export async function run(context: BenchContext): Promise<void> {
  const compare = (situation: string, ours: Measurement, floor: Measurement) =>
    context.compare({
      ...{ situation, ours, floor, target: TARGET },
      ...{ unit: 'messages/s', against: 'pg-boss' },
    });
  const fresh = (open: Opener, count?: number) => async () => {
    const queue = await open(await context.openDatabase());
    return measure(queue, count).finally(() => queue.close());
  };
  await compare('fresh', fresh(openOurs), fresh(openPgBoss));

  const filled = async (open: Opener) => {
    const queue = await open(await context.openDatabase());
    await queue.publish({ count: WAITING, concurrency: CONCURRENCY });
    return queue;
  };
  context.progress(`bus: ${WAITING} messages are laid in wait on both sides`);
  const [ours, theirs] = [await filled(openOurs), await filled(openPgBoss)];
  await compare(
    'with 200,000 waiting',
    () => measure(ours),
    () => measure(theirs),
  );
  await ours.close();
  await theirs.close();

  const held = (open: Opener) => async () => {
    const database = await context.openDatabase();
    const queue = await open(database);
    const holder = await database.connect();
    await holder.query('begin isolation level repeatable read; select count(*) from pg_class');
    try {
      return await measure(queue);
    } finally {
      await holder.end();
      await queue.close();
    }
  };
  await compare('with a snapshot held open', held(openOurs), held(openPgBoss));
  await compare('fresh, its jobs unkept', fresh(openOurs), fresh(openPgBossUnkept));
  await context.compare({
    ...{ situation: 'fresh', unit: 'messages/s', against: 'graphile-worker' },
    ...{ target: GRAPHILE_TARGET, ours: fresh(openOurs) },
    floor: fresh(openGraphileWorker, GRAPHILE_MESSAGES),
  });
  context.note(
    'pg-boss completes its jobs in the transaction of their effect; "unkept": it deletes them instead,',
  );
  context.note(
    'which is not how it is meant to be used, but the fastest that it can be made to be.',
  );
}

type Opener = (database: Database) => Promise<Queue>;

const openOurs: Opener = (database) => openOurBus('postgres:', database);

/** Messages per second, both hops together. */
async function measure(queue: Queue, count = MESSAGES): Promise<number> {
  const beganMs = performance.now();
  await queue.publish({ count, concurrency: CONCURRENCY });
  await queue.consume({ count, concurrency: CONCURRENCY });
  return (count * 1000) / (performance.now() - beganMs);
}
