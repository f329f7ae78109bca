// oebs-gate in a process of its own that is killed at the n-th point of its work: run by tests of crashes, with its
// settings as JSON. A point is before and after each commit that changes something, and before and after each call.
import { openBus } from '#bus';
import { createSystemClock } from '#clock';
import { openDatabase, sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import {
  type AccountSystem,
  createAccountsInProcess,
  createAccountsOverHttp,
} from '#payouts/accounts';
import { createPayoutMachine } from '#payouts/create-payout-machine';
import { childSettings, crashPoints } from '#testing';
import { openTestLedger, TOPICS } from './machine-fixture.ts';

export interface CrashSettings {
  readonly url: string;
  /** Where it reaches the system of accounts over HTTP; absent: in itself. */
  readonly remote?: { readonly url: string; readonly key: string };
  /** Dies at this point of its work, the first is 1. */
  readonly dieAt: number;
  /** Ends by itself when every payout is in one of these states, and none is on its way. */
  readonly until: readonly string[];
}

const settings = childSettings<CrashSettings>();
const points = crashPoints(settings.dieAt);
const opened = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
const shared = { clock: createSystemClock(), log: silentLog(), metrics: createMetrics() };
const bus = await openBus({ ...shared, database: opened, url: 'postgres:', source: 'kopek/test' });
const ledger = await openTestLedger(opened, shared.clock);
const remote = settings.remote && createAccountsOverHttp(settings.remote);
const database = points.database(opened);
const machine = createPayoutMachine({
  ...{ ...shared, database, bus: points.bus(bus), topics: TOPICS },
  accounts: dyingAccounts(remote ?? createAccountsInProcess(ledger)),
  ...{ senderLimit: 100, intervalMs: 20, approvalAbove: new Map(), approvalDays: 30 },
  silenceMs: 3_600_000,
});
await bus.declare(machine.groups);
machine.gate.start();
while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 20));
await machine.gate.stop();
await remote?.close();
await bus.close();
await opened.close();

async function isDone(): Promise<boolean> {
  const { rows } = await sql<{ open: boolean }>`
    select exists (select from payouts.payout where moving is not null
      or state <> all (${settings.until}::text[])) as open`.execute(opened.pool);
  return rows[0]?.open === false;
}

function dyingAccounts(inner: AccountSystem): AccountSystem {
  return {
    payoutAccounts: inner.payoutAccounts,
    move: points.call(inner.move),
    takeCash: points.call(inner.takeCash),
    returnCash: points.call(inner.returnCash),
  };
}
