// state-machine in a process of its own that is killed at the n-th point of its work: run by tests of crashes, with its settings
// as JSON. A point is before and after each commit that changes something.
import { createFakeClock } from '#clock';
import { openDatabase } from '#database';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { createNewsContext, createReconciler } from '#payments';
import { runMoves, stopMoves } from '#subscriptions/cards/moves';
import { childSettings, crashPoints } from '#testing';
import { buildShop, GATEWAY, gatewaysAt } from './fixture.ts';
import { timeOf } from './life.ts';

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
  /** First the gateway's list of these hours is read, as it is each night. */
  readonly reconciles?: { readonly from: string; readonly to: string };
}

const settings = childSettings<CrashSettings>();
const points = crashPoints(settings.dieAt);
const opened = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
const { card, cardGateways } = gatewaysAt(settings.gatewayUrl, settings.publicId);
const clock = createFakeClock(new Date(settings.now));
const shop = await buildShop({
  ...{ database: points.database(opened), clock },
  ...{ ids: createIdSource(settings.processNumber), cardGateways },
});
points.begin();
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
  const { from, to } = settings.reconciles ?? {};
  if (from !== undefined && to !== undefined) {
    const span = { from: new Date(from), to: new Date(to) };
    const reconciler = createReconciler({ ...shop, context: createNewsContext(shop) });
    await reconciler.reconcile(GATEWAY, span);
  }
  await timeOf({ ...shop, clock }).quiet();
  await worker.stop();
}
