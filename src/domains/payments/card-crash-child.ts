// Everything that card payments are made of, in a process of its own that is killed at the n-th point of its work: run by
// tests of crashes, with its settings as JSON. A point is before and after each commit that changes something, and before
// and after each call to the gateway.
import { afterCommit, beforeCommit, type Database, openDatabase, sql, type Tx } from '#database';
import { silentLog } from '#log';
import { cardWorkersOf, furnishCards, onlyGateway, openDoors } from './card-fixture.ts';
import type { CardGateway } from './card-gateway.ts';
import { CLOUD_PAYMENTS, cloudPaymentsAt } from './cloudpayments-outside.ts';
import { createPayments } from './create-payments.ts';

export interface CardCrashSettings {
  readonly url: string;
  readonly simulator: string;
  readonly publicId: string;
  readonly port: number;
  readonly now: string;
  /** Dies at this point of its work, the first is 1. */
  readonly dieAt: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as CardCrashSettings;
let points = 0;

function point(): void {
  points += 1;
  if (points === settings.dieAt) process.kill(process.pid, 'SIGKILL');
}

const opened = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
const furnished = await furnishCards(opened, CLOUD_PAYMENTS, new Date(settings.now));
const database = dyingDatabase(opened);
const card = dyingGateway(cloudPaymentsAt(settings.simulator, settings.publicId));
const house = {
  ...{ ...furnished, database, bus: dyingBus(furnished.bus) },
  cardGateways: onlyGateway(card),
};
const whole = { ...house, payments: createPayments(house) };
const server = await openDoors(whole, settings.port);
const workers = cardWorkersOf(whole, card);
for (const worker of workers) worker.start();
process.stdout.write('ready\n');
process.once('SIGTERM', () => void end());

async function end(): Promise<void> {
  await Promise.all(workers.map((worker) => worker.stop()));
  await server.close();
  await card.close();
  await furnished.operators.close();
  await furnished.bus.close();
  await opened.close();
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

function dyingBus(inner: typeof furnished.bus): typeof furnished.bus {
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

/** Its answers to notifications are points too: what was kept and never acknowledged is told again. */
function dyingGateway(inner: CardGateway): CardGateway {
  const around =
    <Given, Result>(call: (given: Given) => Promise<Result>) =>
    async (given: Given) => {
      point();
      const result = await call(given);
      point();
      return result;
    };
  const { acknowledgement } = inner;
  const calls = {
    ...{ chargeSaved: around(inner.chargeSaved), refund: around(inner.refund) },
    ...{ confirm: around(inner.confirm), void: around(inner.void), inquire: around(inner.inquire) },
    ...(acknowledgement && {
      acknowledgement: () => {
        point();
        return acknowledgement();
      },
    }),
  };
  return Object.assign(Object.create(inner) as CardGateway, calls);
}
