// state-machine in a process of its own that is killed at the n-th point of its work: run by tests of crashes, with its settings
// as JSON. A point is before and after each commit that changes something.
import { createFakeClock } from '#clock';
import { afterCommit, type Database, openDatabase, sql, type Tx } from '#database';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { buildShop, gatewaysAt } from './fixture.ts';
import { timeOf } from './life.ts';
import { runMoves } from './run-moves.ts';
import { stopMoves } from './stop-moves.ts';

export interface CrashSettings {
  readonly url: string;
  readonly gatewayUrl: string;
  readonly publicId: string;
  /** Business time stands still while it lives. */
  readonly now: string;
  /** Dies at this point of its work, the first is 1; 0: never. */
  readonly dieAt: number;
  /** Of its ids: no other child has it, since their clocks stand at the same moment. */
  readonly processNumber: number;
  /** Only moves are carried out and stopped, in sets of so many. */
  readonly moveMost?: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as CrashSettings;
let points = 0;
let isAtWork = false;

function point(): void {
  points += 1;
  if (isAtWork && points === settings.dieAt) process.kill(process.pid, 'SIGKILL');
}

async function dieAround(tx: Tx): Promise<void> {
  const { rows } = await sql<{ changed: boolean }>`
    select pg_current_xact_id_if_assigned() is not null as changed`.execute(tx);
  if (!rows[0]?.changed) return;
  point();
  afterCommit(tx, point);
}

function dyingDatabase(inner: Database): Database {
  return {
    ...inner,
    transaction: (work) =>
      inner.transaction(async (tx) => {
        const result = await work(tx);
        await dieAround(tx);
        return result;
      }),
  };
}

const opened = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
const { card, cardGateways } = gatewaysAt(settings.gatewayUrl, settings.publicId);
const clock = createFakeClock(new Date(settings.now));
const shop = await buildShop({
  ...{ database: dyingDatabase(opened), clock },
  ...{ ids: createIdSource(settings.processNumber), cardGateways },
});
points = 0;
isAtWork = true;
if (settings.moveMost) await runAndStopMoves(settings.moveMost);
else await runAll();
await shop.close();
await card.close();
await opened.close();

async function runAndStopMoves(most: number): Promise<void> {
  while ((await runMoves(shop.context, most)) > 0);
  while ((await stopMoves(shop.context, most)) > 0);
}

async function runAll(): Promise<void> {
  const worker = shop.cards.worker();
  worker.start();
  await timeOf({ ...shop, clock }).quiet();
  await worker.stop();
}
