import type { Clock } from '#clock';
import { afterCommit, type Executor, type Tx } from '#database';
import { must } from '#errors';
import type { NewPlan, Plan, Plans } from '#subscriptions/cards';
import { fail } from '#subscriptions/errors';
import { faultsInApiWords } from './api-words.ts';
import { planVersionToApi } from './plan-document.ts';
import {
  type ChangeRow,
  countSubscribers,
  insertPriceListChange,
  insertService,
  listPriceListChanges,
  lockService,
  type PriceListChange,
  updateServiceOpen,
} from './price-list-store.ts';

/** A plan with all that was ever sold under its code. */
export interface ListedPlan {
  readonly newest: Plan;
  /** The newest first, each with those who are subscribed to it. */
  readonly versions: readonly { readonly plan: Plan; readonly subscribers: number }[];
  /** The newest first. */
  readonly changes: readonly ChangeRow[];
}

/** Plans as those who sell them keep them. Whatever is changed is written down with who did it. */
export interface PlanList {
  /** By code, the newest version of each. */
  all(): Promise<readonly Plan[]>;
  /** Throws `plan_unknown`. */
  find(executor: Executor, code: string): Promise<ListedPlan>;
  /** Throws `plan_taken`, `plan_invalid`, `price_invalid`. */
  add(tx: Tx, plan: NewPlan, actor: string): Promise<Plan>;
  /**
   * The next version of it; those who are subscribed keep theirs. `after`: the version that was read. Throws `plan_unknown`,
   * `plan_changed`, `plan_invalid`, `price_invalid`. Answers how many stay on older ones.
   */
  addVersion(
    tx: Tx,
    plan: NewPlan,
    by: { readonly actor: string; readonly after?: number | undefined },
  ): Promise<{ readonly plan: Plan; readonly subscribersOnOlder: number }>;
  /** Closed, it takes no new subscriber; nobody's own is touched. Harmless when it is repeated. Throws `plan_unknown`. */
  setOpen(
    tx: Tx,
    code: string,
    by: { readonly isOpen: boolean; readonly actor: string },
  ): Promise<Plan>;
}

export interface PlanListOptions {
  readonly clock: Clock;
  readonly plans: Plans;
  /** Names of operators that there are. */
  readonly operators: () => readonly string[];
}

export function createPlanList({ clock, operators, plans }: PlanListOptions): PlanList {
  async function newest(tx: Tx, code: string): Promise<Plan> {
    const [plan] = await plans.history(tx, code);
    must(plan, `plan ${code} was just written`);
    return plan;
  }

  async function keep(
    tx: Tx,
    change: Pick<PriceListChange, 'action' | 'actor' | 'code'>,
  ): Promise<Plan> {
    const plan = await newest(tx, change.code);
    const isVersion = change.action === 'add' || change.action === 'add_version';
    const after = isVersion ? { after: planVersionToApi(plan) } : {};
    await insertPriceListChange(tx, { ...change, ...after, about: 'plan', at: clock.now() });
    // Here at once; elsewhere within a second.
    afterCommit(tx, plans.forget);
    return plan;
  }

  return {
    all: async () => (await plans.all()).toSorted((one, other) => (one.code < other.code ? -1 : 1)),
    async find(executor, code) {
      const versions = await plans.history(executor, code);
      const [first] = versions;
      if (!first) throw planUnknown(code);
      const subscribers = await countSubscribers(executor, first.serviceId);
      return {
        newest: first,
        versions: versions.map((plan) => ({
          plan,
          subscribers: subscribers.get(plan.price.version) ?? 0,
        })),
        changes: await listPriceListChanges(executor, { about: 'plan', code }),
      };
    },
    add: (tx, plan, actor) =>
      faultsInApiWords(async () => {
        mustBeSellable(plan, operators());
        if (!(await insertService(tx, plan)))
          throw fail('plan_taken', `There is ${plan.code} already: add a version to it.`, {
            faults: [{ field: 'code', message: 'is taken: choose another, or add a version' }],
          });
        await plans.add(tx, plan);
        return keep(tx, { code: plan.code, actor, action: 'add' });
      }),
    addVersion: (tx, plan, { actor, after }) =>
      faultsInApiWords(async () => {
        const { code } = plan;
        const service = await lockService(tx, code);
        const [before] = service ? await plans.history(tx, code) : [];
        if (!service || !before) throw planUnknown(code);
        mustFollow(before, plan, after);
        mustBeSellable(plan, operators());
        await plans.add(tx, plan);
        const added = await keep(tx, { code, actor, action: 'add_version' });
        const subscribers = await countSubscribers(tx, service.id);
        const older = [...subscribers].filter(([version]) => version < added.price.version);
        return {
          plan: added,
          subscribersOnOlder: older.reduce((sum, [, count]) => sum + count, 0),
        };
      }),
    async setOpen(tx, code, { actor, isOpen }) {
      const service = await lockService(tx, code);
      const [before] = service ? await plans.history(tx, code) : [];
      if (!service || !before) throw planUnknown(code);
      if (service.open === isOpen) return before;
      await updateServiceOpen(tx, service.id, isOpen);
      return keep(tx, { code, actor, action: isOpen ? 'open' : 'close' });
    },
  };
}

function planUnknown(code: string) {
  return fail('plan_unknown', `There is no plan ${code}.`);
}

function mustFollow({ operator, price }: Plan, plan: NewPlan, after: number | undefined): void {
  const { version } = price;
  if (after !== undefined && after !== version)
    throw fail('plan_changed', `${plan.code} is at version ${version} by now: read it again.`, {
      faults: [{ field: 'version', message: `is ${version} by now` }],
    });
  if (operator !== plan.operator)
    throw invalid('operator', `must stay ${operator}: make another plan`);
}

/** What no plan by itself can know: who there is to charge a phone, and how often they do. */
function mustBeSellable({ methods, operator, price }: NewPlan, operators: readonly string[]): void {
  // Without a card it is no plan, whoever charges the phone: that is told where plans are written.
  const byPhone = methods.includes('phone') && methods.includes('card');
  if (operator !== 'card' && !operators.includes(operator))
    throw invalid('operator', `must be card, or one of ${operators.join(', ') || '(none yet)'}`);
  if (byPhone && operator === 'card')
    throw invalid('operator', 'must be who charges the phone: methods names it');
  const { count, unit } = price.interval;
  const isCarriers = unit === 'day' && (count === 1 || count === 7);
  if (byPhone && !isCarriers)
    throw invalid('interval', 'must be week or 1_days where methods has phone');
}

function invalid(field: string, message: string) {
  return fail('plan_invalid', `The plan can't be used: ${field} ${message}.`, {
    faults: [{ field, message }],
  });
}
