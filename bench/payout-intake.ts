import { join } from 'node:path';
import { createApiKey } from '#auth';
import { sql } from '#database';
import type { BenchContext } from './frame/claim.ts';
import { type ChildServer, startChild } from './frame/house.ts';
import { type Load, openLoad, postJson } from './frame/load.ts';

export const name = 'payout-intake';
export const claim =
  'payout requests taken durably per second, each answered after its commit, at least 0.6 of the same route with the ' +
  'same parsing, key check and validation that only does not store, and 2 times one INSERT for each request';

const TARGET = 0.6;
const TARGET_SINGLE = 2;
const CONNECTIONS = 64;
const REQUESTS = 20_000;
const WARM_UP = 4000;
const SITE = join(import.meta.dirname, 'frame', 'payout-site.ts');

interface Site {
  readonly server: ChildServer;
  readonly load: Load;
}

export async function run(context: BenchContext): Promise<void> {
  const database = await context.openDatabase();
  const { text: key } = await createApiKey(database, {
    ...{ name: 'bench', scopes: ['payouts:request'], now: new Date() },
  });
  const open = async (mode: string): Promise<Site> => {
    const server = await startChild(SITE, [database.url, mode]);
    return { server, load: await openLoad(Number(new URL(server.url).port), CONNECTIONS) };
  };
  const [sets, nothing, single] = [await open('sets'), await open('nothing'), await open('single')];
  let taken = 0;
  async function take({ load }: Site, count: number): Promise<number> {
    const requests = Array.from({ length: count }, (_, n) => requestOf(taken + n, key));
    taken += count;
    const beganMs = performance.now();
    await load.send(requests);
    return (count * 1000) / (performance.now() - beganMs);
  }
  try {
    for (const site of [sets, nothing, single]) await take(site, WARM_UP);
    await context.compare({
      ...{ situation: 'requests', unit: 'requests/s', against: 'storing nothing', target: TARGET },
      ...{ ours: () => take(sets, REQUESTS), floor: () => take(nothing, REQUESTS) },
    });
    await context.compare({
      ...{ situation: 'requests', unit: 'requests/s', against: 'one INSERT each' },
      ...{ target: TARGET_SINGLE, ours: () => take(sets, REQUESTS) },
      floor: () => take(single, REQUESTS / 2),
    });
    const { rows } = await sql<{ count: bigint }>`
      select count(*) as count from payouts.request`.execute(database.pool);
    context.note(`${rows[0]?.count} requests lie in the table`);
  } finally {
    for (const site of [sets, nothing, single]) {
      site.load.close();
      await site.server.stop();
    }
  }
}

function requestOf(n: number, key: string): string {
  const body = {
    client_id: `partner-${n % 5000}`,
    external_id: `2026-11-${n}`,
    metadata: { period: '2026-11', contract: `C-${n % 5000}` },
  };
  return postJson('/v1/payout-requests', body, key);
}
