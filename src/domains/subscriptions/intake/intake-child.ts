// One worker of the intake in a process of its own that is killed at the n-th point of its work: run by tests of crashes, with
// its settings as JSON. A point is before and after each commit that changes something.
import type { Bus } from '#bus';
import { afterCommit, beforeCommit, type Database, openDatabase, sql, type Tx } from '#database';
import { silentLog } from '#log';
import { openIntakeHouse } from './fixture.ts';
import { handsOf } from './stage-fixture.ts';

export interface IntakeChildSettings {
  readonly url: string;
  readonly processingUrl: string;
  readonly processNumber: number;
  readonly worker: 'payments-api' | 'saver' | 'processor' | 'notifier';
  /** Dies at this point of its work, the first is 1; 0 never. */
  readonly dieAt: number;
  readonly users: readonly {
    readonly user: string;
    readonly msisdn: string;
    readonly key: string;
  }[];
  /** Ends by itself when the requests of these have come so far, and are as many. */
  readonly until: readonly string[];
}

const settings = JSON.parse(process.argv[2] ?? '{}') as IntakeChildSettings;
let points = 0;

function point(): void {
  points += 1;
  if (points === settings.dieAt) process.kill(process.pid, 'SIGKILL');
}

const database = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
const house = await openIntakeHouse({
  ...{ database, processingUrl: settings.processingUrl, processNumber: settings.processNumber },
  ...{ wrapDatabase: dyingDatabase, wrapBus: dyingBus },
});
const { payment, request, rowsOfUsers } = handsOf(house, settings.processingUrl);
if (settings.worker === 'payments-api') {
  for (const who of settings.users) await request(payment(who), who.key);
} else {
  const worker = start(settings.worker);
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 20));
  await worker.stop();
}
await house.close();
await database.close();

function start(name: Exclude<IntakeChildSettings['worker'], 'payments-api'>) {
  const worker = house.intake[name]();
  worker.start();
  return worker;
}

async function isDone(): Promise<boolean> {
  const rows = await rowsOfUsers(settings.users);
  const enough = rows.filter((row) => settings.until.includes(row.processing_status));
  return enough.length === settings.users.length;
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
        // Behind what is written at the end of the transaction, such as messages.
        beforeCommit(tx, () => dieAround(tx));
        return result;
      }),
  };
}

function dyingBus(inner: Bus): Bus {
  return {
    ...inner,
    consume: (group, options, handler) =>
      inner.consume(group, options, async (tx, messages) => {
        const verdicts = await handler(tx, messages);
        beforeCommit(tx, () => dieAround(tx));
        return verdicts;
      }),
  };
}
