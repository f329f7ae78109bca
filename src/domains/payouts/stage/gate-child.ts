// A req-gate that works until it is killed, or kills itself at a step: run by tests of crashes, with its settings as JSON.

import { openBus } from '#bus';
import { createSystemClock } from '#clock';
import { afterCommit, beforeCommit, type Database, openDatabase } from '#database';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import {
  type AccountSystem,
  createAccountsInProcess,
  createAccountsOverHttp,
} from '#payouts/accounts';
import { createReqGate } from '#payouts/req-gate';
import { standardLedger } from './fixture.ts';

/** With a batch claimed, with all answers in hand, with all written, with all committed. */
export type CrashPoint = 'claimed' | 'answered' | 'written' | 'committed';

export interface GateChildSettings {
  readonly url: string;
  readonly processNumber: number;
  readonly limit: number;
  /** Absent: the system of accounts is in its own process. */
  readonly accounts?: { readonly url: string; readonly key: string };
  /** When it kills itself. */
  readonly dies?: CrashPoint;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as GateChildSettings;
const log = silentLog();
const clock = createSystemClock();
const database = openDatabase({ url: settings.url, log, name: 'kopek-test-child' });
const metrics = createMetrics();
const bus = await openBus({
  ...{ url: 'postgres:', database, clock, log, metrics, source: 'kopek/test' },
});
const accounts = settings.accounts
  ? createAccountsOverHttp(settings.accounts)
  : createAccountsInProcess(await standardLedger(database, clock));

const gate = createReqGate({
  ...{ database: dyingDatabase(), bus, clock, log, metrics, accounts: dyingAccounts() },
  ...{ ids: createIdSource(settings.processNumber), intervalMs: 10, limit: settings.limit },
});
gate.start();
process.stdout.write('working\n');

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

function dyingAccounts(): AccountSystem {
  if (settings.dies !== 'claimed') return accounts;
  return { ...accounts, payoutAccounts: die };
}

/** The gate's own transaction is the one that decides a batch. */
function dyingDatabase(): Database {
  const { dies } = settings;
  if (dies === undefined || dies === 'claimed') return database;
  return {
    ...database,
    transaction: (work) =>
      database.transaction(async (tx) => {
        if (dies === 'answered') await die();
        const result = await work(tx);
        if (dies === 'written') beforeCommit(tx, die);
        if (dies === 'committed') afterCommit(tx, () => void die());
        return result;
      }),
  };
}
