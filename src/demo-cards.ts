import type { NewPlan } from '#subscriptions';
import { defaultPolicy } from '#subscriptions/dunning';
import { groupsOfGateway, type House } from './house.ts';

/** What a newcomer may buy through the intake of payments: `subscription_type` of the original too. */
const CINEMA = [
  { code: 'month', title: 'Cinema, a month', priceMinor: 19_900n, months: 1 },
  { code: 'three_months', title: 'Cinema, three months', priceMinor: 49_900n, months: 3 },
  { code: 'year', title: 'Cinema, a year', priceMinor: 179_000n, months: 12 },
] as const;

/** A shop that sells a month by card: what `npm start` shows of payments by card. */
export const demoShop = {
  gateway: 'cloudpayments',
  plan: 'radio-month',
  title: 'Radio, a month',
  /** 199.00 ₽ */
  priceMinor: 19_900n,
} as const;

const ACTOR = 'demo';
const RATE = 50;
const NO_TAX = { name: 'none', basisPoints: 0 };
const VAT = { name: 'vat22', basisPoints: 2200 };
const COMMON: Omit<NewPlan, 'code' | 'operator' | 'price' | 'title'> = {
  ...{ methods: ['card'], timeZone: 'Europe/Moscow', trialDays: 0, pauseDaysMost: 30 },
  ...{ leadMinutes: 60, precision: 'second', dunning: defaultPolicy, texts: {} },
};
/** Of the simulated gateway's terminal. */
const PUBLIC_ID = 'test_api_00000000000000000000002';
const API_SECRET = '0123456789abcdef0123456789abcdef';
const TYPES = ['Check', 'Pay', 'Fail', 'Confirm', 'Refund', 'Cancel', 'Recurrent'] as const;

/** What the simulated gateway knows of the merchant: where it tells him what happened. */
export function demoTerminals(publicUrl: string) {
  const addressOf = (type: string) =>
    `${publicUrl}/v1/webhooks/${demoShop.gateway}/${type.toLowerCase()}`;
  return {
    [PUBLIC_ID]: {
      apiSecret: API_SECRET,
      notifications: Object.fromEntries(TYPES.map((type) => [type, addressOf(type)])),
    },
  };
}

/** The account with the simulator of `processing`; its port may be another one since. Run again, it changes nothing else. */
export async function saveDemoProcessing(house: House, url: string): Promise<void> {
  const { bus, database, gatewayAccounts } = house;
  await bus.declare(groupsOfGateway('processing'));
  await database.transaction((tx) =>
    gatewayAccounts.save(
      tx,
      {
        ...{ name: 'processing', kind: 'processing', title: 'Processing (simulated)' },
        ...{ enabled: true, requestsPerSecond: RATE, weight: 0, methods: ['saved'] },
        settings: { base_url: url, inquiry: 'repeatIsSafe', refunds: true },
        secrets: {},
      },
      ACTOR,
    ),
  );
  await gatewayAccounts.refresh();
}

/**
 * Plans that are paid by card, and the shop's account with the simulator of its gateway. Where that does not run, nothing could be bought
 * of the shop: it is left out.
 */
export async function fillCardDemo(house: House, simulatorUrl: string | undefined): Promise<void> {
  const { database, operators, subscriptions } = house;
  const { cards } = subscriptions;
  await database.transaction(async (tx) => {
    for (const { code, months, priceMinor, title } of CINEMA) {
      const price = priceOf({ priceMinor, months });
      await cards.addPlan(tx, { ...COMMON, code, title, operator: 'card', price });
    }
  });
  if (simulatorUrl === undefined) return;
  await saveDemoShop(house, simulatorUrl);
  const { plan: code, priceMinor, title } = demoShop;
  const operator = operators.all()[0]?.name ?? 'card';
  const price = priceOf({ priceMinor, months: 1 }, VAT);
  await database.transaction((tx) =>
    cards.addPlan(tx, { ...COMMON, code, title, operator, price }),
  );
}

function priceOf(
  plan: { readonly priceMinor: bigint; readonly months: number },
  tax = NO_TAX,
): NewPlan['price'] {
  const interval = { unit: 'month', count: plan.months } as const;
  const money = { unitPriceMinor: plan.priceMinor, setupFeeMinor: 0n, currency: 'RUB' };
  return { ...money, interval, tax };
}

async function saveDemoShop(house: House, simulatorUrl: string): Promise<void> {
  const { bus, database, gatewayAccounts } = house;
  await bus.declare(groupsOfGateway(demoShop.gateway));
  await database.transaction((tx) =>
    gatewayAccounts.save(
      tx,
      {
        ...{ name: demoShop.gateway, kind: 'cloudpayments', enabled: true },
        title: 'CloudPayments (simulated)',
        settings: {
          ...{ public_id: PUBLIC_ID, base_url: simulatorUrl },
          widget_script: `${simulatorUrl}/bundles/cloudpayments.js`,
        },
        secrets: { api_secret: API_SECRET },
        ...{ requestsPerSecond: RATE, weight: 1 },
      },
      ACTOR,
    ),
  );
  await gatewayAccounts.refresh();
}
