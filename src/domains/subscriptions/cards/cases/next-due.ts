import { type CardCase, openBillOf } from '#subscriptions/cards/card-case';
import { type Plan, pricedAhead } from '#subscriptions/cards/plans';
import {
  ladderAt,
  ladderMessages,
  ladderSteps,
  noticeOfCharge,
  periodDaysOf,
} from '#subscriptions/dunning';
import { type Quote, quote } from '#subscriptions/pricing';
import { FIRST_PAYMENT_HOURS, isAlive } from '#subscriptions/subscription';

/** Pure decisions about what a card subscription waits for. Nothing here reads a clock or a database. */

export type DueAction =
  | { readonly do: 'wait' }
  /** The first payment stayed incomplete. */
  | { readonly do: 'give_up' }
  | { readonly do: 'resume' }
  /** Its last period is over, and it was to end with it. */
  | { readonly do: 'end' }
  | { readonly do: 'announce'; readonly chargeAt: Date; readonly dueMinor: bigint }
  | { readonly do: 'renew' }
  | { readonly do: 'attempt' }
  /** A step of the ladder of access, whatever the retries do: `step` of them are due now. */
  | { readonly do: 'climb'; readonly steps: number };

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export function dueAction(one: CardCase, plan: Plan, now: Date): DueAction {
  const at = moments(one, plan);
  if (!isAlive(one.status) || one.attention !== null) return { do: 'wait' };
  if (one.status === 'pending') return is(at.giveUp, now) ? { do: 'give_up' } : { do: 'wait' };
  if (one.status === 'paused') return is(at.resume, now) ? { do: 'resume' } : { do: 'wait' };
  if (openBillOf(one)) {
    const steps = ladderOf(one, plan).filter((step) => step <= now).length;
    if (steps > (one.bill?.toldSteps ?? 0)) return { do: 'climb', steps };
    return is(at.attempt, now) ? { do: 'attempt' } : { do: 'wait' };
  }
  if (is(at.end, now)) return { do: 'end' };
  if (is(at.renew, now)) return { do: 'renew' };
  const notice = noticeOf(one, plan);
  if (notice && notice.at <= now) return { do: 'announce', ...notice };
  return { do: 'wait' };
}

/** When something has to be done next; null while only others can do something, and after the end. */
export function nextDueAt(one: CardCase, plan: Plan): Date | null {
  if (!isAlive(one.status) || one.attention !== null) return null;
  const at = moments(one, plan);
  if (one.status === 'pending') return at.giveUp;
  if (one.status === 'paused') return at.resume;
  const { bill } = one;
  if (bill?.state === 'open') {
    return earliest([at.attempt, ladderOf(one, plan)[bill.toldSteps] ?? null]);
  }
  return earliest([at.end, at.renew, noticeOf(one, plan)?.at ?? null]);
}

function moments(one: CardCase, plan: Plan) {
  const { priced } = one;
  const { endsAt } = priced.period;
  return {
    giveUp: new Date(one.createdAt.getTime() + FIRST_PAYMENT_HOURS * HOUR_MS),
    resume: one.pausedUntil,
    attempt: one.bill?.isUnderWay ? null : (one.bill?.nextAttemptAt ?? null),
    end: priced.endsWithPeriod ? endsAt : null,
    renew: priced.endsWithPeriod ? null : chargeAtOf(one, plan),
  };
}

/** When the next period's money is asked for. */
export function chargeAtOf({ priced }: CardCase, plan: Plan): Date {
  return new Date(priced.period.endsAt.getTime() - plan.leadMinutes * MINUTE_MS);
}

/** Where access changes and last words are said, in order: they go on while nothing is tried. */
function ladderOf({ bill }: CardCase, plan: Plan): readonly Date[] {
  if (!bill?.firstDeclinedAt) return [];
  const about = { policy: plan.dunning, timeZone: plan.timeZone };
  const steps = ladderSteps(bill.firstDeclinedAt, about);
  return ladderMessages(steps, about).map(({ at }) => at);
}

/** The announcement of the next charge, as long as it was not made. */
function noticeOf(one: CardCase, plan: Plan) {
  const { noticedPeriod, priced } = one;
  if (priced.endsWithPeriod || priced.phase === 'paused') return undefined;
  const covers = priced.period.number + 1;
  if (noticedPeriod !== null && noticedPeriod >= covers) return undefined;
  const next = renewalOf(one, plan, priced.period.endsAt);
  if (!next?.after) return undefined;
  const chargeAt = chargeAtOf(one, plan);
  const charge = {
    ...{ at: chargeAt, dueMinor: next.dueMinor },
    periodDays: periodDaysOf(next.after.period),
  };
  const planned = noticeOfCharge(charge, { policy: plan.dunning, timeZone: plan.timeZone });
  // Where it would come with the charge itself or after it, there is nothing left to announce.
  if (!planned || planned.at >= chargeAt) return undefined;
  return { at: planned.at, chargeAt, dueMinor: next.dueMinor };
}

/** The next period as it would be billed; undefined where there is none. */
export function renewalOf(
  one: Pick<CardCase, 'move' | 'priced'>,
  plan: Plan,
  at: Date,
): Quote | undefined {
  const request = { kind: 'renewal', subscription: pricedAhead(one) } as const;
  const result = quote({ request, at, precision: plan.precision });
  return result.outcome === 'quoted' ? result.quote : undefined;
}

export function ladderStatusOf(one: CardCase, plan: Plan, now: Date) {
  const since = one.bill?.firstDeclinedAt;
  if (!since) return undefined;
  const about = { policy: plan.dunning, timeZone: plan.timeZone };
  const steps = ladderSteps(since, about);
  return { ...ladderAt(steps, now), messages: ladderMessages(steps, about) };
}

function is(at: Date | null, now: Date): boolean {
  return at !== null && at <= now;
}

function earliest(moments: readonly (Date | null)[]): Date | null {
  const known = moments.filter((at) => at !== null);
  return known.length === 0 ? null : new Date(Math.min(...known.map(Number)));
}
