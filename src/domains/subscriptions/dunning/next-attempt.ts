import { type CardHistory, firstAllowed } from './card-limits.ts';
import { consequenceOf, type Decline, type Remedy, type StopReason } from './decline.ts';
import { ladderSteps } from './ladder.ts';
import { dayAt, dayOfMonth, momentOf, ownMoment } from './local-days.ts';
import type { DunningPolicy } from './policy.ts';

export interface DunningFacts {
  /** `sub_…`: its moment within the hours follows from it. */
  readonly subscription: string;
  readonly timeZone: string;
  /** Of this bill: the ladder is counted from it, on whichever card it was. */
  readonly firstDeclinedAt: Date;
  /** All declines of this bill, oldest first. */
  readonly declines: readonly Decline[];
  /** The card that would be charged; absent when none is left. */
  readonly card?: CardHistory | undefined;
  /** What ends it from outside. */
  readonly ended?: Extract<StopReason, 'cancelled' | 'disputed' | 'paid' | 'consent_withdrawn'>;
  /** An attempt is under way, or its outcome is not known. */
  readonly unsettled?: boolean;
}

export type NextAttempt =
  | { readonly next: 'retry'; readonly at: Date; readonly because: RetryReason }
  | { readonly next: 'ask'; readonly for: Remedy }
  | { readonly next: 'stop'; readonly why: StopReason };

export type RetryReason = 'new_card' | 'technical' | 'schedule' | 'payday' | 'before_step';

export interface DunningOptions {
  readonly policy: DunningPolicy;
  readonly now: Date;
}

const MINUTE_MS = 60_000;

/**
 * When the bill is tried again, or why it is not. Access is another matter (`ladderAt`): it goes its own way while nothing is tried.
 */
export function nextAttempt(facts: DunningFacts, options: DunningOptions): NextAttempt {
  const forbidden = verdictOn(facts);
  if (forbidden) return forbidden;
  return before(endOf(facts, options), plan(facts, options));
}

/**
 * Asked right before the call, since the card may have been tried for another bill meanwhile, or the worker may be late: `go`, or
 * when or why not. A retry whose hours have passed unused is not lost: it is made in the next ones.
 */
export function attemptNow(
  facts: DunningFacts,
  options: DunningOptions & { readonly plannedAt: Date; readonly because: RetryReason },
): { readonly next: 'go' } | NextAttempt {
  const { because, now, plannedAt, policy } = options;
  const forbidden = verdictOn(facts);
  if (forbidden) return forbidden;
  const from = plannedAt > now ? plannedAt : now;
  const earliest = earliestOf(facts, from, policy);
  const { subscription, timeZone } = facts;
  const own = { subscription, hours: policy.hours, timeZone };
  // What may be made at any hour has lost that when it has to wait.
  const anyHour = (because === 'new_card' || because === 'technical') && earliest <= from;
  const at = anyHour || isWithinHours(earliest, own) ? earliest : nextWithinHours(earliest, own);
  const planned = before(endOf(facts, options), { at, because });
  return planned.next === 'retry' && at <= now ? { next: 'go' } : planned;
}

/** A word that was final stays final for its card; a withdrawn consent is so for every card. */
function verdictOn({ card, declines, ended, unsettled }: DunningFacts): NextAttempt | undefined {
  if (ended) return { next: 'stop', why: ended };
  if (unsettled) return { next: 'stop', why: 'outcome_unknown' };
  const words = declines.map((decline) => ({ decline, word: consequenceOf(decline) }));
  const withdrawn = words.find(
    ({ word }) => word.next === 'stop' && word.why === 'consent_withdrawn',
  );
  if (withdrawn) return { next: 'stop', why: 'consent_withdrawn' };
  if (!card) return { next: 'stop', why: 'card_removed' };
  const own = words.filter(({ decline }) => decline.fingerprint === card.fingerprint);
  // A request that a person has mended is tried again, so only the last word counts of this kind.
  const last = own.at(-1)?.word;
  if (last?.next === 'stop') return last;
  const asked = own.map(({ word }) => word).filter((word) => word.next === 'ask');
  return asked.find((word) => word.for === 'new_card') ?? asked[0];
}

function endOf({ firstDeclinedAt, timeZone }: DunningFacts, { policy }: DunningOptions): Date {
  return ladderSteps(firstDeclinedAt, { policy, timeZone }).endAt;
}

function before(endAt: Date, planned: Planned | undefined): NextAttempt {
  return planned && planned.at < endAt
    ? { next: 'retry', ...planned }
    : { next: 'stop', why: 'ladder_ended' };
}

