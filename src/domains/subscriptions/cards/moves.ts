import type { Executor, Tx } from '#database';
import { formatRowId, parseRowId } from '#ids';
import { fail } from '#subscriptions/errors';
import type { Price } from '#subscriptions/pricing';
import type { CardContext } from './card-context.ts';
import {
  countByVersion,
  countOutcomes,
  findMove,
  insertMove,
  type MoveGroup,
  type PriceMove,
  startMove,
} from './move-store.ts';
import type { Plan } from './plan.ts';
import { type MovePolicy, raises } from './price-move.ts';

/** What is wanted of a move, before it is looked at. */
export interface NewMove extends MovePolicy {
  readonly plan: string;
  /** The newest without it. */
  readonly version?: number | undefined;
  readonly text: string;
  /** Who looks: it is kept. */
  readonly actor: string;
}

/** One older version: who has it, and what the new price is for them. */
export interface MovePart extends MoveGroup {
  readonly price: Price;
  readonly newPrice: Price;
  readonly raises: boolean;
  /** Of all of them, a whole period of each, before coupons; undefined where the interval is another. */
  readonly differenceMinor: bigint | undefined;
}

export interface MoveReport {
  readonly move: PriceMove;
  /** `mov_…` */
  readonly id: string;
  /** What they are moved to. */
  readonly target: Price;
  readonly parts: readonly MovePart[];
  readonly outcomes: Readonly<Record<'moved' | 'waiting' | 'ended' | 'kept', number>>;
}

/** Looks at a move and writes down what it would come to. Nobody is told, nothing is planned. Throws `plan_unknown`, `move_refused`. */
export async function previewMove(
  context: CardContext,
  tx: Tx,
  wanted: NewMove,
): Promise<MoveReport> {
  const { clock, ids } = context;
  const target = await targetOf(context, tx, wanted);
  const { serviceId } = target;
  const { version } = target.price;
  const preview = await countByVersion(tx, { serviceId, version });
  const parts = await partsOf(context, tx, { preview, target });
  const other = parts.find(({ price }) => price.currency !== target.price.currency);
  if (other)
    throw fail('move_refused', `Version ${other.version} is paid in ${other.price.currency}.`, {
      faults: [{ field: 'version', message: 'must be in the currency that they agreed to' }],
    });
  const id = ids.next(clock.nowMs());
  const { consent, noticeDays, text, without } = wanted;
  await insertMove(tx, {
    ...{ id, serviceId, version, text, preview, consent, noticeDays, without },
    total: preview.reduce((sum, { subscriptions }) => sum + subscriptions, 0),
    ...{ createdAt: clock.now(), createdBy: wanted.actor },
  });
  return reportMove(context, tx, { plan: wanted.plan, move: formatRowId('mov', id) });
}

async function targetOf(
  { plans }: CardContext,
  tx: Tx,
  { plan: code, version }: NewMove,
): Promise<Plan> {
  const newest = await plans.newest(code);
  if (!newest) throw fail('plan_unknown', `There is no plan ${code} that is paid by card.`);
  if (version === undefined || version === newest.price.version) return newest;
  if (version < 1 || version > newest.price.version)
    throw fail('plan_unknown', `There is no version ${version} of the plan ${code}.`);
  return (await plans.versions(tx, [{ plan: code, version }]))({ plan: code, version });
}

async function partsOf(
  { plans }: CardContext,
  executor: Executor,
  { preview, target }: { readonly preview: readonly MoveGroup[]; readonly target: Plan },
): Promise<readonly MovePart[]> {
  const plan = target.code;
  const planOf = await plans.versions(
    executor,
    preview.map(({ version }) => ({ plan, version })),
  );
  const newPrice = target.price;
  return preview.map((group) => {
    const { price } = planOf({ plan, version: group.version });
    const each = newPrice.unitPriceMinor - price.unitPriceMinor;
    const isSame =
      price.interval.unit === newPrice.interval.unit &&
      price.interval.count === newPrice.interval.count;
    return {
      ...{ ...group, price, newPrice, raises: raises(price, newPrice) },
      differenceMinor: isSame ? each * BigInt(group.quantity) : undefined,
    };
  });
}

/** Begins a move that was looked at; pressed again, nothing. Throws `move_unknown`, `move_refused`. */
export async function runMove(
  context: CardContext,
  tx: Tx,
  named: { readonly plan: string; readonly move: string; readonly actor: string },
): Promise<MoveReport> {
  const id = parseRowId('mov', named.move, 'move');
  const started = await startMove(tx, { id, by: named.actor, now: context.clock.now() });
  const report = await reportMove(context, tx, named);
  if (!started && report.move.state === 'previewed')
    throw fail('move_refused', `Another move of ${named.plan} is under way: wait for its end.`);
  return report;
}

/** Throws `move_unknown`. */
export async function reportMove(
  context: CardContext,
  executor: Executor,
  named: { readonly plan: string; readonly move: string },
): Promise<MoveReport> {
  const id = parseRowId('mov', named.move, 'move');
  const move = await findMove(executor, id);
  if (!move || move.plan !== named.plan)
    throw fail('move_unknown', `There is no move ${named.move} of the plan ${named.plan}.`);
  const name = { plan: move.plan, version: move.version };
  const target = (await context.plans.versions(executor, [name]))(name);
  const parts = await partsOf(context, executor, { preview: move.preview, target });
  const outcomes = await countOutcomes(executor, move);
  return { move, id: named.move, target: target.price, parts, outcomes };
}
