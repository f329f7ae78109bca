import { createSealer } from '#auth';
import { openBus } from '#bus';
import { createSharedClock, type SharedClock } from '#clock';
import { secretOf } from '#config';
import type { Database } from '#database';
import { createIdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import {
  asCardGateways,
  type CardGateways,
  cardGatewayMakers,
  createGatewayAccounts,
  createNewsContext,
  createReconciler,
  type Reconciler,
} from '#payments';
import type { Call } from './command.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

/** What a command that talks with card gateways works with. */
export interface CardTools {
  readonly database: Database;
  readonly clock: SharedClock;
  readonly cardGateways: CardGateways;
  readonly reconciler: Reconciler;
}

/** Beside the Kopek that runs: on its database, its bus, and its accounts at gateways. */
export async function withCards(
  call: Call,
  command: string,
  work: (tools: CardTools) => Promise<number>,
): Promise<number> {
  const config = mustReadConfig(call);
  const database = await openRunningDatabase(config, command);
  const closing = new AsyncDisposableStack();
  closing.defer(() => database.close());
  try {
    const clock = await createSharedClock(database);
    closing.defer(() => clock.close());
    const sealer = createSealer({ secret: await secretOf(config) });
    const shared = {
      ...{ database, clock, log: silentLog(), metrics: createMetrics(), sealer },
      // Of a process that runs for a moment.
      ids: createIdSource(process.pid),
    };
    const operators = await createOperators(shared);
    closing.defer(() => operators.close());
    const accounts = await createGatewayAccounts({ ...shared, makers: cardGatewayMakers(clock) });
    closing.defer(() => accounts.close());
    const bus = await openBus({
      ...{ ...shared, relays: false, url: config.busUrl, routes: config.busRoutes },
      source: `kopek/${command}`,
    });
    closing.defer(() => bus.close());
    const types = await readAccountTypes(config.accountTypes || STANDARD_ACCOUNT_TYPES);
    const ledger = await createLedger({ ...shared, types });
    closing.defer(() => ledger.drain());
    const cardGateways = asCardGateways(accounts);
    const context = createNewsContext({ ...shared, bus, operators, ledger, cardGateways });
    return await work({
      ...{ database, clock, cardGateways },
      reconciler: createReconciler({ cardGateways, context }),
    });
  } finally {
    await closing.disposeAsync();
  }
}
