// A deliverer in a process of its own that is killed at the n-th point of its work: run by tests of crashes, with its
// settings as JSON. A point is behind each claim that took something, and before and behind each record: statements that commit by
// themselves.
import { createSealer } from '#auth';
import { createSystemClock } from '#clock';
import { type Database, openDatabase, sql } from '#database';
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
const database: Database = { ...opened, pool: dyingPool(opened.pool) };
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

/** Everything that is asked of it goes through its executor. */
function dyingPool(pool: Database['pool']): Database['pool'] {
  const inner = pool.getExecutor();
  const executor = new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === 'executeQuery')
        return (query: Query, ...more: unknown[]) => execute(query, more);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

  async function execute(query: Query, more: readonly unknown[]) {
    const records = query.sql.includes('record_webhook_attempts');
    if (records) point();
    const result = await Reflect.apply(inner.executeQuery, inner, [query, ...more]);
    const claimed = query.sql.includes('claim_webhook_deliveries') && result.rows.length > 0;
    if (records || claimed) point();
    return result;
  }

  return new Proxy(pool, {
    get(target, name) {
      if (name === 'getExecutor') return () => executor;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

interface Query {
  readonly sql: string;
}
