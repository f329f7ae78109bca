import type { Database, Executor, Tx } from '#database';
import { must } from '#errors';
import { isTimeZone } from '#rules/local-time';
import type { Catalogue } from '#subscriptions/catalogue';
import { fail } from '#subscriptions/errors';
import { checkPrices } from '#subscriptions/pricing';
import { isCarrierPeriod } from '#subscriptions/terms';
import { type NewPlan, type Plan, periodOfInterval } from './plan.ts';
import {
  insertPlanTerms,
  newestVersion,
  readNewestPlans,
  readPlans,
  readPlanVersions,
} from './plan-store.ts';

/** Plans, remembered: a version never changes, and what is newest is asked once a second. */
export interface Plans {
  newest(code: string): Promise<Plan | undefined>;
  all(): Promise<readonly Plan[]>;
  /** The plans of these versions. Every version asked for exists. */
  versions(executor: Executor, keys: readonly PlanVersion[]): Promise<PlanOf>;
  /** All versions of a plan as they stand in the database, the newest first; none where there is no such plan. */
  history(executor: Executor, code: string): Promise<readonly Plan[]>;
  /** What is newest is asked again: something has changed. */
  forget(): void;
  /** Adds a version; people keep the one they agreed to. Throws `price_invalid`, `plan_invalid`. */
  add(tx: Tx, plan: NewPlan): Promise<number>;
}

/** A plan's code and its version, as prices name them. */
export interface PlanVersion {
  readonly plan: string;
  readonly version: number;
}

export type PlanOf = (key: PlanVersion) => Plan;

const FRESH_MS = 1000;
/** Of terms that no operator charges: columns that only operators read. */
const CARRIER_HALF = {
  chargeWindow: { fromMinute: 0, toMinute: 1440 },
  retryAfterMinutes: [],
  keepDays: 30,
  recentHours: 0,
} as const;

export function createPlans(database: Database, catalogue: Catalogue): Plans {
  const known = new Map<string, Plan>();
  let newest: ReadonlyMap<string, Plan> = new Map();
  let freshUntilMs = 0;
  /** Whoever asks while it is read waits for the same answer, however many they are. */
  let reading: Promise<ReadonlyMap<string, Plan>> | undefined;
  const nameOf = ({ plan, version }: PlanVersion) => `${plan}@${version}`;

  async function fresh(): Promise<ReadonlyMap<string, Plan>> {
    if (performance.now() <= freshUntilMs) return newest;
    if (reading) return reading;
    const mine = read();
    reading = mine;
    try {
      const read = await mine;
      // What was forgotten meanwhile may have changed after it was read.
      if (reading === mine) {
        newest = read;
        freshUntilMs = performance.now() + FRESH_MS;
      }
      return read;
    } finally {
      if (reading === mine) reading = undefined;
    }
  }

  async function read(): Promise<ReadonlyMap<string, Plan>> {
    const all = await readNewestPlans(database.pool);
    return new Map(all.map((plan) => [plan.code, plan]));
  }

  function forget(): void {
    freshUntilMs = 0;
    reading = undefined;
  }

  return {
    newest: async (code) => (await fresh()).get(code),
    all: async () => [...(await fresh()).values()],
    async versions(executor, keys) {
      const missing = new Map(
        keys.filter((key) => !known.has(nameOf(key))).map((key) => [nameOf(key), key]),
      );
      if (missing.size > 0) {
        for (const plan of await readPlans(executor, [...missing.values()]))
          known.set(nameOf(plan.price), plan);
      }
      return (key) => {
        const plan = known.get(nameOf(key));
        must(plan, `there is a plan ${nameOf(key)}`);
        return plan;
      };
    },
    history: readPlanVersions,
    forget,
    async add(tx, plan) {
      mustBePlan(plan);
      const { price: phonePrice, ...carrier } = plan.carrier ?? {};
      const serviceId = await catalogue.add(tx, {
        ...{ serviceCode: plan.code, title: plan.title, operator: plan.operator },
        ...{ ...CARRIER_HALF, ...carrier, texts: plan.texts },
        ...(phonePrice ?? cardPrice(plan)),
      });
      const version = await newestVersion(tx, serviceId);
      await insertPlanTerms(tx, { plan, serviceId, version });
      forget();
      return version;
    },
  };
}

function cardPrice({ price: { currency, interval, unitPriceMinor } }: NewPlan) {
  return { priceMinor: unitPriceMinor, currency, period: periodOfInterval(interval) };
}

function mustBePlan(plan: NewPlan): void {
  checkPrices([{ ...plan.price, plan: plan.code, version: 1, effectiveFrom: new Date(0) }]);
  const wrong = [
    ...(isTimeZone(plan.timeZone)
      ? []
      : [{ field: 'timeZone', message: 'must be an IANA name such as Europe/Moscow' }]),
    ...(plan.methods.includes('card')
      ? []
      : [{ field: 'methods', message: 'must have card: without it they are terms, not a plan' }]),
    ...(plan.price.unitPriceMinor > 0n
      ? []
      : [{ field: 'price.unitPriceMinor', message: 'must be above 0: make it free by a coupon' }]),
    ...(isByPhone(plan)
      ? []
      : [
          { field: 'carrier.price', message: 'must be daily or weekly: operators charge no other' },
        ]),
  ];
  const [first] = wrong;
  if (!first) return;
  const text = `The plan can't be used: ${first.field} ${first.message}.`;
  throw fail('plan_invalid', text, { faults: wrong });
}

/** By phone it can be paid where its operator's period is one that operators know. */
function isByPhone({ carrier, methods, price }: NewPlan): boolean {
  if (!methods.includes('phone')) return true;
  return isCarrierPeriod(carrier?.price?.period ?? periodOfInterval(price.interval));
}
