import type { House } from '#house';

/** The one plan that benches of cards sell. */
export async function layPlan({
  database,
  subscriptions: { cards },
}: Pick<House, 'database' | 'subscriptions'>): Promise<void> {
  if ((await cards.plans()).length > 0) return;
  await database.transaction((tx) =>
    cards.addPlan(tx, {
      ...{ code: 'month', title: 'Cinema', operator: 'card', methods: ['card'], texts: {} },
      ...{ timeZone: 'Europe/Moscow', trialDays: 0, pauseDaysMost: 30, leadMinutes: 60 },
      ...{ precision: 'second', dunning: cards.defaultDunning },
      price: {
        ...{ unitPriceMinor: 19_900n, setupFeeMinor: 0n, currency: 'RUB' },
        ...{ interval: { unit: 'month', count: 1 }, tax: { name: 'none', basisPoints: 0 } },
      },
    }),
  );
}
