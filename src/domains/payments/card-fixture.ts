import { after } from 'node:test';
import { createKeyring, createSealer } from '#auth';
import { openBus } from '#bus';
import { createFakeClock, createSystemClock } from '#clock';
import type { Database } from '#database';
import { createHttpServer } from '#http';
import { createIdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import {
  cryptogramOf,
  standardPublicId,
  startCloudPaymentsSimulator,
} from '#simulators/cloudpayments';
import { freePort, temporaryFolder, testDatabase } from '#testing';
import { createCardCharging } from './card-charging.ts';
import type { CardGateways } from './card-gateways.ts';
import { createCardWorker } from './card-worker.ts';
import { cardChargeGroup, createChargeWorker } from './charge-worker.ts';
import type { PresentRequest } from './create-card-payments.ts';
import { createPayments, type Payments } from './create-payments.ts';
import { readersOf } from './fixture.ts';
import { createCloudPayments } from './gateways/cloudpayments/index.ts';
import { registerNotificationRoutes } from './http-notifications.ts';
import { createSavedCards } from './saved-cards.ts';
import { paymentEvents, paymentResponses } from './topics.ts';

export const CARDS_NOW = new Date('2026-11-20T07:00:00Z');
export const GATEWAY = 'cloudpayments';
const SECRET = 'secret-of-the-simulated-terminal';
const TYPES = ['Check', 'Pay', 'Fail', 'Confirm', 'Refund', 'Cancel', 'Recurrent'];
const HOUR_MS = 3_600_000;

/** Payments by card on a database of their own, with the gateway's simulator at their other end and their own doors open. */
export async function openCardHouse() {
  const database = await testDatabase();
  const clock = createFakeClock(CARDS_NOW);
  const base = {
    ...{ database, clock, log: silentLog(), metrics: createMetrics(), ids: createIdSource(1) },
    sealer: createSealer({ secret: 'a secret that only tests know, long enough' }),
  };
  const bus = await openBus({ ...base, url: 'postgres:', source: 'kopek/test' });
  await bus.declare([
    cardChargeGroup(GATEWAY),
    { topic: paymentResponses(GATEWAY), name: 'test' },
    { topic: paymentEvents, name: 'test' },
  ] as never);
  const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ ...base, types });
  const operators = await createOperators(base);
  const port = await freePort();
  const site = `http://127.0.0.1:${port}/v1/webhooks/${GATEWAY}`;
  const simulator = await startCloudPaymentsSimulator({
    ...{ port: 0, folder: await temporaryFolder() },
    sites: {
      [standardPublicId]: {
        ...{ apiSecret: SECRET, concurrency: 100 },
        notifications: Object.fromEntries(
          TYPES.map((type) => [type, `${site}/${type.toLowerCase()}`]),
        ),
      },
    },
  });
  const card = createCloudPayments(
    {
      settings: { public_id: standardPublicId, base_url: simulator.url, timeout_ms: 2000 },
      secrets: { api_secret: SECRET },
    },
    { name: GATEWAY, clock: createSystemClock() },
  );
  const line = {
    ...{ admits: () => true, perSecond: () => 1000, take: async (most: number) => most },
    heard: () => {},
  };
  const cardGateways: CardGateways = {
    names: () => [GATEWAY],
    gateway: (name) => (name === GATEWAY ? card : undefined),
    line: () => line,
    choose: () => [GATEWAY],
  };
  const house = { ...base, bus, ledger, operators, cardGateways };
  const payments = createPayments(house);
  const server = await createHttpServer({
    ...base,
    api: { ...base, keyring: createKeyring({ database }) },
  });
  registerNotificationRoutes(server.app, payments);
  await server.listen(port, '127.0.0.1');
  const cards = createSavedCards(base);
  const workers = [
    createCardWorker({ ...house, inbox: payments.inbox }),
    createChargeWorker({
      ...{ ...house, group: cardChargeGroup(GATEWAY), cards },
      gateway: createCardCharging({
        ...{ card, line },
        tokenOf: (customerId, id) => cards.tokenOf(database.pool, customerId, id),
      }),
    }),
  ];
  for (const worker of workers) worker.start();
  after(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await server.close();
    await card.close();
    await simulator.close();
    await operators.close();
    await bus.close();
  });
  const hands = handsOf({ database, payments, url: simulator.url });
  return { ...house, payments, simulator, site, ...hands, ...readersOf(database) };
}

let people = 0;

function handsOf(of: {
  readonly database: Database;
  readonly payments: Payments;
  readonly url: string;
}) {
  const { database, payments, url } = of;
  return {
    /** A payment of somebody new, on a page of his own. */
    async present(changes: Partial<PresentRequest> = {}): Promise<string> {
      people += 1;
      const request = {
        ...{ customerId: BigInt(people), msisdn: `+7916${String(people).padStart(7, '0')}` },
        ...{ amountMinor: 19_900n, currency: 'RUB', reference: `sub_${people}/0` },
        offer: { description: 'A month of Music', saveCard: true },
        notAfter: new Date(CARDS_NOW.getTime() + HOUR_MS),
        ...changes,
      };
      const [payment] = await database.transaction((tx) => payments.cards.prepare(tx, [request]));
      return payment ?? '';
    },
    /** As the widget pays: whatever the page says. */
    async pay(number: string, fields: object) {
      const login = Buffer.from(`${standardPublicId}:${SECRET}`).toString('base64');
      const packet = cryptogramOf({ number, expires: '12/59', name: 'A B' });
      const answer = await fetch(`${url}/payments/cards/charge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Basic ${login}` },
        body: JSON.stringify({
          ...{ IpAddress: '203.0.113.7', CardCryptogramPacket: packet, Currency: 'RUB' },
          ...fields,
        }),
      });
      return (await answer.json()) as { Success: boolean; Model: Record<string, unknown> };
    },
    /** What the gateway's own book says of an order, in minor units. */
    async book(payment: string): Promise<{ readonly debits: number; readonly refunded: number }> {
      const answer = await fetch(`${url}/ledger?invoice=${payment}`);
      const { entries } = (await answer.json()) as {
        entries: readonly { readonly kind: string; readonly amountMinor: number }[];
      };
      const sumOf = (kind: string) =>
        entries.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.amountMinor, 0);
      return {
        debits: entries.filter(({ kind }) => kind === 'debit').length,
        refunded: sumOf('refund'),
      };
    },
    async control(method: 'POST' | 'PUT', path: string, body: object): Promise<void> {
      const answer = await fetch(`${url}/control/${path}`, {
        ...{ method, headers: { 'content-type': 'application/json' } },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    },
  };
}
