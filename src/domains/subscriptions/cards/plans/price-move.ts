import type { CardCase, PlannedMove } from '#subscriptions/cards/card-case';
import { type Price, type PricedSubscription, periodAt } from '#subscriptions/pricing';
import type { Plan } from './plan.ts';

// Pure rules of moving people to a newer version of what they agreed to. A version never reaches anybody by itself.

/** How a version is brought to those who have an older one. */
export interface MovePolicy {
  /** Days between the word and the first period that costs more. */
  readonly noticeDays: number;
  /** `required`: nobody is moved without a new yes. */
  readonly consent: PlannedMove['consent'];
  /** Of who gives none: he stays on his old price, or it ends with the period before. */
  readonly without: PlannedMove['without'];
}

export type Moved = Pick<CardCase, 'move' | 'priced'>;

/**
 * What a planned move does to the next period. `none`: nothing yet, or nothing any more. `keep` and `end`: its time has come, and the
 * yes that it needs was not given. Period 0 keeps the price that its trial was promised with.
 */
export function moveAhead({ move, priced }: Moved): 'none' | 'move' | 'keep' | 'end' {
  const { endsWithPeriod, period } = priced;
  if (!move || endsWithPeriod || !isOlder(priced, move.price)) return 'none';
  if (period.number + 1 < 1 || period.endsAt < move.from) return 'none';
  return move.consent === 'required' && !move.agreed ? move.without : 'move';
}

/** As the next renewal is to read it: the quantity is the customer's choice, the version is the move's. */
export function pricedAhead(one: Moved): PricedSubscription {
  const { move, priced } = one;
  const ahead = moveAhead(one);
  if (ahead === 'end') return { ...priced, endsWithPeriod: true };
  if (!move || ahead !== 'move') return priced;
  const { quantity } = priced.scheduled ?? priced.selection;
  return { ...priced, scheduled: { price: move.price, quantity } };
}

/** The move as it is still to come: whoever has left the plan, or has the version or a newer one, has none. */
export function moveLeft({ move, priced }: Moved): PlannedMove | null {
  const { selection } = priced;
  return move && isOlderThan(selection.price, move.price) ? move : null;
}

/** What he pays for now, and what he has chosen for later, are older versions of the same plan. */
function isOlder({ scheduled, selection }: PricedSubscription, price: Price): boolean {
  return isOlderThan(selection.price, price) && (!scheduled || isOlderThan(scheduled.price, price));
}

function isOlderThan(one: Price, other: Price): boolean {
  return one.plan === other.plan && one.version < other.version;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export type MovePlan =
  /** Who is left out, and why. */
  | {
      readonly plan: 'skip';
      readonly why: 'ending' | 'first_payment' | 'changes_plan' | 'moves_already' | 'newer';
    }
  | { readonly plan: 'move'; readonly move: PlannedMove };

/** Plans a move for one subscription, told now. */
export function planMove(
  one: CardCase,
  about: {
    readonly id: string;
    readonly plan: Plan;
    readonly price: Price;
    readonly policy: MovePolicy;
    readonly now: Date;
  },
): MovePlan {
  const { id, plan, policy, price } = about;
  const { endsWithPeriod, scheduled, selection } = one.priced;
  if (!isOlderThan(selection.price, price)) return { plan: 'skip', why: 'newer' };
  if (one.status === 'pending') return { plan: 'skip', why: 'first_payment' };
  if (endsWithPeriod) return { plan: 'skip', why: 'ending' };
  if (scheduled && !isOlderThan(scheduled.price, price))
    return { plan: 'skip', why: 'changes_plan' };
  const { consent, without } = policy;
  const isTold = raises(selection.price, price) || consent === 'required';
  // What he was told of before is his already, were it only a lower price: nothing takes its place that is not lower still.
  if (one.move && (isTold || raises(one.move.price, price)))
    return { plan: 'skip', why: 'moves_already' };
  const from = isTold ? earliestFrom(one, { ...about, plan, policy }) : about.now;
  return { plan: 'move', move: { id, price, from, consent, without, agreed: false } };
}

/** Another interval is told as a higher price is: what it comes to depends on how long one stays. */
export function raises(before: Price, after: Price): boolean {
  return !isSameInterval(before, after) || after.unitPriceMinor > before.unitPriceMinor;
}

function isSameInterval(before: Price, after: Price): boolean {
  const { count, unit } = after.interval;
  return before.interval.unit === unit && before.interval.count === count;
}

/**
 * Whether stopping the move `id` takes it away from this one, who has not got it yet. A lower price that was told is promised, and so is
 * another interval to which he has said yes; all else falls away in his favour. A bill that is written at the new price stays as it was told.
 */
export function isCalledOff({ bill, move, priced }: CardCase, id: string): boolean {
  if (move?.id !== id) return false;
  const { price } = priced.selection;
  if (!raises(price, move.price)) return false;
  if (move.agreed && !isSameInterval(price, move.price)) return false;
  const billed = bill?.state === 'open' ? bill.after.selection.price : undefined;
  const isBilled = billed?.plan === move.price.plan && billed.version >= move.price.version;
  return !isBilled;
}

/** So many days before its money is asked for. A period whose charge was announced already costs what was said. */
function earliestFrom(
  one: CardCase,
  { now, plan, policy }: { readonly now: Date; readonly plan: Plan; readonly policy: MovePolicy },
): Date {
  const from = now.getTime() + policy.noticeDays * DAY_MS + plan.leadMinutes * MINUTE_MS;
  return new Date(Math.max(from, afterAnnounced(one)));
}

/** The first moment after the beginning of what was announced; 0 where nothing is. */
function afterAnnounced({ noticedPeriod, priced: { period } }: CardCase): number {
  return noticedPeriod !== null && noticedPeriod > period.number ? period.endsAt.getTime() + 1 : 0;
}

/** A yes that comes after the next charge was announced holds from the period after it. */
export function agreedMove(one: CardCase, move: PlannedMove): PlannedMove {
  const from = Math.max(move.from.getTime(), afterAnnounced(one));
  return { ...move, agreed: true, from: new Date(from) };
}

/** After a period of a hundred years nobody asks any more. */
const PERIODS_MOST = 36_600;

/** When the first period begins that is charged so. */
export function effectiveAt({ anchor, period }: PricedSubscription, from: Date): Date {
  if (period.endsAt >= from && period.number + 1 >= 1) return period.endsAt;
  for (let number = period.number + 1; number < period.number + PERIODS_MOST; number += 1) {
    const { end } = periodAt(anchor, number);
    if (end >= from) return end;
  }
  return from;
}
