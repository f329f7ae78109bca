import { after } from 'node:test';
import { createKeyring, createSealer } from '#auth';
import { openBus } from '#bus';
import { createFakeClock, createSystemClock } from '#clock';
import { createHttpServer } from '#http';
import { createIdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import {
  type CardGateways,
  cardChargeGroup,
  createCardCharging,
  createCardWorker,
  createChargeWorker,
  createCloudPayments,
  createPayments,
  createSavedCards,
  createTokenReader,
  paymentEvents,
  registerNotificationRoutes,
} from '#payments';
import { createRules } from '#rules';
import { openSms, prepareHouse } from '#sms';
import { createCatalogue } from '#subscriptions/catalogue';
import { defaultPolicy } from '#subscriptions/dunning';
import { subscriptionEvents } from '#subscriptions/topics';
import { freePort, temporaryFolder, testDatabase } from '#testing';
import type { CardContext } from './card-context.ts';
import { createCards } from './create-cards.ts';
import type { NewPlan } from './plan.ts';
import { createPlans } from './plans.ts';
import { cardSubscriptionGroups } from './worker.ts';

/** A Friday, 10 o'clock in Moscow. */
export const NOW = new Date('2026-11-20T07:00:00Z');
export const GATEWAY = 'cloudpayments';
export const TERMINAL_SECRET = 'secret-of-the-simulated-terminal';
const SECRET = 'a secret that only tests know, long enough';
const TYPES = ['Check', 'Pay', 'Fail', 'Confirm', 'Refund', 'Cancel', 'Recurrent'];

/** Every occasion has a text, so that all that is said can be read. */
const OCCASIONS = [
  ...['welcome', 'receipt', 'charge_coming', 'charge_failed', 'last_chance', 'held', 'recovered'],
  ...['ended', 'changed', 'change_planned', 'change_failed', 'cancel_planned', 'unsubscribed'],
  ...['paused', 'resumed'],
];

export const monthly: NewPlan = {
  ...{ code: 'month', title: 'Cinema', operator: 'card', methods: ['card'] },
  ...{ timeZone: 'Europe/Moscow', trialDays: 0, pauseDaysMost: 30, leadMinutes: 60 },
  ...{ precision: 'second', dunning: defaultPolicy },
  texts: Object.fromEntries(OCCASIONS.map((one) => [one, `{title}: ${one} {date} {link} {stop}`])),
  price: {
    ...{ unitPriceMinor: 19_900n, setupFeeMinor: 0n, currency: 'RUB' },
    ...{ interval: { unit: 'month', count: 1 }, tax: { name: 'vat22', basisPoints: 2200 } },
  },
};

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** The gateway's simulator, as a test hands it in: only tests know both sides. */
export interface SimulatedGateway {
  readonly standardPublicId: string;
  cryptogramOf(card: {
    readonly number: string;
    readonly expires: string;
    readonly name: string;
  }): string;
  startCloudPaymentsSimulator(options: {
    readonly port: number;
    readonly folder: string;
    readonly sites: Readonly<Record<string, object>>;
  }): Promise<{ readonly url: string; close(): Promise<void> }>;
}

/** A merchant who sells by card: real payments, their workers, and the gateway's simulator behind them. */
export async function openShop(gateway: SimulatedGateway) {
  const database = await testDatabase();
  const clock = createFakeClock(NOW);
  const base = {
    ...{ database, clock, log: silentLog(), metrics: createMetrics(), ids: createIdSource(1) },
    sealer: createSealer({ secret: SECRET }),
  };
  const bus = await openBus({ ...base, url: 'postgres:', source: 'kopek/test' });
  await bus.declare([
    cardChargeGroup(GATEWAY),
    ...cardSubscriptionGroups([GATEWAY]),
    { topic: subscriptionEvents, name: 'test' },
    { topic: paymentEvents, name: 'test' },
  ] as never);
  const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ ...base, types });
  const operators = await createOperators(base);
  const rules = await createRules(base);
  const money = await openMoney({ ...base, bus, ledger, operators }, gateway);
  const opened = await openSms({ ...base, bus, operators, rules, publicUrl: 'http://kopek.test' });
  await prepareHouse({ database, operators, rules });
  const catalogue = createCatalogue(database, clock);
  const context: CardContext = {
    ...{ ...base, bus, operators, catalogue, ledger, payments: money.payments, sms: opened.sms },
    ...{ plans: createPlans(database, catalogue), publicUrl: 'http://kopek.test' },
    smsSender: 'Kopek',
    stopLink: (subscription) => `http://kopek.test/stop/${subscription}`,
    cardLink: (subscription) => `http://kopek.test/card/${subscription}`,
  };
  const cards = createCards(context);
  await database.transaction((tx) => cards.addPlan(tx, monthly));
  const worker = cards.worker();
  worker.start();
  after(async () => {
    await worker.stop();
    await money.close();
    await opened.close();
    rules.close();
    await operators.close();
    await bus.close();
  });
  return { ...base, bus, cards, context, gateway, ledger, ...money };
}

type MoneyParts = Omit<Parameters<typeof createCardWorker>[0], 'cardGateways'>;

async function openMoney(parts: MoneyParts, gateway: SimulatedGateway) {
  const { database } = parts;
  const port = await freePort();
  const site = `http://127.0.0.1:${port}/v1/webhooks/${GATEWAY}`;
  const addresses = TYPES.map((type) => [type, `${site}/${type.toLowerCase()}`]);
  const { standardPublicId } = gateway;
  const simulator = await gateway.startCloudPaymentsSimulator({
    ...{ port: 0, folder: await temporaryFolder() },
    sites: {
      [standardPublicId]: {
        ...{ apiSecret: TERMINAL_SECRET, concurrency: 100 },
        notifications: Object.fromEntries(addresses),
      },
    },
  });
  const card = createCloudPayments(
    {
      settings: { public_id: standardPublicId, base_url: simulator.url, timeout_ms: 5000 },
      secrets: { api_secret: TERMINAL_SECRET },
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
  const house = { ...parts, cardGateways };
  const payments = createPayments(house);
  const keyring = createKeyring({ database });
  const server = await createHttpServer({ ...parts, api: { ...parts, keyring } });
  registerNotificationRoutes(server.app, payments);
  await server.listen(port, '127.0.0.1');
  const cards = createSavedCards(parts);
  const charging = createCardCharging({
    ...{ card, line },
    tokenOf: createTokenReader({ cards, database }),
  });
  const workers = [
    createCardWorker({ ...house, inbox: payments.inbox }),
    createChargeWorker({
      ...{ ...house, group: cardChargeGroup(GATEWAY), cards, gateway: charging },
    }),
  ];
  for (const worker of workers) worker.start();
  return {
    ...{ payments, gatewayUrl: simulator.url },
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await server.close();
      await card.close();
      await simulator.close();
    },
  };
}
