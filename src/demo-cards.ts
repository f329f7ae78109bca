import { defaultPolicy } from '#subscriptions/dunning';
import { groupsOfGateway, type House } from './house.ts';

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

/** An account with the simulator and a plan that is paid by card: run again, it changes nothing. */
export async function fillCardDemo(house: House, simulatorUrl: string): Promise<void> {
  const { bus, database, gatewayAccounts, operators, subscriptions } = house;
  await bus.declare(groupsOfGateway(demoShop.gateway));
  await database.transaction(async (tx) => {
    await gatewayAccounts.save(
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
    );
    await subscriptions.cards.addPlan(tx, {
      ...{ code: demoShop.plan, title: demoShop.title, operator: operators.all()[0]?.name ?? '' },
      ...{ methods: ['card'], timeZone: 'Europe/Moscow', trialDays: 0, pauseDaysMost: 30 },
      ...{ leadMinutes: 60, precision: 'second', dunning: defaultPolicy, texts: {} },
      price: {
        ...{ unitPriceMinor: demoShop.priceMinor, setupFeeMinor: 0n, currency: 'RUB' },
        ...{ interval: { unit: 'month', count: 1 }, tax: { name: 'vat22', basisPoints: 2200 } },
      },
    });
  });
  await gatewayAccounts.refresh();
}
