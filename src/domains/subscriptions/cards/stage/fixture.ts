import { after } from 'node:test';
import { createKeyring } from '#auth';
import { type Clock, createFakeClock, createSystemClock } from '#clock';
import type { Database } from '#database';
import { createHttpServer } from '#http';
import { createIdSource, type IdSource } from '#ids';
import {
  type CardGateways,
  cardChargeGroup,
  createCardGateway,
  createGatewayWorkers,
  createPayments,
  paymentEvents,
  type ReceiptSettings,
  registerNotificationRoutes,
} from '#payments';
import { cardWorkersOf, furnish, onlyGateway } from '#payments/stand';
import { createRules } from '#rules';
import { openSms, prepareHouse } from '#sms';
import type { CardContext } from '#subscriptions/cards/card-context';
import { createCards } from '#subscriptions/cards/create-cards';
import { createPlans, type NewPlan } from '#subscriptions/cards/plans';
import { cardSubscriptionGroups } from '#subscriptions/cards/worker';
import { createCatalogue } from '#subscriptions/catalogue';
import { defaultPolicy } from '#subscriptions/dunning';
import { subscriptionEvents } from '#subscriptions/topics';
import { freePort, temporaryFolder, testDatabase } from '#testing';

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
  const base = await furnish({ ...parts, secret: SECRET });
  const { bus, operators } = base;
  await bus.declare([
    cardChargeGroup(GATEWAY),
    ...cardSubscriptionGroups([GATEWAY]),
    { topic: subscriptionEvents, name: 'test' },
    { topic: paymentEvents, name: 'test' },
  ] as never);
  const rules = await createRules(base);
  const opened = await openSms({ ...base, rules, publicUrl });
  await prepareHouse({ database, operators, rules });
  const catalogue = createCatalogue(database, clock);
  const house = { ...base, cardGateways };
  const payments = createPayments(house);
  const context: CardContext = {
    ...{ ...base, catalogue, payments, sms: opened.sms },
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
  return { card, cardGateways: onlyGateway(card) };
}

export interface ShopOptions extends ShopAccount {
  readonly publicUrl?: string;
  readonly runs?: boolean;
  /** In place of an account whose line is never busy: as a house has them, with their rates and breakers. */
  readonly accountsOf?: (given: {
    readonly clock: Clock;
    readonly database: Database;
    /** Where the simulator stands. */
    readonly url: string;
  }) => Promise<{ readonly cardGateways: CardGateways; close(): Promise<void> }>;
}

/** A shop with its payments' workers, the gateway's simulator behind them, and `state-machine`, unless others run it. */
export async function openShop(
  gateway: SimulatedGateway,
  { accountsOf, publicUrl = 'http://kopek.test', runs = true, ...told }: ShopOptions = {},
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
  const accounts = await accountsOf?.({ clock, database, url: simulator.url });
  const { cardGateways } = accounts ?? account;
  const ids = createIdSource(1);
  const shop = await buildShop({ database, clock, ids, cardGateways, publicUrl });
  await database.transaction((tx) => shop.cards.addPlan(tx, monthly));
  const api = { database, clock, keyring: createKeyring({ database }) };
  const server = await createHttpServer({ ...shop, api });
  registerNotificationRoutes(server.app, shop.payments);
  await server.listen(port, '127.0.0.1');
  const workers = accounts
    ? [createGatewayWorkers({ ...shop, inbox: shop.payments.inbox })]
    : cardWorkersOf({ ...shop, inbox: shop.payments.inbox }, account.card);
  const worker = shop.cards.worker();
  for (const one of workers) one.start();
  if (runs) worker.start();
  after(async () => {
    await worker.stop();
    await Promise.all(workers.map((one) => one.stop()));
    await server.close();
    await Promise.all([account.card.close(), accounts?.close()]);
    await simulator.close();
    await shop.close();
  });
  return { ...shop, clock, gateway, gatewayUrl: simulator.url, worker };
}
