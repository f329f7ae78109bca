import { Logger, makeWorkerUtils, run, runMigrations } from 'graphile-worker';
import type { Database } from '#database';
import { BATCH, createEffects, inBatches, type Load, type Queue, type Wanted } from './queue.ts';

const TASK = 'bench';
/** Jobs in work at once; its local queue fetches and completes them in sets, which is how it is fastest. */
const JOBS_AT_ONCE = 32;
const logger = new Logger(() => () => {});

/**
 * graphile-worker doing the same: jobs added in batches, one row written for each by its task. It completes jobs in
 * statements of its own after their tasks, so unlike ours a crash between the two repeats an effect.
 */
export async function openGraphileWorker(database: Database): Promise<Queue> {
  const { url: connectionString } = database;
  await runMigrations({ connectionString, logger });
  const utils = await makeWorkerUtils({ connectionString, logger });
  await createEffects(database);
  return {
    publish: (wanted) => inBatches(wanted, (at) => utils.addJobs(jobs(at))),
    consume: (wanted) => consume(connectionString, wanted),
    close: async () => utils.release(),
  };
}

async function consume(connectionString: string, { count }: Wanted): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let done = 0;
  const runner = await run({
    ...{ connectionString, logger, noHandleSignals: true },
    taskList: {
      [TASK]: async (payload, { withPgClient }) => {
        const { n } = payload as Load;
        await withPgClient((client) =>
          client.query('insert into effect (message, n) values (gen_random_uuid(), $1)', [n]),
        );
        done += 1;
        if (done === count) resolve();
      },
    },
    preset: {
      worker: {
        ...{ concurrentJobs: JOBS_AT_ONCE, maxPoolSize: JOBS_AT_ONCE + 2 },
        localQueue: { size: BATCH },
        ...{ completeJobBatchDelay: 0, failJobBatchDelay: 0 },
      },
    },
  });
  runner.promise.catch(reject);
  await promise;
  await runner.stop();
}

function jobs(from: number) {
  return Array.from({ length: BATCH }, (_, at) => ({
    identifier: TASK,
    payload: { n: from + at, text: 'what a message carries, more or less' },
  }));
}
