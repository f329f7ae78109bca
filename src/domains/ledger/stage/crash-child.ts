// A process that works on a ledger until it is killed: run by kill.test.ts, with its settings as JSON.

import { createSystemClock } from '#clock';
import { type Database, openDatabase } from '#database';
import { uuidV7 } from '#ids';
import { createLedgerWorker } from '#ledger/worker';
import { silentLog } from '#log';
import { move, testLedger } from './fixture.ts';

export interface CrashSettings {
  readonly url: string;
  /** acc ids of a source and of purses, as numbers. */
  readonly accounts: readonly string[];
  /** Does this one thing and dies then; else it posts until it is killed from outside. */
  readonly operation?: Operation;
  /** Dies before the commit of its transaction, or after it and before it can tell anybody. */
  readonly moment?: 'before' | 'after';
  readonly transfer?: string;
  readonly hold?: string;
  /** That is reversed. */
  readonly target?: string;
}

export type Operation = 'submit' | 'reserve' | 'settle' | 'release' | 'expire' | 'seal' | 'reverse';

const CALLERS = 40;
const settings = JSON.parse(process.argv[2] ?? '{}') as CrashSettings;
const opened = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
let armed = false;

const die = () => process.kill(process.pid, 'SIGKILL');
const database: Database = {
  ...opened,
  async transaction(work) {
    const result = await opened.transaction(async (tx) => {
      const done = await work(tx);
      if (armed && settings.moment === 'before') await dieAndWait();
      return done;
    });
    if (armed && settings.moment === 'after') await dieAndWait();
    return result;
  },
};

async function dieAndWait(): Promise<never> {
  die();
  return new Promise(() => {});
}

const ledger = await testLedger(database, createSystemClock());
const found = await ledger.byIds(settings.accounts.map(BigInt));
const [source, ...purses] = settings.accounts.map((id) => {
  const account = found.get(BigInt(id));
  if (!account) throw new Error(`must hold: account ${id} is there`);
  return account;
});
const [purse] = purses;
if (!source || !purse) throw new Error('must hold: a source and a purse are given');

if (settings.operation) {
  armed = true;
  await operate(settings.operation, settings);
} else await postForEver();

async function operate(
  operation: Operation,
  { hold = '', target = '', transfer = '' }: CrashSettings,
) {
  if (!source || !purse) return;
  const parts = [{ account: purse, amountMinor: 300n }];
  const expiresAt = new Date(Date.now() + 60_000);
  const asked = { id: hold, kind: 'test', reference: '', parts, expiresAt };
  switch (operation) {
    case 'submit':
      return ledger.submit([move(source, purse, 100n, { id: transfer })]);
    case 'reserve':
      return database.transaction((tx) => ledger.reserve(tx, [asked]));
    case 'settle': {
      const settling = { hold, transfer: move(purse, source, 120n, { id: transfer }) };
      return database.transaction((tx) => ledger.settle(tx, settling));
    }
    case 'release':
      return database.transaction((tx) => ledger.release(tx, [hold]));
    case 'expire':
      return ledger.expire();
    case 'seal':
      return ledger.seal();
    case 'reverse':
      return ledger.reverse({ id: transfer, transfer: target });
  }
}

/** Many callers, each telling what it is about to ask and what was answered; the worker seals beside them. */
async function postForEver(): Promise<void> {
  createLedgerWorker({ ledger, log: silentLog() }).start();
  process.stdout.write('ready\n');
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => postAs(caller)));
}

async function postAs(caller: number): Promise<void> {
  for (let turn = caller; ; turn += 1) {
    const to = purses[turn % purses.length];
    if (!source || !to) return;
    const id = uuidV7();
    process.stdout.write(`ask ${id} ${to.id}\n`);
    const { outcome } = await ledger.submit([move(source, to, 1n, { id })]);
    process.stdout.write(`${outcome} ${id}\n`);
    if (turn % 50 === 0) await ledger.seal();
  }
}
