// One worker of the intake in a process of its own that is killed at the n-th point of its work: run by tests of crashes, with
// its settings as JSON. A point is before and after each commit that changes something.
import { openDatabase } from '#database';
import { silentLog } from '#log';
import { childSettings, crashPoints } from '#testing';
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

const settings = childSettings<IntakeChildSettings>();
const points = crashPoints(settings.dieAt);
const database = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
const house = await openIntakeHouse({
  ...{ database, processingUrl: settings.processingUrl, processNumber: settings.processNumber },
  ...{ wrapDatabase: points.database, wrapBus: points.bus },
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
