import type { Executor, Tx } from '#database';
import { formatRowId, parseRowId } from '#ids';
import type { CardContext } from '#subscriptions/cards/card-context';
import { type MovePolicy, type Plan, raises } from '#subscriptions/cards/plans';
import { fail } from '#subscriptions/errors';
import type { Price } from '#subscriptions/pricing';
import { beginStop, listMoves } from './move-stop-store.ts';
import {
  countByVersion,
  countOutcomes,
  findMove,
  insertMove,
  lockMove,
  type MoveGroup,
  type MoveOutcome,
  type PriceMove,
  startMove,
} from './move-store.ts';

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
  readonly outcomes: Readonly<Record<MoveOutcome, number>>;
}

/** What moves work with. */
export type MoveContext = Pick<CardContext, 'clock' | 'ids' | 'plans'>;

/** Which move, and who asks. */
export interface NamedMove {
  readonly plan: string;
  /** `mov_…` */
  readonly move: string;
}

/** Looks at a move and writes down what it would come to. Nobody is told, nothing is planned. Throws `plan_unknown`, `move_refused`. */
export async function previewMove(
  context: MoveContext,
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
  { plans }: MoveContext,
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
  { plans }: MoveContext,
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
  context: MoveContext,
  tx: Tx,
  named: NamedMove & { readonly actor: string },
): Promise<MoveReport> {
  const id = parseRowId('mov', named.move, 'move');
  const started = await startMove(tx, { id, by: named.actor, now: context.clock.now() });
  const report = await reportMove(context, tx, named);
  if (!started && report.move.state === 'previewed')
    throw fail('move_refused', `Another move of ${named.plan} is under way: wait for its end.`);
  if (report.move.stoppedAt !== null)
    throw fail('move_refused', `${named.move} was stopped: look at another.`);
  return report;
}

/**
 * Stops a move; pressed again, nothing. Whoever has the new price stays there. Of those who were told and wait, a price that is higher falls
 * away, and they are told so in `text`; a lower one stays promised. `state-machine` does it, in sets. Throws `move_unknown`, and
 * `move_refused` without a text where somebody may have been told.
 */
export async function stopMove(
  context: MoveContext,
  tx: Tx,
  named: NamedMove & { readonly actor: string; readonly text?: string | undefined },
): Promise<MoveReport> {
  const { actor: by, text } = named;
  await lockMove(tx, parseRowId('mov', named.move, 'move'));
  const { move } = await reportMove(context, tx, named);
  if (move.stoppedAt === null && move.state !== 'previewed' && !text?.trim())
    throw fail('move_refused', 'Those who were told have to hear that it is off.', {
      faults: [{ field: 'text', message: 'is required: what the SMS says' }],
    });
  await beginStop(tx, { id: move.id, by, text, now: context.clock.now() });
  return reportMove(context, tx, named);
}

/** Throws `move_unknown`. */
export async function reportMove(
  context: MoveContext,
  executor: Executor,
  named: NamedMove,
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

/** Moves of plans, as those who sell them keep them. */
export interface Moves {
  /** See `previewMove`. */
  preview(tx: Tx, wanted: NewMove): Promise<MoveReport>;
  /** See `runMove`. */
  run(tx: Tx, named: NamedMove & { readonly actor: string }): Promise<MoveReport>;
  /** See `stopMove`. */
  stop(
    tx: Tx,
    named: NamedMove & { readonly actor: string; readonly text?: string | undefined },
  ): Promise<MoveReport>;
  /** Throws `move_unknown`. */
  report(executor: Executor, named: NamedMove): Promise<MoveReport>;
  /** The newest first, at most a hundred. Throws `plan_unknown`. */
  list(executor: Executor, plan: string): Promise<readonly PriceMove[]>;
}

const LISTED_MOST = 100;

export function createMoves(context: MoveContext): Moves {
  return {
    preview: (tx, wanted) => previewMove(context, tx, wanted),
    run: (tx, named) => runMove(context, tx, named),
    stop: (tx, named) => stopMove(context, tx, named),
    report: (executor, named) => reportMove(context, executor, named),
    async list(executor, plan) {
      if (!(await context.plans.newest(plan)))
        throw fail('plan_unknown', `There is no plan ${plan} that is paid by card.`);
      return listMoves(executor, { plan, most: LISTED_MOST });
    },
  };
}
