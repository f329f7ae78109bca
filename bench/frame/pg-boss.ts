import { PgBoss } from 'pg-boss';
import type { Database } from '#database';
import { BATCH, createEffects, inBatches, type Load, type Queue } from './queue.ts';

const NAME = 'bench';
type Connection = { executeSql(text: string, values?: unknown[]): Promise<{ rows: never[] }> };
type Client = Awaited<ReturnType<Database['connect']>>;

/**
 * pg-boss doing the same work in the best way that we found: jobs inserted in batches, fetched and completed in the
 * transaction that writes their rows, through its own option for that; its maintenance off.
 */
export function openPgBoss(database: Database): Promise<Queue> {
  return open(database, (boss, ids, db) => boss.complete(NAME, ids, null, { db }));
}

/** The same with finished jobs deleted rather than kept as completed: it leaves as little behind as ours. */
export function openPgBossUnkept(database: Database): Promise<Queue> {
  return open(database, (boss, ids, db) => boss.deleteJob(NAME, ids, { db }));
}

type Finish = (boss: PgBoss, ids: string[], db: Connection) => Promise<unknown>;

async function open(database: Database, finish: Finish): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: database.url,
    ...{ supervise: false, schedule: false },
  });
  await boss.start();
  await boss.createQueue(NAME);
  await createEffects(database);
  return {
    publish: (wanted) => inBatches(wanted, (at) => boss.insert(NAME, jobs(at))),
    async consume({ count, concurrency }) {
      const left = { count };
      const loops = Array.from({ length: concurrency }, async () => {
        const client = await database.connect();
        while (left.count > 0) {
          const taken = await takeBatch(boss, client, finish);
          left.count -= taken;
        }
        await client.end();
      });
      await Promise.all(loops);
    },
    close: () => boss.stop({ graceful: false }),
  };
}

async function takeBatch(boss: PgBoss, client: Client, finish: Finish): Promise<number> {
  const db: Connection = {
    executeSql: (text: string, values?: unknown[]) => client.query(text, values),
  };
  await client.query('begin');
  const batch = await boss.fetch<Load>(NAME, { batchSize: BATCH, db });
  if (batch.length === 0) {
    await client.query('rollback'); // the last ones are in the other loop's hands
    return 0;
  }
  const ids = batch.map((job) => job.id);
  const numbers = batch.map((job) => job.data.n);
  await client.query(
    'insert into effect (message, n) select * from unnest($1::uuid[], $2::integer[])',
    [ids, numbers],
  );
  await finish(boss, ids, db);
  await client.query('commit');
  return batch.length;
}

function jobs(from: number) {
  return Array.from({ length: BATCH }, (_, at) => ({
    data: { n: from + at, text: 'what a message carries, more or less' },
  }));
}
