import { dayAt, momentOf } from './local-days.ts';
import type { DunningPolicy } from './policy.ts';

/** How far it has come with an unpaid bill: access is open in `grace`, closed in `hold`. */
export type LadderStatus = 'grace' | 'hold' | 'ended';

export interface LadderSteps {
  readonly lastChanceAt: Date;
  readonly holdAt: Date;
  readonly endAt: Date;
}

const MINUTE_MS = 60_000;

/** When each step is taken: at the closing of the hours of its day, counted from the first decline and from nothing else. */
export function ladderSteps(
  firstDeclinedAt: Date,
  { policy, timeZone }: { readonly policy: DunningPolicy; readonly timeZone: string },
): LadderSteps {
  const first = dayAt(firstDeclinedAt, timeZone);
  const closing = (days: number) =>
    momentOf(first + days, policy.hours.toMinute * MINUTE_MS, timeZone);
  const { endDays, holdDays, lastChanceDays } = policy.ladder;
  return {
    lastChanceAt: closing(lastChanceDays),
    holdAt: closing(holdDays),
    endAt: closing(endDays),
  };
}

/** Where the access stands at `now`, and when it changes next. Retries, budgets and cards don't move it: only payment ends it. */
export function ladderAt(
  steps: LadderSteps,
  now: Date,
): { readonly status: LadderStatus; readonly until?: Date } {
  if (now >= steps.endAt) return { status: 'ended' };
  if (now >= steps.holdAt) return { status: 'hold', until: steps.endAt };
  return { status: 'grace', until: steps.holdAt };
}
