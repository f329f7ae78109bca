import { join } from 'node:path';
import type { Database } from '#database';
import { sql } from '#database';
import { buildHouse, type House } from '#house';
import { createMetrics } from '#metrics';
import { fillCards } from './card-filling.ts';
import { API_SECRET, addressOf, openShop, setTerminal, TYPES } from './card-shop.ts';
import type { BenchContext } from './claim.ts';
import { cpuOf, parentOf } from './cpu.ts';
import { benchConfig, type ChildServer, quiet, startChild, temporaryFolder } from './house.ts';

const SIMULATOR = join(import.meta.dirname, '../../simulators/cloudpayments/main.ts');
const SITE = join(import.meta.dirname, 'card-site.ts');

/** All that a renewal by card meets, each in a process of its own: state-machine, the gateway, the routes it calls. */
export interface CardStage {
  readonly database: Database;
  readonly house: House;
  readonly gateway: ChildServer;
  readonly machine: ChildServer;
  readonly webhooks: ChildServer;
  /** Microseconds of processor time, and statements, that each has used so far. */
  readonly used: () => Promise<Used>;
  close(): Promise<void>;
}

export interface Used {
  readonly machine: number;
  readonly webhooks: number;
  readonly gateway: number;
  readonly postgres: number;
  readonly statementsOfMachine: number;
  readonly statementsOfWebhooks: number;
  readonly commits: number;
}

/** With so many card subscriptions that were paid a month ago, none of them due before `makeDue`. */
export async function openCardStage(context: BenchContext, count: number): Promise<CardStage> {
  const database = await context.openDatabase();
  const folders = [await temporaryFolder(), await temporaryFolder()] as const;
  const [folder, gatewayFolder] = folders;
  await using closing = new AsyncDisposableStack();
  for (const one of folders) closing.defer(() => one.remove());
  const start = async (script: string, args: readonly string[]) => {
    const child = await startChild(script, args);
    closing.defer(() => child.stop());
    return child;
  };
  const gateway = await start(SIMULATOR, ['--port', '0', '--folder', gatewayFolder.path]);
  const config = await benchConfig(database, folder.path);
  const metrics = createMetrics();
  const house = await buildHouse({ config, database, log: quiet, metrics, source: 'kopek/bench' });
  closing.defer(() => house.close());
  await setTerminal(gateway.url, { apiSecret: API_SECRET, concurrency: null, saveCards: 'always' });
  await openShop(house, gateway.url);
  await fillCards({ house, gatewayUrl: gateway.url, count });
  const args = [database.url, folder.path];
  const webhooks = await start(SITE, [...args, 'webhooks']);
  await setTerminal(gateway.url, {
    notifications: Object.fromEntries(
      TYPES.map((type) => [type, `${webhooks.url}${addressOf(type)}`]),
    ),
  });
  const machine = await start(SITE, [...args, 'state-machine']);
  const stage = { database, house, gateway, machine, webhooks };
  const server = await serverOf(database);
  const kept = closing.move();
  return {
    ...{ ...stage, used: () => usedBy(stage, server) },
    close: () => kept.disposeAsync(),
  };
}

async function serverOf(database: Database): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(
    database.pool,
  );
  return parentOf(rows[0]?.pid ?? 0);
}

async function usedBy(
  { database, gateway, machine, webhooks }: Omit<CardStage, 'used' | 'close'>,
  server: number,
): Promise<Used> {
  const { rows } = await sql<{ commits: bigint }>`
    select xact_commit as commits from pg_stat_database where datname = current_database()`.execute(
    database.pool,
  );
  return {
    ...{ machine: cpuOf(machine.pid), webhooks: cpuOf(webhooks.pid), gateway: cpuOf(gateway.pid) },
    postgres: cpuOf(server, { withChildren: true }),
    statementsOfMachine: await statementsOf(machine),
    statementsOfWebhooks: await statementsOf(webhooks),
    commits: Number(rows[0]?.commits ?? 0n),
  };
}

async function statementsOf({ url }: ChildServer): Promise<number> {
  const answer = (await (await fetch(`${url}/statements`)).json()) as { statements: number };
  return answer.statements;
}
