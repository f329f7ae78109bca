// Everything that card payments are made of, in a process of its own that is killed at the n-th point of its work: run by
// tests of crashes, with its settings as JSON. A point is before and after each commit that changes something, before and
// after each call to the gateway, and before a notification is acknowledged.
import { openDatabase } from '#database';
import { silentLog } from '#log';
import type { CardGateway } from '#payments/card-gateway';
import { createPayments } from '#payments/create-payments';
import { childSettings, crashPoints } from '#testing';
import { furnishCards, onlyGateway, openDoors, workersOf } from './card-fixture.ts';
import { CLOUD_PAYMENTS, cloudPaymentsAt } from './cloudpayments-outside.ts';
import { RECEIPTS, stripeAt, YOOKASSA, yooKassaAt } from './psp-outside.ts';

export interface CardCrashSettings {
  readonly url: string;
  readonly gateway: string;
  readonly simulator: string;
  /** Of CloudPayments. */
  readonly publicId?: string;
  readonly port: number;
  readonly now: string;
  /** Dies at this point of its work, the first is 1. */
  readonly dieAt: number;
}

const settings = childSettings<CardCrashSettings>();
/** Of the house, each tenth of a second: an hour, in which pages are over, does not pass in a test. */
const TICK_MS = 2000;
const REAL_MS = 100;

const points = crashPoints(settings.dieAt);
const opened = openDatabase({ url: settings.url, log: silentLog(), name: 'kopek-test-child' });
const furnished = await furnishCards(opened, settings.gateway, new Date(settings.now));
const card = dyingGateway(gatewayAt(settings));
const house = {
  ...{ ...furnished, database: points.database(opened), bus: points.bus(furnished.bus) },
  cardGateways: onlyGateway(card),
};
const whole = { ...house, payments: createPayments(house) };
points.begin();
const server = await openDoors(whole, settings.port);
const workers = workersOf(whole, card);
for (const worker of workers) worker.start();
// Time goes on for whoever is not to die: what certainly was not sent goes out again after its backoff.
const ticking =
  settings.dieAt === 0 ? setInterval(() => furnished.clock.advanceMs(TICK_MS), REAL_MS) : undefined;
process.stdout.write('ready\n');
process.once('SIGTERM', () => void end());

async function end(): Promise<void> {
  clearInterval(ticking);
  await Promise.all(workers.map((worker) => worker.stop()));
  await server.close();
  await card.close();
  await furnished.operators.close();
  await furnished.bus.close();
  await opened.close();
}

function gatewayAt({ gateway, publicId = '', simulator }: CardCrashSettings): CardGateway {
  if (gateway === CLOUD_PAYMENTS) return cloudPaymentsAt(simulator, publicId);
  return gateway === YOOKASSA ? yooKassaAt(simulator, RECEIPTS) : stripeAt(simulator);
}

/** Its answers to notifications are points too: what was kept and never acknowledged is told again. */
function dyingGateway(inner: CardGateway): CardGateway {
  const { acknowledgement, listReceipts } = inner;
  const calls = {
    ...{ chargeSaved: points.call(inner.chargeSaved), refund: points.call(inner.refund) },
    ...{ confirm: points.call(inner.confirm), void: points.call(inner.void) },
    inquire: points.call(inner.inquire),
    ...(listReceipts && { listReceipts: points.call(listReceipts) }),
    ...(acknowledgement && {
      acknowledgement: () => {
        points.point();
        return acknowledgement();
      },
    }),
  };
  return Object.assign(Object.create(inner) as CardGateway, calls);
}
