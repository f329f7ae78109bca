import { createSealer } from '#auth';
import { type Bus, openBus } from '#bus';
import { type Clock, createSystemClock } from '#clock';
import type { Database } from '#database';
import { createIdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import {
  type CardGateways,
  cardChargeGroup,
  createCardCharging,
  createCardGateway,
  createChargeWorker,
  createPayments,
  createSavedCards,
  createTokenReader,
} from '#payments';
import { createPaymentRequests, saverGroup } from '#payments/intake';
import { createRules } from '#rules';
import { openSms, prepareHouse } from '#sms';
import {
  type CardContext,
  cardSubscriptionGroups,
  createCards,
  createPlans,
  type NewPlan,
} from '#subscriptions/cards';
import { createCatalogue } from '#subscriptions/catalogue';
import { defaultPolicy } from '#subscriptions/dunning';
import { createIntake } from './create-intake.ts';
import { processorGroups } from './processor.ts';

const GATEWAY = 'processing';
const SECRET = 'a secret that only tests know, long enough';

export const monthly: NewPlan = {
  ...{ code: 'month', title: 'Cinema', operator: 'card', methods: ['card'] },
  ...{ timeZone: 'Europe/Moscow', trialDays: 0, pauseDaysMost: 30, leadMinutes: 60 },
  ...{ precision: 'second', dunning: defaultPolicy, texts: {} },
  price: {
    ...{ unitPriceMinor: 19_900n, setupFeeMinor: 0n, currency: 'RUB' },
    ...{ interval: { unit: 'month', count: 1 }, tax: { name: 'vat22', basisPoints: 2200 } },
  },
};

export interface IntakeHouseOptions {
  readonly database: Database;
  /** Where the simulator of `processing` stands. */
  readonly processingUrl: string;
  /** Differs between processes that run at once. */
  readonly processNumber?: number;
  readonly clock?: Clock;
  readonly busUrl?: string;
  /** In place of the house's own, to meet misfortune: of what the intake itself does. */
  readonly wrapDatabase?: (database: Database) => Database;
  readonly wrapBus?: (bus: Bus) => Bus;
}

export type IntakeHouse = Awaited<ReturnType<typeof openIntakeHouse>>;

/** The whole chain on one database, with the service `processing` behind it. Nothing runs until it is started. */
export async function openIntakeHouse(options: IntakeHouseOptions) {
  const { database, processNumber = 1 } = options;
  const clock = options.clock ?? createSystemClock();
  const base = {
    ...{ database, clock, log: silentLog(), metrics: createMetrics() },
    ...{ ids: createIdSource(processNumber), sealer: createSealer({ secret: SECRET }) },
  };
  const bus = await openBus({
    ...{ ...base, url: options.busUrl ?? 'postgres:', source: 'kopek/test' },
  });
  await bus.declare([
    ...[saverGroup, cardChargeGroup(GATEWAY), ...processorGroups([GATEWAY])],
    ...cardSubscriptionGroups([GATEWAY]),
  ] as never);
  const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ ...base, types });
  const operators = await createOperators(base);
  const rules = await createRules(base);
  const opened = await openSms({ ...base, bus, operators, rules, publicUrl: 'http://kopek.test' });
  await prepareHouse({ database, operators, rules });
  const { sms, webhooks } = opened;
  const money = openMoney({ ...base, bus, ledger, operators }, options.processingUrl);
  const catalogue = createCatalogue(database, clock);
  const context: CardContext = {
    ...{ ...base, bus, operators, catalogue, ledger, payments: money.payments, sms },
    ...{ plans: createPlans(database, catalogue), publicUrl: 'http://kopek.test' },
    smsSender: 'Kopek',
    stopLink: (subscription) => `http://kopek.test/stop/${subscription}`,
    cardLink: (subscription) => `http://kopek.test/card/${subscription}`,
  };
  const cards = createCards(context);
  const intake = createIntake({
    ...{ ...context, cards, sms, webhooks },
    database: options.wrapDatabase?.(database) ?? database,
    bus: options.wrapBus?.(bus) ?? bus,
  });
  return {
    ...{ ...base, bus, cards, context, intake, ledger, sms, webhooks, payments: money.payments },
    requests: createPaymentRequests({ bus, database }),
    chargeWorker: money.worker,
    async close() {
      await intake.drain();
      await money.close();
      await opened.close();
      rules.close();
      await operators.close();
      await bus.close();
    },
  };
}

type MoneyParts = Omit<Parameters<typeof createPayments>[0], 'cardGateways'> &
  Pick<Parameters<typeof createChargeWorker>[0], 'ledger' | 'log' | 'metrics'>;

function openMoney(parts: MoneyParts, url: string) {
  const { database } = parts;
  const settings = {
    ...{ base_url: url, timeout_ms: 5000, refunds: true, inquiry: 'repeatIsSafe' as const },
  };
  const card = createCardGateway('processing', {
    ...{ settings, secrets: {}, name: GATEWAY, clock: createSystemClock() },
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
  const cards = createSavedCards(parts);
  const gateway = createCardCharging({
    ...{ card, line },
    tokenOf: createTokenReader({ cards, database }),
  });
  return {
    payments: createPayments({ ...parts, cardGateways }),
    worker: () => createChargeWorker({ ...parts, gateway, group: cardChargeGroup(GATEWAY), cards }),
    close: () => card.close(),
  };
}
