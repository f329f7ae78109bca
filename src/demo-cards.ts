import type { House } from './house.ts';

/** What a newcomer may buy by card: `subscription_type` of the original too. */
const PLANS = [
  { code: 'month', title: 'Cinema, a month', price: 19_900n, months: 1 },
  { code: 'three_months', title: 'Cinema, three months', price: 49_900n, months: 3 },
  { code: 'year', title: 'Cinema, a year', price: 179_000n, months: 12 },
] as const;

const ACTOR = 'demo';
const RATE = 50;

/** The account with the simulator of `processing`; its port may be another one since. Run again, it changes nothing else. */
export async function saveDemoProcessing(house: House, url: string): Promise<void> {
  const { database, gatewayAccounts } = house;
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

export async function fillCardDemo({ database, subscriptions }: House): Promise<void> {
  const { cards } = subscriptions;
  const known = new Set((await cards.plans()).map((plan) => plan.code));
  for (const { code, months, price, title } of PLANS) {
    if (known.has(code)) continue;
    await database.transaction((tx) =>
      cards.addPlan(tx, {
        ...{ code, title, operator: 'card', methods: ['card'], timeZone: 'Europe/Moscow' },
        ...{ trialDays: 0, pauseDaysMost: 30, leadMinutes: 60, precision: 'second', texts: {} },
        dunning: cards.defaultDunning,
        price: {
          ...{ unitPriceMinor: price, setupFeeMinor: 0n, currency: 'RUB' },
          ...{ interval: { unit: 'month', count: months }, tax: { name: 'none', basisPoints: 0 } },
        },
      }),
    );
  }
}
