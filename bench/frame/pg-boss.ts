import { PgBoss } from 'pg-boss';
import type { Database } from '#database';
import { BATCH, createEffects, type Load, type Queue } from './queue.ts';

const NAME = 'bench';
type Client = Awaited<ReturnType<Database['connect']>>;

/**
 * pg-boss doing the same work in the best way that we found: jobs inserted in batches, fetched and removed in the
 * transaction that writes their rows, through its own option for that; its maintenance off; finished jobs deleted
 * rather than kept as completed, which is faster and leaves as little behind as ours.
 */
export async function openPgBoss(database: Database): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: database.url,
    ...{ supervise: false, schedule: false },
  });
  await boss.start();
  await boss.createQueue(NAME, { partition: process.env.BENCH_PARTITION === '1' });
  await createEffects(database);
  return {
    async publish(from, count) {
      for (let at = from; at < from + count; at += BATCH) await boss.insert(NAME, jobs(at));
    },
    async consume({ count, concurrency }) {
      const left = { count };
      const loops = Array.from({ length: concurrency }, () => consume(boss, database, left));
      await Promise.all(loops);
    },
    close: () => boss.stop({ graceful: false }),
  };
}

async function consume(boss: PgBoss, database: Database, left: { count: number }): Promise<void> {
  const client = await database.connect();
  try {
    while (left.count > 0) {
      const taken = await takeBatch(boss, client);
      left.count -= taken;
    }
  } finally {
    await client.end();
  }
}

async function takeBatch(boss: PgBoss, client: Client): Promise<number> {
  const db = {
    executeSql: (text: string, values?: unknown[]) => client.query(text, values) as never,
  };
  await client.query('begin');
  const batch = await boss.fetch<Load>(NAME, { batchSize: BATCH, db });
  if (batch.length === 0) {
    await client.query('rollback'); // the last ones are in the other loop's hands
    return 0;
  }
  const ids = batch.map((job) => job.id);
  await client.query(
    'insert into effect (message, n) select * from unnest($1::uuid[], $2::integer[])',
    [ids, batch.map((job) => job.data.n)],
  );
  if (process.env.BENCH_COMPLETE === '1')
    await boss.complete(NAME, ids, undefined as never, { db });
  else await boss.deleteJob(NAME, ids, { db });
  await client.query('commit');
  return batch.length;
}

function jobs(from: number) {
  return Array.from({ length: BATCH }, (_, at) => ({
    data: { n: from + at, text: 'what a message carries, more or less' },
  }));
}
