import { after } from 'node:test';
import { createKeyring, createSealer } from '#auth';
import { openBus } from '#bus';
import { type Clock, createFakeClock, createSystemClock } from '#clock';
import type { Database } from '#database';
import { createHttpServer } from '#http';
import { createIdSource, type IdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import {
  type CardGateways,
  cardChargeGroup,
  createCardCharging,
  createCardGateway,
  createCardWorker,
  createChargeWorker,
  createPayments,
  createSavedCards,
  createTokenReader,
  paymentEvents,
  type ReceiptSettings,
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
export const SECRET = 'a secret that only tests know, long enough';
const TYPES = ['Check', 'Pay', 'Fail', 'Confirm', 'Refund', 'Cancel', 'Recurrent', 'Receipt'];

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

export interface ShopParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly cardGateways: CardGateways;
  /** Where people reach it. */
  readonly publicUrl?: string;
}

/** A merchant who sells by card, and all that he stands on. Nothing in it runs yet. */
export async function buildShop({
  cardGateways,
  publicUrl = 'http://kopek.test',
  ...parts
}: ShopParts) {
  const { clock, database } = parts;
  const base = {
    ...{ ...parts, log: silentLog(), metrics: createMetrics() },
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
  const opened = await openSms({ ...base, bus, operators, rules, publicUrl });
  await prepareHouse({ database, operators, rules });
  const catalogue = createCatalogue(database, clock);
  const house = { ...base, bus, cardGateways, ledger, operators };
  const payments = createPayments(house);
  const context: CardContext = {
    ...{ ...base, bus, operators, catalogue, ledger, payments, sms: opened.sms },
    ...{ plans: createPlans(database, catalogue), publicUrl },
    smsSender: 'Kopek',
    stopLink: (subscription) => `${publicUrl}/stop/${subscription}`,
    cardLink: (subscription) => `${publicUrl}/card/${subscription}`,
  };
  return {
    ...{ ...house, payments, context, cards: createCards(context) },
    async close() {
      await opened.close();
      rules.close();
      await operators.close();
      await bus.close();
    },
  };
}

export interface ShopAccount {
  /** The generation of the gateway's widget. */
  readonly widget?: 'pay' | 'start';
  /** Its fiscal receipts, where it sends any. */
  readonly receipts?: ReceiptSettings;
}

/** The account at the simulated gateway, with a line that is never busy. */
export function gatewaysAt(
  url: string,
  publicId: string,
  { receipts, widget = 'start' }: ShopAccount = {},
) {
  const card = createCardGateway('cloudpayments', {
    settings: {
      ...{ public_id: publicId, base_url: url, timeout_ms: 5000 },
      widget,
      widget_script: `${url}/bundles/cloudpayments.js`,
    },
    ...{ secrets: { api_secret: TERMINAL_SECRET }, receipts },
    ...{ name: GATEWAY, clock: createSystemClock() },
  });
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
  return { card, line, cardGateways };
}

/** A shop with its payments' workers, the gateway's simulator behind them, and `state-machine`, unless others run it. */
export async function openShop(
  gateway: SimulatedGateway,
  {
    publicUrl = 'http://kopek.test',
    runs = true,
    ...told
  }: ShopAccount & { readonly publicUrl?: string; readonly runs?: boolean } = {},
) {
  const database = await testDatabase();
  const clock = createFakeClock(NOW);
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
  const account = gatewaysAt(simulator.url, standardPublicId, told);
  const { cardGateways } = account;
  const ids = createIdSource(1);
  const shop = await buildShop({ database, clock, ids, cardGateways, publicUrl });
  await database.transaction((tx) => shop.cards.addPlan(tx, monthly));
  const api = { database, clock, keyring: createKeyring({ database }) };
  const server = await createHttpServer({ ...shop, api });
  registerNotificationRoutes(server.app, shop.payments);
  await server.listen(port, '127.0.0.1');
  const workers = workersOf(shop, account);
  const worker = shop.cards.worker();
  for (const one of workers) one.start();
  if (runs) worker.start();
  after(async () => {
    await worker.stop();
    await Promise.all(workers.map((one) => one.stop()));
    await server.close();
    await account.card.close();
    await simulator.close();
    await shop.close();
  });
  return { ...shop, clock, gateway, gatewayUrl: simulator.url, worker };
}

function workersOf(
  shop: Awaited<ReturnType<typeof buildShop>>,
  { card, line }: ReturnType<typeof gatewaysAt>,
) {
  const cards = createSavedCards(shop);
  const charging = createCardCharging({
    ...{ card, line },
    tokenOf: createTokenReader({ cards, database: shop.database }),
  });
  return [
    createCardWorker({ ...shop, inbox: shop.payments.inbox }),
    createChargeWorker({ ...shop, group: cardChargeGroup(GATEWAY), cards, gateway: charging }),
  ];
}
