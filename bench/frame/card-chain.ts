import { startApp } from '#app';
import { askOnce } from '#auth';
import { type Database, sql } from '#database';
import type { House } from '#house';
import type { ProcessName } from '#processes';
import { layPlan } from './card-plan.ts';
import type { BenchContext } from './claim.ts';
import { benchConfig, type ChildServer, quiet, temporaryFolder } from './house.ts';

export const PAYMENTS = 6000;
/** First, and unmeasured: a process that has run for a minute is what runs all day. */
const WARM_UP = 1000;
const POLL_MS = 50;
/** The gateway's rate is lifted: here the house is measured, not the gateway. */
const RATE_LIFTED = 10_000;

/** Requests per second through one process, from their being asked for to their being told: charged, settled, posted. */
export async function measureChain(
  context: BenchContext,
  processing: ChildServer,
): Promise<number> {
  const database = await context.openDatabase();
  const folder = await temporaryFolder();
  const config = await benchConfig(database, folder.path);
  const start = (processes: readonly ProcessName[]) =>
    startApp({ ...{ config, log: quiet, demo: false, simulator: false }, processes });
  // What is there when the workers start is what they work with.
  const before = await start(['payments-api']);
  await layPlan(before.house);
  await layGateway(before.house, processing.url);
  await before.stop();
  const app = await start([
    ...(['payments-api', 'saver', 'processor', 'notifier', 'state-machine'] as const),
  ]);
  const { clock, intake } = app.house;
  async function ask(from: number, count: number): Promise<void> {
    const confirmedAt = clock.now();
    const order = {
      ...{ version: 1, amountMinor: 19_900n, currency: 'RUB', locale: 'ru' },
      consent: { textShown: 'Cinema', priceShown: '199', confirmedAt, evidence: { session: 's' } },
    };
    await Promise.all(
      Array.from({ length: count }, (_, n) => {
        const name = `user-${from + n}`;
        const msisdn = `+7916${String(from + n).padStart(7, '0')}`;
        const once = askOnce({ principal: 'bench', key: name, route: 'POST /', body: name });
        return intake.take(
          { user: name, msisdn, plan: 'month', kind: 'payment', askedBy: 'bench', order },
          once,
        );
      }),
    );
  }
  try {
    await ask(0, WARM_UP);
    await untilTold(database, WARM_UP);
    const beganMs = performance.now();
    await ask(WARM_UP, PAYMENTS);
    await untilTold(database, WARM_UP + PAYMENTS);
    return (PAYMENTS * 1000) / (performance.now() - beganMs);
  } finally {
    await app.stop();
    await folder.remove();
  }
}

async function layGateway({ database, gatewayAccounts }: House, url: string): Promise<void> {
  const account = {
    ...({ name: 'processing', kind: 'processing', title: 'bench', enabled: true } as const),
    ...{ requestsPerSecond: RATE_LIFTED, weight: 1, secrets: {} },
    settings: { base_url: url, inquiry: 'repeatIsSafe' },
  };
  await database.transaction((tx) => gatewayAccounts.save(tx, account, 'bench'));
}

async function untilTold(database: Database, count: number): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ count: bigint }>`
      select count(*) as count from payments.request where processing_status = 'completed' and payment_status = 'accepted'`.execute(
      database.pool,
    );
    if (Number(rows[0]?.count) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
