import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Database, migrate, openDatabase, sql, startEmbeddedServer } from '#database';
import { silentLog } from '#log';
import { eventually, MIGRATIONS } from '#testing';
import {
  type BusUnderTest,
  numbered,
  type Stage,
  setStage,
  writeEffects,
} from './conformance-stage.ts';

/** What a crash of the database takes, it takes together: effects, removals, and what makes a redelivery harmless. */
export function describeDatabaseCrashes(engineOn: (database: Database) => BusUnderTest): void {
  test('the database stopped and killed under load: what was committed has one effect', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'kopek-'));
    await chmod(folder, 0o755); // run by root, PostgreSQL is another user
    const server = await startEmbeddedServer({ folder, durable: true });
    const database = openDatabase({ url: server.url, log: silentLog() });
    t.after(() =>
      t.after(async () => {
        await database.close();
        await server.stop();
        await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      }),
    );
    await migrate(database, MIGRATIONS);
    const stage = await setStage(t, engineOn(database));
    const group = await stage.group('worker', 1);
    await sql`create table sent (n integer primary key)`.execute(database.pool);
    stage.consume(group, { batchSize: 20, concurrency: 3 }, writeEffects);
    const publisher = keepPublishing(stage, database);
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      await progress(publisher);
      await endServer(folder, signal);
      await startEmbeddedServer({ folder, durable: true });
    }
    await progress(publisher);
    await publisher.stop();
    const { rows } = await sql<{ n: number }>`select n from sent order by n`.execute(database.pool);
    const sent = rows.map(({ n }) => n);
    await stage.waitFor(async () => assert.deepEqual(await stage.effects(), sent));
    await stage.waitFor(async () => {
      const [depth] = await stage.bus.depths();
      assert.deepEqual([depth?.ready, depth?.delayed, depth?.dead], [0, 0, 0]);
    });
  });
}

function keepPublishing(stage: Stage, database: Database) {
  let running = true;
  let committed = 0;
  const work = (async () => {
    for (let from = 0; running; from += 10) {
      try {
        await database.transaction(async (tx) => {
          await stage.bus.publish(tx, stage.topic, numbered(10, { from }));
          await sql`insert into sent select generate_series(${from}::integer, ${from + 9}::integer)`.execute(
            tx,
          );
        });
        committed += 1;
      } catch {
        await new Promise((done) => setTimeout(done, 20)); // it may be committed all the same: `sent` knows
      }
    }
  })();
  return {
    committed: () => committed,
    async stop() {
      running = false;
      await work;
    },
  };
}

async function progress(publisher: { committed(): number }): Promise<void> {
  const before = publisher.committed();
  await eventually(() => assert.ok(publisher.committed() > before + 30), { timeoutMs: 40_000 });
}

async function endServer(folder: string, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  const file = join(folder, 'data', 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8')).split('\n')[0]);
  process.kill(pid, signal);
  if (signal === 'SIGINT') {
    const isThere = () =>
      readFile(file).then(
        () => true,
        () => false,
      );
    await eventually(async () => assert.equal(await isThere(), false), { timeoutMs: 30_000 });
  }
}
