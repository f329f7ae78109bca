import { join } from 'node:path';
import { createApiKey } from '#auth';
import { sql } from '#database';
import { measureChain, PAYMENTS } from './frame/card-chain.ts';
import type { BenchContext } from './frame/claim.ts';
import { type ChildServer, startChild, temporaryFolder } from './frame/house.ts';
import { type Load, openLoad, postJson } from './frame/load.ts';
import { openTpcB } from './frame/pgbench.ts';

export const name = 'card-intake';
export const claim =
  'payment requests taken onto the log per second, each answered after its commit, at least 0.6 of the same route that only ' +
  'does not store; and payments through the whole chain at least 0.5 times as often as TPC-B-like transactions';

const TARGET = 0.6;
const TARGET_CHAIN = 0.5;
const CONNECTIONS = 64;
const REQUESTS = 15_000;
const WARM_UP = 3000;
const TPCB_SECONDS = 6;
const SITE = join(import.meta.dirname, 'frame', 'payment-site.ts');
const PROCESSING = join(import.meta.dirname, '../simulators/processing/main.ts');

interface Site {
  readonly server: ChildServer;
  readonly load: Load;
}

export async function run(context: BenchContext): Promise<void> {
  await compareIntake(context);
  await compareChain(context);
}

async function compareIntake(context: BenchContext): Promise<void> {
  const database = await context.openDatabase();
  const { text: key } = await createApiKey(database, {
    ...{ name: 'bench', scopes: ['payments:write'], now: new Date() },
  });
  const open = async (mode: string): Promise<Site> => {
    const server = await startChild(SITE, [database.url, mode]);
    return { server, load: await openLoad(Number(new URL(server.url).port), CONNECTIONS) };
  };
  const [sets, nothing] = [await open('sets'), await open('nothing')];
  let taken = 0;
  async function take({ load }: Site, count: number): Promise<number> {
    const requests = Array.from({ length: count }, (_, n) => requestOf(taken + n, key));
    taken += count;
    const beganMs = performance.now();
    await load.send(requests);
    return (count * 1000) / (performance.now() - beganMs);
  }
  try {
    for (const site of [sets, nothing]) await take(site, WARM_UP);
    await context.compare({
      ...{ situation: 'requests', unit: 'requests/s', against: 'storing nothing', target: TARGET },
      ...{ ours: () => take(sets, REQUESTS), floor: () => take(nothing, REQUESTS) },
    });
    const { rows } = await sql<{ count: bigint }>`
      select count(*) as count from platform.idempotency_key`.execute(database.pool);
    context.note(`${rows[0]?.count} answers are kept`);
  } finally {
    for (const site of [sets, nothing]) {
      site.load.close();
      await site.server.stop();
    }
  }
}

async function compareChain(context: BenchContext): Promise<void> {
  const floor = await openTpcB(await context.openDatabase());
  const folder = await temporaryFolder();
  const processing = await startChild(PROCESSING, ['--port', '0', '--folder', folder.path]);
  try {
    await context.compare({
      ...{ situation: `${PAYMENTS} payments`, unit: 'payments/s', against: 'TPC-B-like' },
      ...{ target: TARGET_CHAIN, floor: () => floor.run(TPCB_SECONDS) },
      ours: () => measureChain(context, processing),
    });
    context.note(`floor: ${floor.tool}`);
  } finally {
    await processing.stop();
    await folder.remove();
  }
}

function requestOf(n: number, key: string): string {
  const body = {
    ...{ user: `user-${n}`, msisdn: `+7916${String(n).padStart(7, '0')}`, plan: 'month' },
    kind: 'payment',
    consent: {
      ...{ text: 'Cinema, 199 RUB a month', confirmed_at: '2026-01-01T00:00:00Z' },
      evidence: { session: `checkout ${n}` },
    },
  };
  return postJson('/v1/payment-requests', body, key, `key-${n}`);
}
