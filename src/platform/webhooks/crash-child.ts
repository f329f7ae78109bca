// A deliverer in a process of its own that is killed at the n-th point of its work: run by tests of crashes, with its
// settings as JSON. A point is before and after each commit of a record.
import { createSealer } from '#auth';
import { createSystemClock } from '#clock';
import { afterCommit, beforeCommit, type Database, openDatabase, sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createWebhookDeliverer } from './create-deliverer.ts';
import { LOOPBACK, SECRET } from './fixture.ts';

export interface CrashSettings {
  readonly url: string;
  /** Dies at this point of its work, the first is 1; 0: never. */
  readonly dieAt: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as CrashSettings;
let points = 0;

function point(): void {
  points += 1;
  if (points === settings.dieAt) process.kill(process.pid, 'SIGKILL');
}

const opened = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
const database: Database = {
  ...opened,
  transaction: (work) =>
    opened.transaction(async (tx) => {
      beforeCommit(tx, async () => point());
      afterCommit(tx, point);
      return work(tx);
    }),
};
const deliverer = createWebhookDeliverer({
  ...{ database, clock: createSystemClock(), log: silentLog(), metrics: createMetrics() },
  ...{
    sealer: createSealer({ secret: SECRET }),
    privateRanges: LOOPBACK,
    perEndpoint: 4,
    intervalMs: 20,
  },
});
deliverer.start();
while (await isWaiting()) await new Promise((resolve) => setTimeout(resolve, 20));
await deliverer.stop();
await opened.close();

async function isWaiting(): Promise<boolean> {
  const { rows } = await sql<{ waiting: boolean }>`
    select exists (select from platform.webhook_delivery where state = 'waiting') as waiting`.execute(
    opened.pool,
  );
  return rows[0]?.waiting === true;
}
