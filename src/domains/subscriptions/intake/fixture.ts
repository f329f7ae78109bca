import type { Bus } from '#bus';
import { type Clock, createSystemClock } from '#clock';
import type { Database } from '#database';
import { createIdSource } from '#ids';
import { cardChargeGroup, createCardGateway, createPayments } from '#payments';
import { createPaymentRequests, saverGroup } from '#payments/intake';
import { chargeWorkerOf, furnish, onlyGateway } from '#payments/stand';
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
  const base = await furnish({
    ...{ database, clock, ids: createIdSource(processNumber), secret: SECRET },
    busUrl: options.busUrl,
  });
  const { bus, operators } = base;
  await bus.declare([
    ...[saverGroup, cardChargeGroup(GATEWAY), ...processorGroups([GATEWAY])],
    ...cardSubscriptionGroups([GATEWAY]),
  ] as never);
  const rules = await createRules(base);
  const opened = await openSms({ ...base, rules, publicUrl: 'http://kopek.test' });
  await prepareHouse({ database, operators, rules });
  const { sms, webhooks } = opened;
  const money = openMoney(base, options.processingUrl);
  const catalogue = createCatalogue(database, clock);
  const context: CardContext = {
    ...{ ...base, catalogue, payments: money.payments, sms },
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
    ...{ ...base, cards, context, intake, sms, webhooks, payments: money.payments },
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

function openMoney(parts: Awaited<ReturnType<typeof furnish>>, url: string) {
  const settings = {
    ...{ base_url: url, timeout_ms: 5000, refunds: true, inquiry: 'repeatIsSafe' as const },
  };
  const card = createCardGateway('processing', {
    ...{ settings, secrets: {}, name: GATEWAY, clock: createSystemClock() },
  });
  const house = { ...parts, cardGateways: onlyGateway(card) };
  return {
    payments: createPayments(house),
    worker: () => chargeWorkerOf(house, card),
    close: () => card.close(),
  };
}
