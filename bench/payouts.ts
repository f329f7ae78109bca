import { readConfig } from '#config';
import { sql } from '#database';
import { buildHouse, type House } from '#house';
import { uuidV7 } from '#ids';
import { credit, debit } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import type { BenchContext } from './frame/claim.ts';
import { openTpcB } from './frame/pgbench.ts';

export const name = 'payouts';
export const claim =
  'payout requests turned into payouts that are sent, by one copy of each gate: their account asked for, the payout made, ' +
  'checked, its money reserved and sent by a transfer each, its facts taken, the order for the ERP published';

/** Of TPC-B-like transactions: measured 0.07 on two cores that had other work; each payout is two transfers and a dozen rows. */
const TARGET = 0.05;
const PAYOUTS = 1000;
const WARM_UP = 200;
const TPCB_SECONDS = 3;
const CURRENCY = 'PKR';

export async function run(context: BenchContext): Promise<void> {
  const floor = await openTpcB(await context.openDatabase());
  const database = await context.openDatabase();
  const { config } = readConfig({});
  const house = await buildHouse({
    config: { ...config, databaseUrl: database.url, secret: 'x'.repeat(32) },
    ...{ database, log: silentLog(), metrics: createMetrics(), source: 'kopek/bench' },
  });
  try {
    await house.declareGroups();
    await payOut(house, WARM_UP);
    await context.compare({
      ...{ situation: 'a payout each', unit: 'payouts/s', against: 'TPC-B-like', target: TARGET },
      ...{ ours: () => payOut(house, PAYOUTS), floor: () => floor.run(TPCB_SECONDS) },
    });
    context.note(`floor: ${floor.tool}`);
  } finally {
    await house.close();
  }
}

let partners = 0;

/** So many partners have earned and ask; answers how many of them were paid out per second. */
async function payOut(house: House, count: number): Promise<number> {
  const clients = Array.from({ length: count }, () => `partner-${partners++}`);
  await earn(house, clients);
  for (const clientId of clients) {
    await house.payouts.requests.take({ clientId, externalId: uuidV7(), askedBy: 'key_bench' });
  }
  const gate = house.payouts.reqGate();
  const beganMs = performance.now();
  while ((await countNew(house)) > 0) await gate.turn();
  await house.payoutMachine.gate.round();
  const seconds = (performance.now() - beganMs) / 1000;
  await mustBeSent(house, clients);
  return count / seconds;
}

async function earn({ ledger }: House, clients: readonly string[]): Promise<void> {
  const [source, ...accounts] = await ledger.open([
    { type: 'receivable', clientId: 'gateway', currency: CURRENCY },
    ...clients.map((clientId) => ({ type: 'payout', clientId, currency: CURRENCY })),
  ]);
  if (!source) throw new Error('must hold: an account that was opened is there');
  await ledger.submit(
    accounts.map((account) => ({
      ...{ id: uuidV7(), kind: 'charge', reference: 'bench' },
      lines: [debit(source, 1000n), credit(account, 1000n)],
    })),
  );
}

async function countNew({ database }: House): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count from payouts.request where status = 'new'`.execute(database.pool);
  return Number(rows[0]?.count ?? 0n);
}

/** What is counted has happened: an order for each is on its way to the ERP. */
async function mustBeSent({ database }: House, clients: readonly string[]): Promise<void> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count from payouts.payout
    where state = 'in_flight' and client_id = any (${clients}::text[])`.execute(database.pool);
  if (Number(rows[0]?.count) !== clients.length)
    throw new Error(`must hold: ${rows[0]?.count} of ${clients.length} payouts are in flight`);
}
