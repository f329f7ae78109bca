import type { NewGatewayAccount } from '#payments';
import type { NewPlan } from '#subscriptions';
import { defaultPolicy } from '#subscriptions/dunning';
import type { House } from './house.ts';

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
const TYPES = [
  'Check',
  'Pay',
  'Fail',
  'Confirm',
  'Refund',
  'Cancel',
  'Recurrent',
  'Receipt',
] as const;

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

/** Where the simulators of gateways listen now; undefined where one does not run. */
export interface DemoGateways {
  readonly cards: string | undefined;
  readonly processing: string | undefined;
}

/**
 * The accounts with the simulators that run: their ports may be others since the last start. One that somebody has made his
 * own since is left alone, or real payments would go to a simulator.
 */
export async function saveDemoGateways(
  { database, gatewayAccounts }: Pick<House, 'database' | 'gatewayAccounts'>,
  { cards, isNew, processing }: DemoGateways & { readonly isNew: boolean },
): Promise<void> {
  const accounts = [
    ...(cards === undefined ? [] : [shopAccount(cards)]),
    ...(processing === undefined ? [] : [processingAccount(processing)]),
  ];
  const known = await gatewayAccounts.list();
  const titleOf = new Map(known.map(({ account }) => [account.name, account.title]));
  const own = accounts.filter(({ name, title }) =>
    titleOf.has(name) ? titleOf.get(name) === title : isNew,
  );
  await database.transaction(async (tx) => {
    for (const account of own) await gatewayAccounts.save(tx, account, ACTOR);
  });
  await gatewayAccounts.refresh();
}

const COMMON_ACCOUNT = { enabled: true, requestsPerSecond: RATE };

function shopAccount(url: string): NewGatewayAccount {
  return {
    ...COMMON_ACCOUNT,
    ...{ name: demoShop.gateway, kind: 'cloudpayments', title: 'CloudPayments (simulated)' },
    settings: {
      ...{ public_id: PUBLIC_ID, base_url: url },
      widget_script: `${url}/bundles/cloudpayments.js`,
    },
    ...{ secrets: { api_secret: API_SECRET }, weight: 1 },
    receipts: { taxSystem: 'osn', defaultTax: 'vat22' },
  };
}

function processingAccount(url: string): NewGatewayAccount {
  return {
    ...COMMON_ACCOUNT,
    ...{ name: 'processing', kind: 'processing', title: 'Processing (simulated)' },
    settings: { base_url: url, inquiry: 'repeatIsSafe', refunds: true },
    ...{ secrets: {}, weight: 0, methods: ['saved'] },
  };
}

/** Plans that are paid by card. The shop's is left out where its gateway does not run: nothing could be bought of it. */
export async function fillCardDemo(
  { database, operators, subscriptions: { cards } }: House,
  { hasShop }: { readonly hasShop: boolean },
): Promise<void> {
  await database.transaction(async (tx) => {
    for (const { code, months, priceMinor, title } of CINEMA) {
      const price = priceOf({ priceMinor, months });
      await cards.addPlan(tx, { ...COMMON, code, title, operator: 'card', price });
    }
    if (!hasShop) return;
    const { plan: code, priceMinor, title } = demoShop;
    const operator = operators.all()[0]?.name ?? 'card';
    const price = priceOf({ priceMinor, months: 1 }, VAT);
    await cards.addPlan(tx, { ...COMMON, code, title, operator, price });
  });
}

function priceOf(
  plan: { readonly priceMinor: bigint; readonly months: number },
  tax = NO_TAX,
): NewPlan['price'] {
  const interval = { unit: 'month', count: plan.months } as const;
  const money = { unitPriceMinor: plan.priceMinor, setupFeeMinor: 0n, currency: 'RUB' };
  return { ...money, interval, tax };
}