function ownDeclines({ card, declines }: DunningFacts): readonly Decline[] {
  return declines.filter(({ fingerprint }) => fingerprint === card?.fingerprint);
}

interface Planned {
  readonly at: Date;
  readonly because: RetryReason;
}

function plan(facts: DunningFacts, options: DunningOptions): Planned | undefined {
  const { now, policy } = options;
  const own = ownDeclines(facts);
  const last = own.at(-1);
  const earliest = earliestOf(facts, now, policy);
  if (!last) {
    // Another card: its holder has just been here, so nothing waits for a morning, unless it has to wait anyway.
    const { subscription, timeZone } = facts;
    const hours = { subscription, hours: policy.hours, timeZone };
    const at = earliest <= now ? now : nextWithinHours(earliest, hours);
    return { at, because: 'new_card' };
  }
  const technical = own.filter((decline) => decline.class === 'technical').length;
  if (last.class === 'technical' && technical <= policy.technicalRetry.most) {
    const soon = new Date(last.at.getTime() + policy.technicalRetry.afterMinutes * MINUTE_MS);
    const at = soon > now ? soon : now;
    if (earliest <= at) return { at, because: 'technical' };
  }
  return planByDays(facts, last, earliest, options);
}

function planByDays(
  facts: DunningFacts,
  last: Decline,
  earliest: Date,
  { now, policy }: DunningOptions,
): Planned | undefined {
  const { subscription, timeZone } = facts;
  const first = dayAt(facts.firstDeclinedAt, timeZone);
  const { endDays, holdDays } = policy.ladder;
  const beforeSteps = [holdDays - 1, endDays - 1].map((days) => first + days);
  const days = new Set([...policy.retryDays.map((days) => first + days), ...beforeSteps]);
  const own = { subscription, hours: policy.hours, timeZone };
  const after = last.at > now ? last.at : now;
  const day = [...days]
    .toSorted((one, other) => one - other)
    .find((one) => ownMoment(one, own) > after);
  if (day === undefined) return undefined;
  const isBeforeStep = beforeSteps.includes(day);
  const nextStep = beforeSteps.find((one) => one >= day) ?? day;
  const paid = last.class === 'funds' ? paydayFrom(day, nextStep, policy) : day;
  const planned = ownMoment(paid, own);
  const at = planned >= earliest ? planned : nextWithinHours(earliest, own);
  if (paid !== day) return { at, because: 'payday' };
  return { at, because: isBeforeStep ? 'before_step' : 'schedule' };
}

/** The day itself, or a payday soon after it that does not miss the retry before the next step. */
function paydayFrom(day: number, latest: number, { paydays }: DunningPolicy): number {
  for (let one = day; one <= Math.min(latest, day + paydays.reachDays); one += 1) {
    if (paydays.daysOfMonth.includes(dayOfMonth(one))) return one;
  }
  return day;
}

/** Never before the gateway's word, the card's rest and its network's budgets; this bill's declines count in any case. */
function earliestOf(facts: DunningFacts, from: Date, policy: DunningPolicy): Date {
  const { card } = facts;
  if (!card) return from;
  const own = ownDeclines(facts);
  const told = own.map(({ retryAfter }) => retryAfter?.getTime() ?? Number.NEGATIVE_INFINITY);
  // Two declines at one instant are two; a decline that the history has already is one.
  const known = new Set(card.declinedAt.map(Number));
  const missing = own.map(({ at }) => at).filter((at) => !known.has(at.getTime()));
  const declinedAt = [...card.declinedAt, ...missing];
  return firstAllowed({ ...card, declinedAt }, new Date(Math.max(from.getTime(), ...told)), policy);
}

type Own = Parameters<typeof ownMoment>[1];

/** From `earliest` on: that day's rest of the hours, else the own moment of the next day. */
function nextWithinHours(earliest: Date, own: Own): Date {
  const day = dayAt(earliest, own.timeZone);
  const mine = ownMoment(day, own);
  if (mine >= earliest) return mine;
  const closes = momentOf(day, own.hours.toMinute * MINUTE_MS, own.timeZone);
  return earliest < closes ? earliest : ownMoment(day + 1, own);
}

function isWithinHours(now: Date, { hours, timeZone }: Own): boolean {
  const day = dayAt(now, timeZone);
  const opens = momentOf(day, hours.fromMinute * MINUTE_MS, timeZone);
  return now >= opens && now < momentOf(day, hours.toMinute * MINUTE_MS, timeZone);
}
